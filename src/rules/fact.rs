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

/// Who asks for which fact.
struct Asked {
    /// The rules that ask for each.
    rules: [Vec<&'static Rule>; FACTS],
    /// Those for which there are some, a bit for each.
    facts: u64,
}

/// Who asks for which fact.
static ASKED: LazyLock<Asked> = LazyLock::new(|| {
    let mut rules = [const { Vec::new() }; FACTS];
    let mut asked = 0;
    for &rule in ALL {
        let facts: Vec<usize> = match rule.check {
            Check::Defect(_) => Vec::new(),
            Check::Step(requests, _) => requests.iter().map(|request| request.kind()).collect(),
            Check::Mail(fact, _) | Check::Session(fact, _) => vec![fact.number()],
        };
        for fact in facts {
            asked |= 1 << fact;
            if let Some(rules) = rules.get_mut(fact) {
                rules.push(rule);
            }
        }
    }
    Asked { rules, facts: asked }
});

/// The facts of a session for which rules ask, one after the other.
pub(super) struct Facts {
    asked: &'static Asked,
    /// A bit for each.
    left: u64,
}

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
        let asked = &*ASKED;
        Self { asked, left: facts & asked.facts }
    }
}

impl Iterator for Facts {
    /// A fact's number, and who asks for it.
    type Item = (usize, &'static [&'static Rule]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let fact = self.left.trailing_zeros() as usize;
        // The lowest bit.
        self.left &= self.left - 1;
        Some((fact, self.asked.rules.get(fact).map(Vec::as_slice).unwrap_or_default()))
    }
}

/// There are bits enough.
const _: () = assert!(FACTS <= 64);
