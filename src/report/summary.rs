//! Counts and histograms over the sessions of a run.
//!
//! In: sessions with what was found in them, in any order. Out: numbers. `Summary::merge` is
//! associative and commutative, so parts of a run can be counted apart. The memory it takes
//! depends on the limits, not on the sessions: what peers can choose is capped.

use super::Entry;
use super::human::{count as human_count, number};
use super::latency::Latency;
use super::names::outcome;
use super::offered::Offered;
use super::pace::{Numbers, Pace, Servers};
use super::render::Note;
use super::view::{first_line, place};
use crate::chunk::End;
use crate::dialog::session::{Message, Outcome, Reply, Request, Session, Transfer};
use crate::escape::printable;
use crate::limits::Limits;
use crate::place::Slot;
use crate::rules::{Finding, NotJudged, Rule, Severity};
use crate::smtp::command::Verb;
use crate::smtp::extension;
use crate::time::Lapse;
use crate::timing::Phases;
use std::collections::{BTreeMap, HashSet};
use std::ptr;

/// What can become of a message, each at its own index.
const OUTCOMES: [Outcome; 4] =
    [Outcome::Accepted, Outcome::Rejected, Outcome::Aborted, Outcome::Unknown];

/// The counts of a run.
#[derive(Clone, Debug)]
pub struct Summary {
    keywords: usize,
    excerpt: usize,
    /// Sessions.
    pub sessions: u64,
    /// Mail transactions, those not kept included.
    pub messages: u64,
    /// Messages by what became of them, by [`OUTCOMES`].
    outcomes: [u64; OUTCOMES.len()],
    /// Messages that were not kept.
    not_kept: u64,
    /// RCPT commands in transactions.
    pub recipients_offered: u64,
    /// Those answered with 2yz.
    pub recipients_accepted: u64,
    /// Sessions by how they ended, by [`End::ALL`].
    ends: [u64; End::ALL.len()],
    /// Findings by severity.
    pub severities: Severities,
    /// Findings by id of the rule.
    pub rules: BTreeMap<&'static str, RuleCount>,
    /// Those of sessions that are not in `rules` yet, in the order in which they were met first.
    tally: Vec<RuleCount>,
    /// Sessions by extension of [`extension::all`].
    known: Box<[ExtensionCount]>,
    /// Sessions by unknown keyword: the first ones in order of the alphabet.
    unknown: BTreeMap<String, ExtensionCount>,
    /// The other unknown keywords.
    other: ExtensionCount,
    /// Response times by [`Request::kind`].
    latency: Box<[Latency]>,
    /// Delays of greetings.
    pub greeting: Latency,
    /// How fast the sessions were.
    pub pace: Pace,
    /// Replies of 4yz and 5yz.
    pub errors: BTreeMap<ErrorKind, ErrorCount>,
    /// Sessions in which not every rule could be judged.
    pub not_judged: u64,
    /// The rules that could not be judged in some, if that was asked for.
    pub unjudged: HashSet<&'static str>,
    /// Sessions in which something was found.
    pub found_in: u64,
    /// Sessions at which a person should look, if that was asked for.
    pub troubled: u64,
    /// The user ended the run before all was read.
    pub partial: bool,
    /// Sessions that are not reported.
    pub others: u64,
}

/// Findings by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Severities {
    /// Errors.
    pub error: u64,
    /// Warnings.
    pub warning: u64,
    /// Notes.
    pub note: u64,
}

/// How often a rule found something.
#[derive(Clone, Copy, Debug)]
pub struct RuleCount {
    /// The rule.
    pub rule: &'static Rule,
    /// How often.
    pub times: u64,
}

/// Sessions with an extension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionCount {
    /// Sessions in which it was offered.
    pub offered: u64,
    /// Sessions in which it was used.
    pub used: u64,
}

/// What was answered with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrorKind {
    /// The name of the request, `greeting` or `unsolicited`.
    pub command: &'static str,
    /// 400 to 599.
    pub code: u16,
}

/// How often an error was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCount {
    /// How often.
    pub times: u64,
    /// The first in the session of the lowest slot, which is that of the lowest number.
    pub example: Example,
}

