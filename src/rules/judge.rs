//! Asks the rules about a session.
//!
//! What an ordinary session costs must not grow with the catalogue: only those rules are asked
//! whose [`Fact`](super::Fact) the session has.

use super::case::{Answer, Case, Flawed, Of, Step};
use super::choice::Choice;
use super::clean;
use super::digest::split_first;
use super::facts::Facts;
use super::finding::{Finding, Hit, On, Unjudged};
use super::need::Need;
use super::plan::Plan;
use super::{Category, Check, Rule, all, unjudged};
use crate::chunk::{End, Medium, Side};
use crate::dialog::number_of;
use crate::dialog::session::{Exchange, Mark, Reply, Request, Session, Span};
use crate::smtp::command::Verb;
use crate::smtp::defect::{Defect, Flaw};
use crate::smtp::extension::SMTPUTF8;
use crate::smtp::grammar;
use crate::smtp::grammar::reply::{Judged, Kind};
use crate::smtp::reply::{ReplyLine, Separator};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::mem;
use std::rc::Rc;
use std::sync::LazyLock;

/// Judges `session` by the rules of `choice`: what was found, in the order of the dialog, and
/// what could not be judged.
#[must_use]
pub fn run(session: &Session, choice: &Choice) -> (Vec<Finding>, Unjudged) {
    run_in(Vec::new(), session, choice)
}

/// The same; what was found is put in `room`, which is empty.
#[must_use]
pub fn run_in(room: Vec<Finding>, session: &Session, choice: &Choice) -> (Vec<Finding>, Unjudged) {
    debug_assert!(room.is_empty(), "what is there was found in another session");
    let unmet = Need::all_unmet(session);
    let facts = Facts::of(session);
    let mut judge = Judge {
        case: Case { session },
        facts,
        moot: facts.moot(session),
        plan: Plan::of(choice.rules(), unmet, facts),
        chosen: choice,
        unmet,
        findings: room,
        alike: BTreeMap::new(),
        line: None,
        of_line: Vec::new(),
    };
    judge.steps();
    judge.replies();
    judge.others();
    let mut findings = judge.told();
    findings.retain(|finding| choice.takes(Some(session), finding));
    if findings.len() > 1 {
        findings.sort_by_key(|finding| {
            let start = finding.range.as_ref().map(|range| range.start);
            (finding.mark.place, finding.order, start, finding.rule.id)
        });
    }
    let not_judged = if unmet == 0 { Unjudged::default() } else { unjudged::of(session, choice) };
    (findings, not_judged)
}

/// The rule of each defect, by its place.
static OF_DEFECT: LazyLock<Vec<Option<usize>>> = LazyLock::new(|| {
    let place = |defect: &Defect| {
        let id = defect.rule()?;
        all().iter().position(|rule| rule.id == id && matches!(rule.check, Check::Grammar(_)))
    };
    Defect::ALL.iter().map(place).collect()
});

/// A session that is judged, and what was found.
struct Judge<'s> {
    case: Case<'s>,
    chosen: &'s Choice,
    /// The needs that are not met, a bit for each.
    unmet: u16,
    facts: Facts,
    /// What of what replies show is no fact here.
    moot: Facts,
    /// The rules that can be judged, and those of them that may find something.
    plan: Rc<Plan>,
    findings: Vec<Finding>,
    /// Findings that stand for others like them: by rule, and by line where others may differ.
    alike: BTreeMap<(&'static str, &'s [u8]), Alike>,
    /// The line at hand, and what the grammar has found in it.
    line: Option<On>,
    of_line: Vec<Told>,
}

/// Findings of one rule in one line that are told one by one.
const OF_LINE: u32 = 3;

/// How often a rule was broken in a line.
struct Told {
    /// The rule, in [`all`].
    place: usize,
    times: u32,
    /// The last finding that was told.
    index: usize,
}

/// A finding, and how many more it stands for.
struct Alike {
    index: usize,
    more: u32,
}

