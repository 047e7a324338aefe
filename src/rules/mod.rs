//! [`Session`](crate::dialog::session::Session) → [`Finding`]s: what a peer did wrong, and whose
//! fault it is.
//!
//! A rule is one file with one value: id, category, severity, party, needs, RFC section, an
//! explanation, how to mend it, a dialog that fires it and one that does not. It picks the
//! narrowest of the hooks of [`Check`], and the rarest [`Fact`] without which it finds nothing.
//! To add one: write its file in the folder of its category, and name it there in `mod.rs`.

// Hooks of one kind have one shape, whatever a rule needs of it.
#![allow(clippy::unnecessary_wraps)]

mod across;
mod auth;
mod bdat;
mod case;
mod choice;
mod clean;
mod command;
mod data;
mod digest;
mod during;
mod extension;
mod fact;
mod facts;
mod finding;
mod fingerprint;
mod input;
mod judge;
mod lenient;
mod limit;
mod line_ending;
mod middlebox;
mod need;
mod offers;
mod pattern;
mod pipelining;
mod plan;
mod prelude;
mod recording;
mod remains;
mod reply;
mod sequence;
mod set;
mod standing;
mod status;
mod stray;
mod timing;
mod tls;
mod transport;
mod unjudged;
mod wire;

use crate::dialog::session::{Message, Request};
use std::sync::LazyLock;

pub use across::Across;
pub use case::{Answer, Case, Flawed, Of, Offered, Step, shown};
pub use choice::{Baseline, Choice, Host, Waiver};
pub use during::{During, Phase};
pub use fact::Fact;
pub use finding::{Confidence, Finding, Hit, NotJudged, On, Unjudged};
pub use fingerprint::Fingerprint;
pub use judge::{run, run_in};
pub use need::Need;
pub use pattern::{NoRule, glob, named, near};
pub use recording::{Recording, count, input, one_sided};
pub use set::Set;

/// The rules of each category, in order.
const CATEGORIES: &[&[&Rule]] = &[
    auth::RULES,
    bdat::RULES,
    command::RULES,
    data::RULES,
    extension::RULES,
    input::RULES,
    limit::RULES,
    line_ending::RULES,
    middlebox::RULES,
    pipelining::RULES,
    reply::RULES,
    sequence::RULES,
    status::RULES,
    timing::RULES,
    tls::RULES,
    transport::RULES,
];

/// All rules.
static ALL: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| CATEGORIES.concat());

/// All rules, by category and id.
#[must_use]
pub fn all() -> &'static [&'static Rule] {
    &ALL
}

/// One rule of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name, which says the bad thing. Final.
    pub id: &'static str,
    /// What it is about.
    pub category: Category,
    /// How bad it is.
    pub severity: Severity,
    /// Whose fault it is.
    pub party: Party,
    /// What it needs to be judged.
    pub needs: &'static [Need],
    /// The sections that it rests on.
    pub rfc: Option<&'static str>,
    /// One line: what happens.
    pub title: &'static str,
    /// One line for the person who must mend it: what to do.
    pub help: &'static str,
    /// For the same person: why it matters, and what else is good to know.
    pub explanation: &'static str,
    /// A dialog in the `c>`/`s<` form that fires it.
    pub bad: &'static str,
    /// A dialog close to it that does not.
    pub good: &'static str,
    /// How it is found.
    pub check: Check,
}

/// How a rule is found: the narrowest that will do.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// The grammar has found a [`Defect`](crate::smtp::defect::Defect) whose rule this is; says
    /// what to say of it, [`plain`] if nothing special.
    Grammar(fn(&Flawed<'_, '_>) -> Option<Hit>),
    /// One exchange with one of these requests, in a session with this fact.
    Step(&'static [Request], Fact, fn(&Step<'_>) -> Option<Hit>),
    /// One reply of a session with this fact.
    Reply(Fact, fn(&Answer<'_>) -> Option<Hit>),
    /// One mail transaction of a session with this fact.
    Mail(Fact, fn(Case<'_>, &Message) -> Option<Hit>),
    /// The whole session, if it has this fact.
    Session(Fact, fn(Case<'_>) -> Vec<Hit>),
    /// A whole input, once it is read.
    Input(fn(&Recording<'_>) -> Option<Hit>),
}

/// What the grammar says: what was seen, and what belongs there.
#[must_use]
pub fn plain(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let flaw = flawed.flaw;
    let expected = flaw.expected;
    Some(Hit::new(if flaw.range.is_empty() {
        format!("{expected} is missing in {}", shown(flawed.line))
    } else {
        format!("{} where {expected} belongs", flawed.seen())
    }))
}

/// Writes an enum of words that reports name.
macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $each:literal])* $variant:ident $word:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[doc = $each])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in reports.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

words! {
    /// What is about to be judged.
    Category {
        /// Authentication.
        Auth "auth",
        /// Mail data sent in chunks.
        Bdat "bdat",
        /// Command lines.
        Command "command",
        /// Mail data.
        Data "data",
        /// Service extensions.
        Extension "extension",
        /// The recording.
        Input "input",
        /// Limits that servers must not set too low.
        Limit "limit",
        /// Line ends.
        LineEnding "line-ending",
        /// What something between the two has done.
        Middlebox "middlebox",
        /// Commands sent before the replies to those before them.
        Pipelining "pipelining",
        /// Replies.
        Reply "reply",
        /// Order of commands and replies.
        Sequence "sequence",
        /// Enhanced status codes, and codes that do not fit.
        Status "status",
        /// Time.
        Timing "timing",
        /// STARTTLS and TLS.
        Tls "tls",
        /// TCP and IP.
        Transport "transport",
    }
}

words! {
    /// How bad a finding is, the worst first.
    Severity {
        /// A MUST or the ABNF is broken, or mail can be lost, duplicated or forged.
        Error "error",
        /// A SHOULD is broken, or it is legal but a known cause of incidents.
        Warning "warning",
        /// Worth a line in a report.
        Note "note",
    }
}

words! {
    /// Whose fault a finding is.
    Party {
        /// The side that sends commands.
        Client "client",
        /// The side that sends replies.
        Server "server",
        /// Something between them.
        Middlebox "middlebox",
        /// The path.
        Network "network",
        /// The recording.
        Capture "capture",
    }
}