/// One reply of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The slot of its session.
    pub slot: Slot,
    /// Number of its session, once known.
    pub session: u64,
    /// The input in which it begins.
    pub input: u32,
    /// The frame in which it begins, in a capture.
    pub frame: Option<u64>,
    /// The line in which it begins, in a transcript.
    pub line_no: Option<u64>,
    /// Its first line's text: printable, shortened.
    pub text: String,
}

impl Summary {
    /// No sessions yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            keywords: limits.summary_keywords,
            excerpt: limits.excerpt_chars,
            sessions: 0,
            messages: 0,
            outcomes: [0; OUTCOMES.len()],
            not_kept: 0,
            recipients_offered: 0,
            recipients_accepted: 0,
            ends: [0; End::ALL.len()],
            severities: Severities::default(),
            rules: BTreeMap::new(),
            tally: Vec::new(),
            known: vec![ExtensionCount::default(); extension::all().len()].into(),
            unknown: BTreeMap::new(),
            other: ExtensionCount::default(),
            latency: vec![Latency::default(); Request::KINDS].into(),
            greeting: Latency::default(),
            pace: Pace::new(limits),
            errors: BTreeMap::new(),
            not_judged: 0,
            unjudged: HashSet::new(),
            found_in: 0,
            troubled: 0,
            partial: false,
            others: 0,
        }
    }

    /// All sessions of the inputs, reported or not.
    #[must_use]
    pub fn all_sessions(&self) -> u64 {
        self.sessions.saturating_add(self.others)
    }

    /// Counts one session, which was so long in each of its phases. Returns of what it now holds
    /// the example.
    pub(super) fn add(&mut self, entry: &Entry<'_>, offered: &Offered, phases: &Phases) -> Held {
        let Entry { session, findings, not_judged, .. } = *entry;
        self.sessions += 1;
        self.not_judged += u64::from(!not_judged.is_empty());
        self.found_in += u64::from(!findings.is_empty());
        count(&mut self.ends, session.end as usize);
        // Replies for each recipient may be some.
        let mut has_errors = self.add_messages(session);
        self.add_extensions(session, offered);
        self.tally(findings);
        if let Some(delay) = session.timing.greeting {
            self.greeting.add(delay);
        }
        has_errors |= session.greeting.as_ref().is_some_and(is_error);
        has_errors |= !session.unsolicited.is_empty();
        let slow = self.pace.add(entry, phases, |exchange, micros| {
            if let Some(micros) = micros
                && let Some(times) = self.latency.get_mut(exchange.request.kind())
            {
                times.add_micros(micros);
            }
            has_errors |= exchange.reply.as_ref().is_some_and(is_error);
        });
        let errors = if has_errors { self.add_errors(entry) } else { Vec::new() };
        Held { errors, slow }
    }

    /// Counts the findings of a session: most are of the same few rules.
    fn tally(&mut self, findings: &[Finding]) {
        for Finding { rule, .. } in findings {
            self.severities.add(rule.severity);
            match self.tally.iter_mut().find(|count| ptr::eq(count.rule, *rule)) {
                Some(count) => count.times += 1,
                None => self.tally.push(RuleCount { rule, times: 1 }),
            }
        }
    }

    /// Counts findings of an input.
    pub fn add_findings(&mut self, findings: &[Finding]) {
        self.tally(findings);
        self.settle_rules();
    }

    fn settle_rules(&mut self) {
        for RuleCount { rule, times } in self.tally.drain(..) {
            self.rules.entry(rule.id).or_insert(RuleCount { rule, times: 0 }).times += times;
        }
    }

    /// Counts the errors of a session; returns those of which this now holds the example.
    #[cold]
    fn add_errors(&mut self, entry: &Entry<'_>) -> Vec<ErrorKind> {
        let mut examples = Vec::new();
        // Unlike a loop, this runs through the parts of the chain one after the other.
        errors(entry.session).for_each(|(command, reply)| {
            let Some(code) = reply.code else { return };
            let kind = ErrorKind { command, code };
            if self.add_error(entry, kind, reply) {
                examples.push(kind);
            }
        });
        examples
    }

    /// Notes which rules could not be judged.
    pub(super) fn add_unjudged(&mut self, not_judged: &[NotJudged]) {
        self.unjudged.extend(not_judged.iter().map(|one| one.rule));
    }

    /// Counts what waits to be counted: no session is added any more.
    pub(super) fn settle(&mut self) {
        self.settle_rules();
        self.latency.iter_mut().for_each(Latency::settle);
        self.greeting.settle();
        self.pace.settle();
    }

    /// Adds what another part of the run counted.
    pub fn merge(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.messages += other.messages;
        self.recipients_offered += other.recipients_offered;
        self.recipients_accepted += other.recipients_accepted;
        self.not_judged += other.not_judged;
        self.unjudged.extend(other.unjudged);
        self.found_in += other.found_in;
        self.troubled += other.troubled;
        self.partial |= other.partial;
        self.others += other.others;
        self.severities.error += other.severities.error;
        self.severities.warning += other.severities.warning;
        self.severities.note += other.severities.note;
        self.not_kept += other.not_kept;
        for (own, times) in self.outcomes.iter_mut().zip(other.outcomes) {
            *own += times;
        }
        for (own, times) in self.ends.iter_mut().zip(other.ends) {
            *own += times;
        }
        self.tally.extend(other.rules.values().chain(&other.tally));
        self.settle_rules();
        for (own, count) in self.known.iter_mut().zip(&other.known) {
            own.add(*count);
        }
        for (keyword, count) in other.unknown {
            self.add_unknown(keyword, count);
        }
        self.other.add(other.other);
        for (own, times) in self.latency.iter_mut().zip(other.latency) {
            own.merge(times);
        }
        self.greeting.merge(other.greeting);
        self.pace.merge(other.pace);
        for (error, count) in other.errors {
            self.merge_error(error, count);
        }
    }

    /// Sessions by extension, in order of keyword, unknown ones after the others, those beyond
    /// the limit as `(other)`.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, ExtensionCount)> {
        let known = extension::all().iter().map(|extension| extension.keyword);
        let known = known.zip(self.known.iter().copied());
        let known = known.filter(|&(_, count)| count != ExtensionCount::default());
        let known: BTreeMap<&str, ExtensionCount> = known.collect();
        let unknown = self.unknown.iter().map(|(keyword, &count)| (keyword.as_str(), count));
        let other = (self.other != ExtensionCount::default()).then_some(("(other)", self.other));
        known.into_iter().chain(unknown).chain(other)
    }

    /// Messages by what became of them: those names that there are.
    #[must_use]
    pub fn outcomes(&self) -> BTreeMap<&'static str, u64> {
        let counts = OUTCOMES.map(outcome).into_iter().zip(self.outcomes);
        counts.chain([("not-kept", self.not_kept)]).filter(|&(_, times)| times > 0).collect()
    }

    /// Sessions by how they ended: those names that there are.
    #[must_use]
    pub fn ends(&self) -> BTreeMap<&'static str, u64> {
        let counts = End::ALL.map(End::name).into_iter().zip(self.ends);
        counts.filter(|&(_, times)| times > 0).collect()
    }

    /// Response times by name of the request, where there are any.
    #[must_use]
    pub fn latency(&self) -> BTreeMap<&'static str, &Latency> {
        let requests = Verb::ALL.into_iter().chain([Verb::Other]).map(Request::Command);
        let requests = requests.chain([Request::EndOfData, Request::AuthLine]);
        requests
            .filter_map(|request| Some((request.name(), self.latency.get(request.kind())?)))
            .filter(|(_, times)| times.count() > 0)
            .collect()
    }

    /// Response times by server.
    #[must_use]
    pub fn servers(&self) -> Servers {
        self.pace.servers(self.latency.iter())
    }

    /// Counts messages and recipients. Returns whether replies were for single recipients.
    fn add_messages(&mut self, session: &Session) -> bool {
        self.messages += session.messages.len() as u64 + session.elided_messages;
        self.not_kept += session.elided_messages;
        let mut has_deliveries = false;
        for message in &session.messages {
            count(&mut self.outcomes, message.outcome as usize);
            self.recipients_offered += message.recipients.len() as u64;
            self.recipients_offered += u64::from(message.elided_recipients);
            for recipient in &message.recipients {
                self.recipients_accepted += u64::from(is_accepted(recipient.code));
                has_deliveries |= recipient.delivery.is_some();
            }
        }
        has_deliveries
    }

    /// Counts each extension once, however often it was offered.
    fn add_extensions(&mut self, session: &Session, offered: &Offered) {
        let mut left = offered.known;
        while left != 0 {
            if let Some(count) = self.known.get_mut(left.trailing_zeros() as usize) {
                count.offered += 1;
            }
            // The lowest bit.
            left &= left - 1;
        }
        for index in session.used.indices() {
            if let Some(count) = self.known.get_mut(usize::from(index)) {
                count.used += 1;
            }
        }
        for keyword in &offered.unknown {
            self.add_unknown(keyword.clone(), ExtensionCount { offered: 1, used: 0 });
        }
    }

    /// Keeps the first keywords in order of the alphabet: which they are, and their counts, do
    /// then not depend on the order in which they come.
    fn add_unknown(&mut self, keyword: String, count: ExtensionCount) {
        self.unknown.entry(keyword).or_default().add(count);
        if self.unknown.len() > self.keywords
            && let Some((_, last)) = self.unknown.pop_last()
        {
            self.other.add(last);
        }
    }

    /// Counts an error; returns whether it is the example now.
    fn add_error(&mut self, entry: &Entry<'_>, kind: ErrorKind, reply: &Reply) -> bool {
        if let Some(known) = self.errors.get_mut(&kind)
            && known.example.slot <= entry.slot
        {
            known.times += 1;
            return false;
        }
        let session = entry.session;
        let origin = entry.places.origin(reply.begun.place);
        let (frame, line_no) = place(session.opening.medium, origin.number);
        let text = reply_excerpt(session, reply, self.excerpt);
        let example =
            Example { slot: entry.slot, session: 0, input: origin.input, frame, line_no, text };
        self.merge_error(kind, ErrorCount { times: 1, example });
        true
    }

    fn merge_error(&mut self, error: ErrorKind, count: ErrorCount) {
        match self.errors.get_mut(&error) {
            Some(known) => {
                known.times += count.times;
                if count.example.slot < known.example.slot {
                    known.example = count.example;
                }
            }
            None => {
                self.errors.insert(error, count);
            }
        }
    }
}

