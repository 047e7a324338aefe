//! Asks the rules about a session.
//!
//! What an ordinary session costs must not grow with the catalogue: only those rules are asked
//! whose [`Fact`](super::Fact) the session has.

use super::case::{Answer, Case, Flawed, Of, Step};
use super::choice::Choice;
use super::fact::{self, Facts};
use super::finding::{Finding, Hit, NotJudged, On};
use super::need::Need;
use super::set::Set;
use super::{Category, Check, Rule, all};
use crate::chunk::Medium;
use crate::dialog::session::{Exchange, Mark, Session};
use crate::smtp::defect::Defect;
use crate::smtp::grammar;
use crate::smtp::grammar::reply::Judged;
use std::sync::LazyLock;

/// Judges `session` by the rules of `choice`: what was found, in the order of the dialog, and
/// what could not be judged.
#[must_use]
pub fn run(session: &Session, choice: &Choice) -> (Vec<Finding>, Vec<NotJudged>) {
    let mut unmet = None;
    let mut judged = *choice.rules();
    for (need, rules) in Need::ALL.into_iter().zip(&*NEEDING) {
        if need.unmet(session).is_some() {
            judged = judged.without(rules);
            unmet = Some(());
        }
    }
    let case = Case { session };
    let facts = Facts::of(session);
    let mut judge = Judge { case, judged, facts, findings: Vec::new() };
    judge.steps();
    judge.replies();
    judge.others();
    let mut findings = judge.findings;
    findings.retain(|finding| choice.takes(session, finding));
    if findings.len() > 1 {
        findings.sort_by_key(|finding| {
            (finding.mark.place, finding.exchange, finding.is_reply, finding.rule.id)
        });
    }
    let not_judged = unmet.map(|()| not_judged(session, choice)).unwrap_or_default();
    (findings, not_judged)
}

/// The rules of sessions that have each need.
static NEEDING: LazyLock<[Set; Need::ALL.len()]> = LazyLock::new(|| {
    Need::ALL.map(|need| {
        let mut set = Set::default();
        for (place, rule) in all().iter().enumerate() {
            if rule.needs.contains(&need) && !matches!(rule.check, Check::Input(_)) {
                set.add(place);
            }
        }
        set
    })
});

/// The rule of each defect, by its place.
static OF_DEFECT: LazyLock<Vec<Option<usize>>> = LazyLock::new(|| {
    let place = |defect: &Defect| {
        let id = defect.rule()?;
        all().iter().position(|rule| rule.id == id && matches!(rule.check, Check::Grammar(_)))
    };
    Defect::ALL.iter().map(place).collect()
});

/// The rules that cannot be judged.
#[cold]
fn not_judged(session: &Session, choice: &Choice) -> Vec<NotJudged> {
    let unmet = Need::ALL.map(|need| need.unmet(session));
    let why = |rule: &Rule| rule.needs.iter().find_map(|&need| *unmet.get(need as usize)?);
    let wanted = choice.rules().iter().filter_map(|place| all().get(place));
    let wanted = wanted.filter(|rule| !matches!(rule.check, Check::Input(_)));
    wanted.filter_map(|rule| Some(NotJudged { rule: rule.id, why: why(rule)? })).collect()
}

/// A session that is judged, and what was found.
struct Judge<'s> {
    case: Case<'s>,
    /// The rules to ask.
    judged: Set,
    facts: Facts,
    findings: Vec<Finding>,
}

