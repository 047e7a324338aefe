//! What a run has come to, as a number: the exit status.

use super::summary::Severities;
use crate::rules::Severity;

/// Exit status where an input could not be read.
pub const TROUBLE: u8 = 2;

/// Exit status after Ctrl-C: 128 and the number of the signal.
pub const INTERRUPTED: u8 = 130;

/// Exit status where `--check` has found something.
pub const FOUND: u8 = 1;

/// Which findings fail a run that checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Threshold {
    /// Errors.
    #[default]
    Error,
    /// Errors and warnings.
    Warning,
    /// All.
    Note,
    /// None.
    Never,
}

/// What `--check` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lint {
    /// Only findings are wanted, and the exit status tells of them.
    pub check: bool,
    /// Which findings fail the run.
    pub fail_on: Threshold,
    /// Colours, where the form has some.
    pub color: bool,
}

impl Threshold {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Never => "never",
        }
    }

    /// Whether a finding of this severity fails the run.
    #[must_use]
    pub fn is_reached(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity == Severity::Error,
            Self::Warning => severity <= Severity::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }
}

impl Lint {
    /// The exit status of a run that has found so much, where `failed` says that an input could
    /// not be read to its end, and `partial` that the user ended the run.
    #[must_use]
    pub fn status(self, found: Severities, failed: bool, partial: bool) -> u8 {
        let counts = [
            (found.error, Severity::Error),
            (found.warning, Severity::Warning),
            (found.note, Severity::Note),
        ];
        let is_found = counts
            .into_iter()
            .any(|(times, severity)| times > 0 && self.fail_on.is_reached(severity));
        if partial {
            INTERRUPTED
        } else if failed {
            TROUBLE
        } else if self.check && is_found {
            FOUND
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides() {
        let found = Severities { error: 0, warning: 1, note: 5 };
        let status =
            |fail_on, check| Lint { check, fail_on, color: false }.status(found, false, false);
        assert_eq!(status(Threshold::Error, true), 0);
        assert_eq!(status(Threshold::Warning, true), 1);
        assert_eq!(status(Threshold::Warning, false), 0);
        assert_eq!(status(Threshold::Note, true), 1);
        assert_eq!(status(Threshold::Never, true), 0);
        let lint = Lint { check: true, ..Lint::default() };
        let errors = Severities { error: 1, ..found };
        assert_eq!(lint.status(errors, false, false), 1);
        assert_eq!(lint.status(errors, true, false), 2);
        assert_eq!(lint.status(errors, true, true), 130);
    }
}
