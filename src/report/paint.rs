//! Colours of a terminal.

use crate::rules::Severity;

/// What a text is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// As bad as that.
    Severity(Severity),
    /// What was seen.
    Bold,
    /// What only holds the form together.
    Frame,
}

/// Whether and how to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    /// Appends `text` in `ink`.
    pub(super) fn put(self, out: &mut String, ink: Ink, text: &str) {
        if !self.0 {
            out.push_str(text);
            return;
        }
        // Bold, and the colours that compilers use.
        out.push_str(match ink {
            Ink::Severity(Severity::Error) => "\x1b[1;31m",
            Ink::Severity(Severity::Warning) => "\x1b[1;33m",
            Ink::Severity(Severity::Note) => "\x1b[1;36m",
            Ink::Bold => "\x1b[1m",
            Ink::Frame => "\x1b[1;34m",
        });
        out.push_str(text);
        out.push_str("\x1b[0m");
    }
}