impl<'s> Judge<'s> {
    /// Asks about each command, and what the grammar complains of in it.
    fn steps(&mut self) {
        let case = self.case;
        let mut plan = Rc::clone(&self.plan);
        for (index, exchange) in (0..).zip(&case.session.exchanges) {
            let request = exchange.request;
            let kind = request.kind();
            let is_plain = match request {
                Request::Command(_) => {
                    exchange.plain || grammar::is_plain(case.session.bytes(exchange.line))
                }
                Request::EndOfData | Request::AuthLine => true,
            };
            if is_plain && !plan.has_steps(kind) {
                continue;
            }
            let Some(step) = case.step(index) else { continue };
            if !is_plain && self.grammar(&step) {
                plan = Rc::clone(&self.plan);
            }
            for &rule in plan.of_steps(kind) {
                if let Check::Step(_, _, check) = rule.check
                    && let Some(hit) = check(&step)
                {
                    self.add(rule, On::Command(step.index), hit);
                    self.note_abnf(&step);
                }
            }
        }
    }

    /// Tells what the grammar complains of in `step`, which is not plain. Returns whether other
    /// rules are asked now.
    fn grammar(&mut self, step: &Step<'s>) -> bool {
        let flaws = step.parsed().map(|parsed| parsed.flaws.as_slice()).unwrap_or_default();
        for flaw in flaws {
            let (case, on) = (self.case, On::Command(step.index));
            self.flaw(&Flawed { case, on, line: step.line(), flaw });
        }
        let is_path = matches!(step.verb(), Some(Verb::Mail | Verb::Rcpt));
        let is_new = (is_path || !flaws.is_empty()) && self.facts.learn_unplain();
        if is_new {
            self.plan();
        }
        is_new
    }

    /// Takes the rules of what is known now.
    fn plan(&mut self) {
        self.plan = Plan::of(self.chosen.rules(), self.unmet, self.facts);
    }

    /// Says of the last finding, which is about `step`, what the grammar says by its rule's id.
    #[cold]
    fn note_abnf(&mut self, step: &Step<'_>) {
        let Some(finding) = self.findings.last_mut() else { return };
        if finding.is_reply || finding.exchange != Some(step.index) {
            return;
        }
        let is_it = |flaw: &&Flaw| flaw.defect.rule() == Some(finding.rule.id);
        if let Some(flaw) = step.parsed().and_then(|parsed| parsed.flaws.iter().find(is_it)) {
            finding.violates_abnf = flaw.defect.breaks_abnf();
            finding.expected = flaw.expected;
        }
    }

    /// Asks about each reply, and what the grammar complains of in it.
    fn replies(&mut self) {
        let session = self.case.session;
        if let Some(reply) = &session.greeting {
            let answer = Answer { case: self.case, of: Of::Greeting, reply };
            self.reply(answer.of, reply, Kind::Greeting, known(&answer, Kind::Greeting));
        }
        for (index, one) in (0..).zip(&session.exchanges) {
            if let Some(reply) = &one.reply {
                let of = Of::Exchange(index);
                if matches!(one.request, Request::Command(Verb::Ehlo | Verb::Lhlo)) {
                    // It names the client.
                    self.reply(of, reply, Kind::Ehlo, None);
                } else {
                    self.any_reply(of, reply);
                }
            }
        }
        for (message, one) in (0..).zip(&session.messages) {
            for (number, one) in (0..).zip(&one.recipients) {
                if let Some(reply) = &one.delivery {
                    self.new_reply(Of::Delivery(message, number), reply);
                }
            }
        }
        for (index, one) in (0..).zip(&session.unsolicited) {
            self.new_reply(Of::Unsolicited(index), &one.reply);
        }
    }

