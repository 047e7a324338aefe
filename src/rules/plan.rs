//! Who is asked about a session: by its facts, of which most sessions have the same few.

use super::facts::Facts;
use super::need::Need;
use super::set::Set;
use super::{Check, Rule, all};
use crate::dialog::session::Request;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::LazyLock;

/// Plans that are remembered: the last one at each place.
const KEPT: usize = 2048;

/// The place of replies among the parts of a plan, behind those of steps.
const REPLIES: usize = Request::KINDS;

/// The place of messages and sessions.
const OTHERS: usize = REPLIES + 1;

/// Parts of a plan.
const PARTS: usize = OTHERS + 1;

const _: () = assert!(PARTS <= 64, "each has a bit");

/// The rules that are asked about a session.
#[derive(Debug)]
pub(super) struct Plan {
    /// What it was made of.
    chosen: Set,
    unmet: u16,
    facts: Facts,
    /// The rules that can be judged.
    pub(super) judged: Set,
    /// Those of them that may find something: of steps by the kind of request, of replies, of
    /// messages and sessions.
    rules: Vec<&'static Rule>,
    /// Where each of these parts ends.
    ends: [usize; PARTS],
    /// The parts that have rules, a bit for each.
    met: u64,
}

/// Who asks for what.
struct Asked {
    parts: [Set; PARTS],
    /// Those that ask for each fact.
    facts: [Set; 64],
    /// Those of sessions that have each need.
    needs: [Set; Need::ALL.len()],
}

static ASKED: LazyLock<Asked> = LazyLock::new(|| {
    let mut asked = Asked {
        parts: [Set::default(); PARTS],
        facts: [Set::default(); 64],
        needs: [Set::default(); Need::ALL.len()],
    };
    for (place, rule) in all().iter().enumerate() {
        let (parts, fact): (Vec<usize>, _) = match rule.check {
            // They are not asked about sessions.
            Check::Input(_) => continue,
            // These are found by what is wrong.
            Check::Grammar(_) => (Vec::new(), None),
            Check::Step(requests, fact, _) => {
                (requests.iter().map(|request| request.kind()).collect(), Some(fact))
            }
            Check::Reply(fact, _) => (vec![REPLIES], Some(fact)),
            Check::Mail(fact, _) | Check::Session(fact, _) => (vec![OTHERS], Some(fact)),
        };
        for part in parts {
            if let Some(rules) = asked.parts.get_mut(part) {
                rules.add(place);
            }
        }
        if let Some(rules) = fact.and_then(|fact| asked.facts.get_mut(fact as usize)) {
            rules.add(place);
        }
        for need in rule.needs {
            if let Some(rules) = asked.needs.get_mut(*need as usize) {
                rules.add(place);
            }
        }
    }
    asked
});

thread_local! {
    static KNOWN: RefCell<Vec<Option<Rc<Plan>>>> = RefCell::new(vec![const { None }; KEPT]);
}

impl Plan {
    /// That of a session with these `facts`, which leaves the needs in `unmet` unmet, a bit for
    /// each, where the rules in `chosen` are wanted.
    pub(super) fn of(chosen: &Set, unmet: u16, facts: Facts) -> Rc<Self> {
        let place = facts.number() % KEPT;
        KNOWN.with_borrow_mut(|known| {
            let Some(slot) = known.get_mut(place) else {
                return Rc::new(Self::new(chosen, unmet, facts));
            };
            match slot {
                Some(plan)
                    if plan.facts == facts && plan.unmet == unmet && plan.chosen == *chosen =>
                {
                    Rc::clone(plan)
                }
                _ => {
                    let plan = Rc::new(Self::new(chosen, unmet, facts));
                    *slot = Some(Rc::clone(&plan));
                    plan
                }
            }
        })
    }

    #[cold]
    fn new(chosen: &Set, unmet: u16, facts: Facts) -> Self {
        let asked = &*ASKED;
        let mut judged = *chosen;
        for (bit, rules) in asked.needs.iter().enumerate() {
            if unmet >> bit & 1 == 1 {
                judged = judged.without(rules);
            }
        }
        let mut may_find = Set::default();
        for fact in facts.places() {
            if let Some(rules) = asked.facts.get(fact) {
                may_find.add_all(rules);
            }
        }
        let may_find = may_find.and(&judged);
        let (all, mut rules) = (all(), Vec::with_capacity(32));
        let mut ends = [0; PARTS];
        let (mut met, mut bit) = (0_u64, 1_u64);
        for (end, part) in ends.iter_mut().zip(&asked.parts) {
            // Most parts have none.
            if part.meets(&may_find) {
                met |= bit;
                part.each_in(&may_find, |place| rules.extend(all.get(place).copied()));
            }
            *end = rules.len();
            bit <<= 1;
        }
        Self { chosen: *chosen, unmet, facts, judged, rules, ends, met }
    }

    /// Whether there are rules of steps with this kind of request.
    #[inline]
    pub(super) fn has_steps(&self, kind: usize) -> bool {
        self.met >> kind & 1 == 1
    }

    /// Whether there are rules of replies.
    #[inline]
    pub(super) fn has_replies(&self) -> bool {
        self.met >> REPLIES & 1 == 1
    }

    /// The rules of steps with this kind of request.
    #[inline]
    pub(super) fn of_steps(&self, kind: usize) -> &[&'static Rule] {
        self.part(kind)
    }

    /// The rules of replies.
    #[inline]
    pub(super) fn of_replies(&self) -> &[&'static Rule] {
        self.part(REPLIES)
    }

    /// The rules of messages and sessions.
    #[inline]
    pub(super) fn of_others(&self) -> &[&'static Rule] {
        self.part(OTHERS)
    }

    #[inline]
    fn part(&self, part: usize) -> &[&'static Rule] {
        let before = part.checked_sub(1).and_then(|before| self.ends.get(before));
        let (from, to) = (before.copied().unwrap_or(0), self.ends.get(part).copied());
        to.and_then(|to| self.rules.get(from..to)).unwrap_or_default()
    }
}
