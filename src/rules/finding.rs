//! What a rule found, and what it could not judge.

use super::case::{Answer, Of};
use super::{Party, Rule};
use crate::chunk::Side;
use crate::dialog::session::Mark;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A rule that was broken, and where.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How sure it is.
    pub confidence: Confidence,
    /// Whose fault it is.
    pub party: Party,
    /// What was seen, what the RFC asks, and what follows from it.
    pub message: String,
    /// The packet or line.
    pub mark: Mark,
    /// Index of the exchange, if it is about one.
    pub exchange: Option<u32>,
    /// It is about the reply of that exchange, not about its command.
    pub is_reply: bool,
    /// Its place among what has the same mark.
    pub order: u64,
    /// The line it is about.
    pub evidence: Vec<u8>,
    /// Which bytes of the evidence, from 0; empty where something is missing.
    pub range: Option<Range<usize>>,
    /// What belongs there, in few words; empty if that cannot be said.
    pub expected: &'static str,
    /// The line does not match the ABNF of its command or reply.
    pub violates_abnf: bool,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// More than one thing is missing.
    Possible,
    /// Something before is missing or inferred.
    Likely,
    /// Nothing else explains the bytes.
    #[default]
    Certain,
}

/// What could not be judged on a session; of most, nothing. Where it is much, many have the same.
#[derive(Clone, Debug, Default)]
pub struct Unjudged(pub(super) Option<Arc<[NotJudged]>>);

impl Deref for Unjudged {
    type Target = [NotJudged];

    fn deref(&self) -> &[NotJudged] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// A rule that could not be judged on a session.
#[derive(Clone, Copy, Debug)]
pub struct NotJudged {
    /// The rule's id.
    pub rule: &'static str,
    /// Why.
    pub why: &'static str,
}

/// What a check has found.
#[derive(Clone, Debug, Default)]
pub struct Hit {
    /// What was seen, what the RFC asks, and what follows from it.
    pub message: String,
    /// What it is about.
    pub on: On,
    /// Which bytes of the evidence it is about, from 0.
    pub range: Option<Range<usize>>,
    /// How sure it is, if the input is whole.
    pub confidence: Confidence,
    /// Whose fault it is, if not that of all that its rule finds.
    pub party: Option<Party>,
    /// Of all such of one rule in a session, the first stands for all.
    pub once: bool,
}

/// What a [`Hit`] is about: its evidence, time and place are those of that line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum On {
    /// What the hook was asked about: the command of a step, the MAIL of a message, the first line
    /// of a reply, or the session as a whole.
    #[default]
    Here,
    /// The command of the exchange with this index.
    Command(u32),
    /// A line of a reply, from 0.
    Reply(Of, usize),
    /// A moment that has no line of its own.
    Moment(Mark),
}

impl Hit {
    /// About what the hook was asked about.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// About something else.
    #[must_use]
    pub fn on(self, on: On) -> Self {
        Self { on, ..self }
    }

    /// About the first line of `answer`.
    #[must_use]
    pub fn on_answer(self, answer: &Answer<'_>) -> Self {
        self.on(On::Reply(answer.of, 0))
    }

    /// About these bytes of the line.
    #[must_use]
    pub fn at(self, range: Range<usize>) -> Self {
        Self { range: Some(range), ..self }
    }

    /// The first of its rule in a session stands for all such: its message says how many more.
    #[must_use]
    pub fn once(self) -> Self {
        Self { once: true, ..self }
    }

    /// The fault of `side`, whoever else may be found at fault by the rule.
    #[must_use]
    pub fn by(self, side: Side) -> Self {
        let party = match side {
            Side::Client => Party::Client,
            Side::Server => Party::Server,
        };
        Self { party: Some(party), ..self }
    }

    /// Less sure, even if the input is whole.
    #[must_use]
    pub fn sure(self, confidence: Confidence) -> Self {
        Self { confidence, ..self }
    }
}

impl Confidence {
    /// All of them, the least sure first.
    pub const ALL: [Self; 3] = [Self::Possible, Self::Likely, Self::Certain];

    /// One step less.
    #[must_use]
    pub fn lower(self) -> Self {
        match self {
            Self::Certain => Self::Likely,
            Self::Likely | Self::Possible => Self::Possible,
        }
    }

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}