impl<'s> Judge<'s> {
    /// The rules among `places` that may find something.
    fn rules(&self, places: &'static [usize]) -> impl Iterator<Item = &'static Rule> + use<> {
        let (judged, facts) = (self.judged, self.facts);
        let places = places.iter().copied().filter(move |&place| judged.has(place));
        places
            .filter_map(|place| all().get(place))
            .copied()
            .filter(move |rule| fact::is_possible(rule, facts))
    }

    /// Asks about each command, and what the grammar complains of in it.
    fn steps(&mut self) {
        for step in self.case.steps() {
            if let Some(parsed) = step.parsed()
                && !parsed.flaws.is_empty()
            {
                for flaw in &parsed.flaws {
                    let (case, on) = (self.case, On::Command(step.index));
                    self.flaw(&Flawed { case, on, line: step.line(), flaw });
                }
            }
            for rule in self.rules(fact::of_steps(step.exchange.request.kind())) {
                if let Check::Step(_, _, check) = rule.check
                    && let Some(hit) = check(&step)
                {
                    self.add(rule, On::Command(step.index), hit);
                }
            }
        }
    }

    /// Asks about each reply, and what the grammar complains of in it.
    fn replies(&mut self) {
        let mut lines = Vec::new();
        for answer in self.case.answers() {
            lines.clear();
            lines.extend(answer.lines());
            // Of a reply that is not whole, nobody knows which line is its last.
            if !answer.reply.cut && lines.len() == answer.reply.lines as usize {
                let Judged { flaws, .. } =
                    grammar::reply::reply(&lines, answer.kind(), charset(&answer));
                for found in &flaws {
                    let on = On::Reply(answer.of, found.line);
                    let line = lines.get(found.line).copied().unwrap_or_default();
                    self.flaw(&Flawed { case: self.case, on, line, flaw: &found.flaw });
                }
            }
            for rule in self.rules(fact::of_replies()) {
                if let Check::Reply(_, check) = rule.check
                    && let Some(hit) = check(&answer)
                {
                    self.add(rule, On::Reply(answer.of, 0), hit);
                }
            }
        }
    }

    /// Asks about each message, and the session.
    fn others(&mut self) {
        for rule in self.rules(fact::of_sessions()) {
            match rule.check {
                Check::Mail(_, check) => {
                    for message in &self.case.session.messages {
                        if let Some(hit) = check(self.case, message) {
                            let on = message.mail.map_or(On::Here, On::Command);
                            self.add(rule, on, hit);
                        }
                    }
                }
                Check::Session(_, check) => {
                    for hit in check(self.case) {
                        self.add(rule, On::Here, hit);
                    }
                }
                Check::Grammar(_) | Check::Step(..) | Check::Reply(..) | Check::Input(_) => {}
            }
        }
    }

    /// Takes what the grammar complains of.
    #[cold]
    fn flaw(&mut self, flawed: &Flawed<'s, '_>) {
        let defect = flawed.flaw.defect;
        let Some(place) = OF_DEFECT.get(defect as usize).copied().flatten() else { return };
        let Some(&rule) = all().get(place).filter(|_| self.judged.has(place)) else { return };
        let Check::Grammar(check) = rule.check else { return };
        if let Some(hit) = check(flawed) {
            let range = hit.range.clone().or_else(|| Some(flawed.flaw.range.clone()));
            self.add(rule, flawed.on, Hit { range, ..hit });
            if let Some(finding) = self.findings.last_mut() {
                finding.expected = flawed.flaw.expected;
                finding.violates_abnf = defect.breaks_abnf();
            }
        }
    }

    /// Keeps what `rule` found about `here`, or about what it says itself.
    #[cold]
    fn add(&mut self, rule: &'static Rule, here: On, hit: Hit) {
        let Hit { message, on, range, confidence } = hit;
        let on = if on == On::Here { here } else { on };
        let about = self.about(on);
        let is_weak = rule.category != Category::Input
            && (about.is_inferred || self.case.session.opening.medium == Medium::Script);
        self.findings.push(Finding {
            rule,
            confidence: if is_weak { confidence.lower() } else { confidence },
            message,
            mark: about.mark,
            exchange: about.exchange,
            is_reply: matches!(on, On::Reply(..)),
            evidence: about.line.to_vec(),
            range,
            expected: "",
            violates_abnf: false,
        });
    }

    /// Line, place and certainty of `on`.
    fn about(&self, on: On) -> About<'s> {
        let session = self.case.session;
        let start = Mark { at: session.opening.at, place: session.opening.place };
        let is_inferred = self.case.is_damaged();
        let whole = About { mark: start, exchange: None, line: &[], is_inferred };
        let inferred_at = |exchange: Option<u32>| {
            let one = exchange.and_then(|index| session.exchanges.get(index as usize));
            one.map_or(is_inferred, |one: &Exchange| one.before.inferred)
        };
        match on {
            On::Here => whole,
            On::Moment(mark) => About { mark, ..whole },
            On::Command(index) => match self.case.step(index) {
                Some(step) => About {
                    mark: step.exchange.asked,
                    exchange: Some(index),
                    line: step.line(),
                    is_inferred: inferred_at(Some(index)),
                },
                None => whole,
            },
            On::Reply(of, number) => match self.case.answer(of) {
                Some(answer) => About {
                    mark: answer.mark(),
                    exchange: answer.exchange(),
                    line: answer.lines().nth(number).unwrap_or_default(),
                    is_inferred: match of {
                        Of::Greeting => false,
                        _ => inferred_at(answer.exchange()),
                    },
                },
                None => whole,
            },
        }
    }
}

/// What a finding is about.
struct About<'s> {
    mark: Mark,
    exchange: Option<u32>,
    line: &'s [u8],
    /// Something before it is missing from the input.
    is_inferred: bool,
}

/// Which letters are legal in a reply: those of UTF-8 where the command asked for them.
fn charset(answer: &Answer<'_>) -> grammar::Charset {
    answer.step().map_or(grammar::Charset::Ascii, |step: Step<'_>| step.charset())
}