/// Of what a session holds the example, as far as is known when it is counted.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The errors.
    pub(super) errors: Vec<ErrorKind>,
    /// Its longest response time, if that is one of the longest of all.
    pub(super) slow: Option<Lapse>,
}

/// The numbers of the sessions that hold examples.
#[derive(Debug, Default)]
pub(super) struct Examples {
    errors: BTreeMap<ErrorKind, (Slot, u64)>,
    slow: Numbers,
}

impl Examples {
    /// The session with this number may hold the examples that `note` says.
    pub(super) fn add(&mut self, id: u64, slot: Slot, note: &Note) {
        for &kind in &note.held.errors {
            let first = self.errors.entry(kind).or_insert((slot, id));
            *first = (*first).min((slot, id));
        }
        if let Some(lapse) = note.held.slow {
            self.slow.add(id, slot, lapse);
        }
    }

    /// Puts the numbers to the examples of `summary`, to which no session is added any more.
    pub(super) fn number(&self, mut summary: Summary) -> Summary {
        for (kind, count) in &mut summary.errors {
            count.example.session = self.errors.get(kind).map_or(0, |&(_, id)| id);
        }
        summary.pace.number(|slot| self.slow.of(slot));
        summary
    }
}

impl Severities {
    pub(super) fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.error += 1,
            Severity::Warning => self.warning += 1,
            Severity::Note => self.note += 1,
        }
    }
}

