//! What a session has, as far as it says which rules need not be asked.

use super::{ALL, Check, Rule};
use crate::dialog::session::{Request, Session};
use std::sync::LazyLock;

/// Something that sessions have or have not. A rule names the rarest one without which it finds
/// nothing; sessions without it then cost it nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// It is a session.
    Any,
    /// No handshake was seen.
    Midstream,
    /// The client declared the size of a message.
    SizeDeclared,
}

/// Facts, the kinds of requests among them.
const FACTS: usize = Request::KINDS + Fact::ALL.len();

/// The rules that ask for each fact.
static RULES: LazyLock<[Vec<&'static Rule>; FACTS]> = LazyLock::new(|| {
    let mut rules = [const { Vec::new() }; FACTS];
    for &rule in ALL {
        let facts: Vec<usize> = match rule.check {
            Check::Defect(_) => Vec::new(),
            Check::Step(requests, _) => requests.iter().map(|request| request.kind()).collect(),
            Check::Mail(fact, _) | Check::Session(fact, _) => vec![fact.number()],
        };
        for fact in facts {
            if let Some(rules) = rules.get_mut(fact) {
                rules.push(rule);
            }
        }
    }
    rules
});

/// The facts of a session, one after the other: a bit for each.
pub(super) struct Facts(u64);

impl Fact {
    /// All of them, in order.
    const ALL: [Self; 3] = [Self::Any, Self::Midstream, Self::SizeDeclared];

    /// Its number among the facts; those of requests are their kinds.
    const fn number(self) -> usize {
        Request::KINDS + self as usize
    }

    /// Whether `session` has it.
    fn is_in(self, session: &Session) -> bool {
        match self {
            Self::Any => true,
            Self::Midstream => session.transport.as_ref().is_some_and(|one| one.midstream),
            Self::SizeDeclared => session.messages.iter().any(|one| one.declared_size.is_some()),
        }
    }
}

impl Facts {
    /// Those of `session`.
    pub(super) fn of(session: &Session) -> Self {
        let mut facts = 0;
        for exchange in &session.exchanges {
            facts |= 1_u64 << exchange.request.kind();
        }
        for fact in Fact::ALL {
            facts |= u64::from(fact.is_in(session)) << fact.number();
        }
        Self(facts)
    }
}

impl Iterator for Facts {
    /// A fact's number, and who asks for it.
    type Item = (usize, &'static [&'static Rule]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0 == 0 {
            return None;
        }
        let fact = self.0.trailing_zeros() as usize;
        // The lowest bit.
        self.0 &= self.0 - 1;
        Some((fact, RULES.get(fact).map(Vec::as_slice).unwrap_or_default()))
    }
}

/// There are bits enough.
const _: () = assert!(FACTS <= 64);