    /// Asks about a reply to another command than EHLO.
    // A part of the loop over all replies.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn any_reply(&mut self, of: Of, reply: &'s Reply) {
        // As it is with nearly all: nobody asks about replies, and this one has nothing new.
        let has_news = self.plan.has_replies()
            || plain(&Answer { case: self.case, of, reply })
                .is_none_or(|facts| !self.facts.has_all(facts, self.moot));
        if has_news {
            self.new_reply(of, reply);
        }
    }

    /// Asks about a reply that is neither the greeting nor EHLO's.
    #[inline(never)]
    fn new_reply(&mut self, of: Of, reply: &'s Reply) {
        let answer = Answer { case: self.case, of, reply };
        let facts = plain(&answer).or_else(|| known(&answer, Kind::Any));
        self.reply(of, reply, Kind::Any, facts);
    }

    /// Asks about a reply, which shows these `facts` if they are known, and what the grammar
    /// complains of in it.
    #[inline(never)]
    fn reply(&mut self, of: Of, reply: &'s Reply, kind: Kind, facts: Option<Facts>) {
        let answer = Answer { case: self.case, of, reply };
        let facts = facts.unwrap_or_else(|| self.read(&answer, kind));
        if self.facts.learn(facts, self.moot) {
            self.plan();
        }
        if !self.plan.has_replies() {
            return;
        }
        let plan = Rc::clone(&self.plan);
        for &rule in plan.of_replies() {
            if let Check::Reply(_, check) = rule.check
                && let Some(hit) = check(&answer)
            {
                self.add(rule, On::Reply(of, 0), hit);
            }
        }
    }

    /// Reads a reply of this `kind`: what it shows.
    fn read(&mut self, answer: &Answer<'s>, kind: Kind) -> Facts {
        let charset = charset(answer);
        let (reply, text) = (answer.reply, self.case.session.bytes(answer.reply.text));
        // Of EHLO's replies the first line is for this client, the others are for all.
        let hello = self.case.session.hellos.last();
        let hello = hello.filter(|hello| kind == Kind::Ehlo && hello.reply == reply.text);
        let (head, tail) = match hello {
            Some(hello) => self.case.session.reply_halves(hello),
            None => split_first(text),
        };
        let is_hello = kind == Kind::Ehlo && head.starts_with(b"250-");
        let place = if is_hello {
            let known = hello.map_or(0, |hello| hello.tail.number());
            let number = if known == 0 { number_of(tail) } else { known };
            clean::Place::numbered(number, reply.lines, kind, charset)
        } else {
            clean::Place::of(text, reply.lines, kind, charset)
        };
        if is_hello && is_usual(answer.reply) && clean::facts(place).is_some() {
            for flaw in &grammar::reply::hello(head) {
                let on = On::Reply(answer.of, 0);
                self.flaw(&Flawed { case: self.case, on, line: head, flaw });
            }
            return Facts::shown(answer, reply.lines as usize, head, kind, None);
        }
        self.read_lines(answer, kind, place)
    }

    /// The same, line by line.
    #[inline(never)]
    fn read_lines(&mut self, answer: &Answer<'s>, kind: Kind, place: clean::Place) -> Facts {
        let text = self.case.session.bytes(answer.reply.text);
        let (head, _) = split_first(text);
        let mut lines: SmallVec<[&[u8]; 16]> = SmallVec::new();
        if head.len() == text.len() {
            lines.push(text);
        } else {
            lines.extend(answer.lines());
        }
        // Of a reply that is not whole, nobody knows which line is its last.
        if !is_whole(answer, &lines) {
            return Facts::default();
        }
        let Judged { flaws, enhanced, .. } = grammar::reply::reply(&lines, kind, charset(answer));
        let facts = Facts::shown(answer, lines.len(), head, kind, enhanced);
        if flaws.is_empty() {
            clean::remember(place, facts);
        }
        for found in &flaws {
            let on = On::Reply(answer.of, found.line);
            let line = lines.get(found.line).copied().unwrap_or_default();
            self.flaw(&Flawed { case: self.case, on, line, flaw: &found.flaw });
        }
        facts
    }

    /// Asks about each message, and the session.
    fn others(&mut self) {
        let plan = Rc::clone(&self.plan);
        for &rule in plan.of_others() {
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
        let Some(&rule) = all().get(place).filter(|_| self.plan.judged.has(place)) else { return };
        let Check::Grammar(check) = rule.check else { return };
        // What one reply of a server has, many have. Offers have faults of their own each, and are
        // repeated as a whole. A line that breaks the ABNF always has a finding of its own.
        let is_reply = matches!(flawed.on, On::Reply(..)) && !defect.breaks_abnf();
        let alike = (rule.id, if is_offer(defect) { flawed.line } else { b"" });
        if is_reply && self.is_told(alike) {
            return;
        }
        if let Some(hit) = check(flawed) {
            if self.is_enough(place, flawed.on) {
                return;
            }
            let range = hit.range.clone().or_else(|| Some(flawed.flaw.range.clone()));
            self.add(rule, flawed.on, Hit { range, ..hit });
            if let Some(finding) = self.findings.last_mut() {
                finding.expected = flawed.flaw.expected;
                finding.violates_abnf = defect.breaks_abnf();
            }
            if is_reply {
                self.stands_for_others(alike);
            }
        }
    }

    /// Whether so much was found by the rule at `place` in the line `on` that this finding, which
    /// is one more, is only counted: a line may have thousands of faults.
    fn is_enough(&mut self, place: usize, on: On) -> bool {
        if self.line != Some(on) {
            self.settle_line();
            self.line = Some(on);
        }
        let next = self.findings.len();
        if let Some(told) = self.of_line.iter_mut().find(|told| told.place == place) {
            told.times = told.times.saturating_add(1);
            if told.times <= OF_LINE {
                told.index = next;
            }
            return told.times > OF_LINE;
        }
        self.of_line.push(Told { place, times: 1, index: next });
        false
    }

    /// Says what was only counted in a line.
    fn settle_line(&mut self) {
        for Told { times, index, .. } in self.of_line.drain(..) {
            if let Some(more) = times.checked_sub(OF_LINE).filter(|&more| more > 0)
                && let Some(finding) = self.findings.get_mut(index)
            {
                let _ = write!(finding.message, "; {more} more like it in this line");
            }
        }
    }

    /// Whether a finding stands for this one, too; then it is counted.
    fn is_told(&mut self, alike: (&'static str, &'s [u8])) -> bool {
        let told = self.alike.get_mut(&alike);
        told.map(|told| told.more = told.more.saturating_add(1)).is_some()
    }

    /// The last finding stands for what is like it.
    fn stands_for_others(&mut self, alike: (&'static str, &'s [u8])) {
        let index = self.findings.len().saturating_sub(1);
        self.alike.insert(alike, Alike { index, more: 0 });
    }

    /// All findings.
    fn told(&mut self) -> Vec<Finding> {
        self.settle_line();
        let mut findings = mem::take(&mut self.findings);
        for Alike { index, more } in self.alike.values().filter(|alike| alike.more > 0) {
            if let Some(finding) = findings.get_mut(*index) {
                let _ = write!(finding.message, "; {more} more like it in this session");
            }
        }
        findings
    }

    /// Keeps what `rule` found about `here`, or about what it says itself.
    #[cold]
    fn add(&mut self, rule: &'static Rule, here: On, hit: Hit) {
        let Hit { message, on, range, confidence, party, once } = hit;
        if once && self.is_told((rule.id, b"")) {
            return;
        }
        let on = if on == On::Here { here } else { on };
        let about = self.about(on);
        // What is missing of the dialog takes nothing from what was seen of TCP.
        let is_of_wire = matches!(rule.category, Category::Input | Category::Transport);
        let is_weak = !is_of_wire
            && (about.is_inferred || self.case.session.opening.medium == Medium::Script);
        self.findings.push(Finding {
            rule,
            confidence: if is_weak { confidence.lower() } else { confidence },
            party: party.unwrap_or(rule.party),
            message,
            mark: about.mark,
            exchange: about.exchange,
            is_reply: matches!(on, On::Reply(..)),
            order: self.order(on),
            evidence: about.line.to_vec(),
            range,
            expected: "",
            violates_abnf: false,
        });
        if once {
            self.stands_for_others((rule.id, b""));
        }
    }

    /// Where `on` stands in the dialog, in numbers that say nothing else.
    fn order(&self, on: On) -> u64 {
        let behind = |exchange: u32, part: u64| (u64::from(exchange) + 1) << 34 | part << 32;
        match on {
            On::Here | On::Moment(_) => 0,
            On::Command(index) => behind(index, 0),
            On::Reply(of, line) => {
                let line = line as u64;
                match of {
                    Of::Greeting => 1 + line,
                    Of::Exchange(index) => behind(index, 1) + line,
                    Of::Delivery(..) | Of::Unsolicited(_) => {
                        let unsolicited = match of {
                            Of::Unsolicited(index) => {
                                self.case.session.unsolicited.get(index as usize)
                            }
                            _ => None,
                        };
                        let answer = self.case.answer(of).and_then(|answer| answer.exchange());
                        let after = unsolicited.map(|one| one.after.saturating_sub(1));
                        behind(after.or(answer).unwrap_or_default(), 2) + line
                    }
                }
            }
        }
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
                    mark: line_mark(&answer, number),
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

/// Time and place of a line of a reply, from 0: in a transcript that of the line itself, where it
/// is known.
fn line_mark(answer: &Answer<'_>, number: usize) -> Mark {
    let mark = answer.mark();
    if answer.reply.in_a_row && answer.case.session.opening.medium != Medium::Packets {
        Mark { place: mark.place.after(number as u64), ..mark }
    } else {
        mark
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

/// What a reply of one line shows in which nothing can be wrong, as nearly all are. It is not the
/// greeting, nor the reply to EHLO.
#[inline]
fn plain(answer: &Answer<'_>) -> Option<Facts> {
    if answer.reply.lines != 1 || !is_usual(answer.reply) {
        return None;
    }
    let text = answer.case.session.bytes(answer.reply.text);
    let enhanced = grammar::reply::plain(text)?;
    Some(Facts::shown(answer, 1, text, Kind::Any, enhanced))
}

/// What a reply of this `kind` shows that was seen before.
#[inline]
fn known(answer: &Answer<'_>, kind: Kind) -> Option<Facts> {
    if !is_usual(answer.reply) {
        return None;
    }
    let Answer { case, reply, .. } = answer;
    let text = case.session.bytes(reply.text);
    clean::facts(clean::Place::of(text, reply.lines, kind, charset(answer)))
}

/// Whether a reply is whole if it has as many lines as it should, as one that is remembered has.
#[inline]
fn is_usual(reply: &Reply) -> bool {
    !reply.cut && reply.code.is_some() && reply.text.len > 0
}

/// Whether all of a reply was said and kept.
fn is_whole(answer: &Answer<'_>, lines: &[&[u8]]) -> bool {
    let Answer { case, reply, .. } = answer;
    let session = case.session;
    // In a session that is too long, texts are not kept.
    let is_kept = lines.len() == reply.lines as usize
        && (reply.text != Span::default() || reply.code.is_none() && session.elided_exchanges == 0);
    if !reply.cut {
        // Of the first line that was recorded the start may be missing.
        let is_first = matches!(answer.of, Of::Unsolicited(0)) && session.greeting.is_none();
        let is_start = case.is_packets() && !case.is_damaged();
        let is_tail = reply.code.is_none() && is_first && !is_start;
        return is_kept && !is_tail;
    }
    // The server itself broke it off.
    is_kept && session.end == End::ServerClosed && !case.has_gap(Side::Server) && {
        let last = ReplyLine::parse(lines.last().copied().unwrap_or_default());
        last.code.is_some() && last.separator == Separator::Hyphen
    }
}

/// Whether a line with `defect` is an offer, or names the server.
fn is_offer(defect: Defect) -> bool {
    matches!(
        defect,
        Defect::GreetingDomainMissing
            | Defect::GreetingMasked
            | Defect::EhloDomainMissing
            | Defect::EhloKeywordMalformed
            | Defect::EhloParamMalformed
            | Defect::EhloAuthEquals
            | Defect::EhloParameterInvalid
            | Defect::EhloParameterUnexpected
            | Defect::LimitIgnored
    )
}

/// Which letters are legal in a reply: those of UTF-8 where the command asked for them.
fn charset(answer: &Answer<'_>) -> grammar::Charset {
    if !answer.case.session.used.has(SMTPUTF8) {
        return grammar::Charset::Ascii;
    }
    answer.step().map_or(grammar::Charset::Ascii, |step: Step<'_>| step.charset())
}
