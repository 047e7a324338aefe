//! Which rules cannot be judged of a session, and why.
//!
//! In: a session that lacks something. Out: a list, made once for all that lack the same.

use super::choice::Choice;
use super::finding::{NotJudged, Unjudged};
use super::need::Need;
use super::set::Set;
use super::{Check, Rule, all};
use crate::dialog::session::Session;
use std::cell::RefCell;
use std::collections::VecDeque;

/// Why each need is not met, if it is not.
type Reasons = [Option<&'static str>; Need::ALL.len()];

/// Rules that are wanted, reasons, and what cannot be judged for them.
type Known = (Set, Reasons, Unjudged);

/// Those that are remembered.
const KNOWN: usize = 8;

thread_local! {
    static UNJUDGED: RefCell<VecDeque<Known>> = const { RefCell::new(VecDeque::new()) };
}

/// The rules that cannot be judged: all connections that never said anything have the same.
#[cold]
pub(super) fn of(session: &Session, choice: &Choice) -> Unjudged {
    let unmet = Need::ALL.map(|need| need.unmet(session));
    UNJUDGED.with_borrow_mut(|known| {
        let is_it = |(chosen, reasons, _): &&Known| *reasons == unmet && chosen == choice.rules();
        if let Some((.., rules)) = known.iter().find(is_it) {
            return rules.clone();
        }
        let rules = Unjudged(Some(list(&unmet, choice).into()));
        known.truncate(KNOWN - 1);
        known.push_front((*choice.rules(), unmet, rules.clone()));
        rules
    })
}

fn list(unmet: &Reasons, choice: &Choice) -> Vec<NotJudged> {
    let why = |rule: &Rule| rule.needs.iter().find_map(|&need| *unmet.get(need as usize)?);
    let wanted = choice.rules().iter().filter_map(|place| all().get(place));
    let wanted = wanted.filter(|rule| !matches!(rule.check, Check::Input(_)));
    wanted.filter_map(|rule| Some(NotJudged { rule: rule.id, why: why(rule)? })).collect()
}