impl ExtensionCount {
    fn add(&mut self, other: Self) {
        self.offered += other.offered;
        self.used += other.used;
    }
}

/// Counts one at `index`.
fn count(counts: &mut [u64], index: usize) {
    if let Some(count) = counts.get_mut(index) {
        *count += 1;
    }
}

/// How many sessions are reported, and of how many.
pub(super) fn sessions(summary: &Summary) -> String {
    if summary.others == 0 {
        return human_count(summary.sessions, "session");
    }
    let all = human_count(summary.all_sessions(), "session");
    format!("{} of {all}", number(summary.sessions))
}

/// Whether it is a code of 2yz.
fn is_accepted(code: Option<u16>) -> bool {
    matches!(code, Some(200..=299))
}

/// Accepted and all recipients of a message.
pub(super) fn message_recipients(message: &Message) -> (u64, u64) {
    let accepted = message.recipients.iter().filter(|one| is_accepted(one.code)).count();
    (accepted as u64, message.recipients.len() as u64 + u64::from(message.elided_recipients))
}

/// The replies of 4yz and 5yz with the name of what they answer.
pub(super) fn errors(session: &Session) -> impl Iterator<Item = (&'static str, &Reply)> {
    replies(session).filter(|(_, reply)| is_error(reply))
}

/// The replies with the name of what they answer.
pub(super) fn replies(session: &Session) -> impl Iterator<Item = (&'static str, &Reply)> {
    let greeting = session.greeting.iter().map(|reply| ("greeting", reply));
    let exchanges = session
        .exchanges
        .iter()
        .filter_map(|exchange| Some((exchange.request.name(), exchange.reply.as_ref()?)));
    let unsolicited = session.unsolicited.iter().map(|one| ("unsolicited", &one.reply));
    greeting.chain(exchanges).chain(deliveries(session)).chain(unsolicited)
}

/// Whether it is a reply of 4yz or 5yz.
fn is_error(reply: &Reply) -> bool {
    matches!(reply.code, Some(400..=599))
}

/// LMTP's replies for each recipient, without those that are the reply of an exchange too.
fn deliveries(session: &Session) -> impl Iterator<Item = (&'static str, &Reply)> {
    let replies = session.messages.iter().flat_map(|message| {
        let bdat = message.transfer == Some(Transfer::Bdat);
        let name = if bdat { Request::Command(Verb::Bdat) } else { Request::EndOfData }.name();
        message.recipients.iter().filter_map(move |one| Some((name, one.delivery.as_deref()?)))
    });
    // Most sessions have none, and then nothing is to be compared.
    let mut told: Option<HashSet<u32>> = None;
    replies.filter(move |(_, reply)| {
        let told = told.get_or_insert_with(|| {
            session.exchanges.iter().filter_map(|one| Some(one.reply?.text.at)).collect()
        });
        !told.contains(&reply.text.at)
    })
}

/// The text of a reply's first line: printable, no more than `chars` characters.
pub(super) fn reply_excerpt(session: &Session, reply: &Reply, chars: usize) -> String {
    excerpt(&printable(first_line(session, reply)), chars)
}

/// The first `chars` characters of `text`, marked if it has more.
pub(super) fn excerpt(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::offered::Known;
    use super::super::sample::{entry, finding, hostile, ordinary, quiet, session};
    use super::*;
    use crate::chunk::End;
    use crate::timing;

    fn summary(sessions: &[(u64, Session)]) -> Summary {
        let mut summary = Summary::new(&Limits { summary_keywords: 3, ..Limits::default() });
        let mut examples = Examples::default();
        for (id, session) in sessions {
            let findings = [finding(b"x")];
            let entry = entry(*id, session, &findings);
            let phases = timing::of(session).phases;
            let held = summary.add(&entry, Known::new(120).of(session).0, &phases);
            examples.add(*id, entry.slot, &Note { held, ..Note::default() });
        }
        summary.settle();
        examples.number(summary)
    }

    /// All numbers of a summary, to compare two.
    fn text(summary: &Summary) -> String {
        serde_json::to_string(&super::super::model::Summary::new(summary, &[])).unwrap()
    }

    #[test]
    fn counts_what_the_sessions_have() {
        let summary = summary(&[(1, ordinary()), (2, quiet()), (3, hostile())]);
        assert_eq!((summary.sessions, summary.messages), (3, 2));
        assert_eq!((summary.recipients_accepted, summary.recipients_offered), (1, 3));
        assert_eq!(summary.severities, Severities { error: 3, warning: 0, note: 0 });
        assert_eq!(summary.ends(), BTreeMap::from([("quit", 2), ("server-closed", 1)]));
        assert_eq!(summary.outcomes(), BTreeMap::from([("accepted", 1), ("rejected", 1)]));
        let size = summary.extensions().find(|(keyword, _)| *keyword == "SIZE").unwrap().1;
        assert_eq!(size, ExtensionCount { offered: 2, used: 1 });
        let errors: Vec<_> =
            summary.errors.iter().map(|(e, n)| (e.command, e.code, n.times)).collect();
        assert_eq!(errors, [("", 500, 1), ("RCPT", 550, 2), ("greeting", 554, 1)]);
    }

    #[test]
    fn what_is_counted_by_index_is_named_by_it() {
        assert!(OUTCOMES.iter().enumerate().all(|(index, one)| *one as usize == index));
        assert!(End::ALL.iter().enumerate().all(|(index, end)| *end as usize == index));
        assert!(Verb::ALL.iter().enumerate().all(|(index, verb)| *verb as usize == index));
        assert_eq!(Request::Command(Verb::Other).kind(), Verb::ALL.len());
        assert_eq!(Request::EndOfData.kind(), Verb::ALL.len() + 1);
    }

    #[test]
    fn merging_is_adding_in_any_grouping() {
        let offering = |id, keyword: &str| {
            let dialog = format!("s< 220 x\nc> EHLO x\ns< 250-mx\ns< 250 {keyword}");
            (id, session(dialog.as_bytes(), End::ClientClosed))
        };
        let sessions = vec![
            (1, ordinary()),
            offering(2, "XE"),
            offering(3, "XA"),
            (4, hostile()),
            offering(5, "XC"),
            offering(6, "XD"),
            offering(7, "XE"),
            offering(8, "XB"),
            (9, ordinary()),
        ];
        let whole = text(&summary(&sessions));
        assert!(whole.contains("(other)") && whole.contains("\"XA\"") && !whole.contains("XE"));
        for cut in 0..=sessions.len() {
            let (left, right) = sessions.split_at(cut);
            let mut merged = summary(right);
            merged.merge(summary(left));
            assert_eq!(text(&merged), whole, "cut at {cut}");
        }
        let mut reversed = sessions;
        reversed.reverse();
        assert_eq!(text(&summary(&reversed)), whole);
    }

    #[test]
    fn unknown_keywords_do_not_grow_without_bound() {
        let mut dialog = Vec::from("s< 220 x\nc> EHLO x\ns< 250-mx");
        for n in 0..500 {
            dialog.extend(format!("\ns< 250-X{n}{}", "y".repeat(1000)).bytes());
        }
        dialog.extend(b"\ns< 250 SIZE");
        let summary = summary(&[(1, session(&dialog, End::Quit))]);
        let extensions: Vec<_> = summary.extensions().collect();
        assert_eq!(extensions.len(), 5);
        assert_eq!(extensions[4], ("(other)", ExtensionCount { offered: 497, used: 0 }));
        assert!(extensions.iter().all(|(keyword, _)| keyword.chars().count() <= 121));
    }

    #[test]
    fn a_delivery_counts_once_even_if_it_is_the_reply_too() {
        let dialog = b"s< 220 x\nc> LHLO x\ns< 250 x\nc> MAIL FROM:<a@b>\ns< 250 x
c> RCPT TO:<c@d>\ns< 250 x\nc> RCPT TO:<e@f>\ns< 250 x\nc> DATA\ns< 354 x\nc> .
s< 550 first\ns< 450 second";
        let mut session = session(dialog, End::Quit);
        let codes: Vec<_> = errors(&session).map(|(name, reply)| (name, reply.code)).collect();
        assert_eq!(codes, [(".", Some(550)), (".", Some(450))]);
        session.messages.clear();
        assert_eq!(errors(&session).count(), 1);
    }

    #[test]
    fn the_example_is_the_first_of_the_lowest_session() {
        let summary = summary(&[(7, hostile()), (4, hostile()), (9, hostile())]);
        let error = summary.errors[&ErrorKind { command: "greeting", code: 554 }].clone();
        assert_eq!((error.times, error.example.session), (3, 4));
        assert_eq!(error.example.frame, Some(4));
    }
}
