//! [`Session`] → [`Finding`]s: what a peer did wrong, and whose fault it is.
//!
//! A rule is one file with one value: id, category, severity, party, needs, RFC section, an
//! explanation, a dialog that fires it and one that does not. It picks the narrowest of four
//! hooks, and the rarest [`Fact`] without which it finds nothing. To add one: write its file and
//! name it in [`all`].

mod command;
mod extension;
mod fact;
mod input;
mod sequence;

use crate::chunk::Medium;
use crate::dialog::session::{Exchange, Mark, Message, Request, Session};
use crate::smtp::command::{Command, Verb, envelope};
use crate::smtp::defect::Defect;
use fact::Facts;

pub use fact::Fact;

/// All rules, by category.
const ALL: &[&Rule] = &[
    &command::path_space_after_colon::RULE,
    &extension::size_exceeds_declared::RULE,
    &input::session_midstream::RULE,
    &sequence::data_before_rcpt::RULE,
];

/// All rules, by category.
#[must_use]
pub fn all() -> &'static [&'static Rule] {
    ALL
}

/// Judges `session` by all rules: what was found, in the order of the dialog, and what could not
/// be judged.
///
/// What an ordinary session costs must not grow with the catalogue: only those rules are asked
/// whose [`Fact`] the session has, and all that was ever needed for that is one look at its
/// exchanges.
#[must_use]
pub fn run(session: &Session) -> (Vec<Finding>, Vec<NotJudged>) {
    let unmet = Need::ALL.map(|need| need.unmet(session));
    let is_judged = |rule: &Rule| unmet_of(rule, &unmet).is_none();
    let mut findings = Vec::new();
    for (fact, rules) in Facts::of(session) {
        for rule in rules.iter().filter(|rule| is_judged(rule)) {
            judge(rule, fact, session, &mut findings);
        }
    }
    for flaw in defects(session) {
        let is_it = |check| matches!(check, Check::Defect(defect) if defect == flaw.defect);
        for rule in ALL.iter().filter(|rule| is_it(rule.check) && is_judged(rule)) {
            let hit = Hit { message: rule.title.to_owned(), exchange: None, at: Some(flaw.at) };
            let found = finding(rule, session, Some(flaw.exchange), hit);
            findings.push(Finding { violates_abnf: true, ..found });
        }
    }
    if findings.len() > 1 {
        findings.sort_by_key(|finding| (finding.mark.place, finding.exchange, finding.rule.id));
    }
    let is_all_met = unmet.iter().all(Option::is_none);
    let not_judged = if is_all_met { Vec::new() } else { not_judged(&unmet) };
    (findings, not_judged)
}

/// Asks `rule`, of whose kind of facts `session` has `fact`.
fn judge(rule: &'static Rule, fact: usize, session: &Session, findings: &mut Vec<Finding>) {
    match rule.check {
        // These are found by what is wrong.
        Check::Defect(_) => {}
        Check::Step(_, check) => {
            for (index, exchange) in (0..).zip(&session.exchanges) {
                if exchange.request.kind() == fact
                    && let Some(hit) = check(session, exchange)
                {
                    findings.push(finding(rule, session, Some(index), hit));
                }
            }
        }
        Check::Mail(_, check) => {
            for message in &session.messages {
                if let Some(hit) = check(session, message) {
                    let exchange = hit.exchange.or(message.mail);
                    findings.push(finding(rule, session, exchange, hit));
                }
            }
        }
        Check::Session(_, check) => {
            if let Some(hit) = check(session) {
                let exchange = hit.exchange;
                findings.push(finding(rule, session, exchange, hit));
            }
        }
    }
}

/// The rules that cannot be judged.
#[cold]
fn not_judged(unmet: &[Option<&'static str>; 4]) -> Vec<NotJudged> {
    let unmet = ALL.iter().filter_map(|rule| Some((rule.id, unmet_of(rule, unmet)?)));
    unmet.map(|(rule, why)| NotJudged { rule, why: why.to_owned() }).collect()
}

/// The first need of `rule` that is not met.
fn unmet_of(rule: &Rule, unmet: &[Option<&'static str>; 4]) -> Option<&'static str> {
    rule.needs.iter().find_map(|&need| unmet.get(need as usize).copied().flatten())
}

/// What the grammar complains of in a command.
struct Flaw {
    defect: Defect,
    exchange: u32,
    /// Where in the line, as bytes from 0.
    at: usize,
}

/// What the grammar complains of in the commands of `session`: one reading for all rules.
fn defects(session: &Session) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for (exchange, one) in (0..).zip(&session.exchanges) {
        if one.cut || !may_have_envelope(one.request) {
            continue;
        }
        let line = session.bytes(one.line);
        // As nearly all begin.
        if line.starts_with(b"MAIL FROM:<")
            || line.starts_with(b"RCPT TO:<")
            || !may_be_flawed(line)
        {
            continue;
        }
        let Some(envelope) = envelope(&Command::parse(line)) else { continue };
        let found = envelope.defect.into_iter();
        flaws.extend(found.map(|(defect, range)| Flaw { defect, exchange, at: range.start }));
    }
    flaws
}

/// Whether the line of `request` may be one that [`envelope`] reads.
fn may_have_envelope(request: Request) -> bool {
    match request {
        Request::Command(verb) => matches!(
            verb,
            Verb::Mail | Verb::Rcpt | Verb::Send | Verb::Soml | Verb::Saml | Verb::Other
        ),
        Request::AuthLine => true,
        Request::EndOfData => false,
    }
}

/// Whether the grammar may complain of `line`. What it knows begins with a colon and a blank,
/// which few lines have, and reading a line takes longer than this.
fn may_be_flawed(line: &[u8]) -> bool {
    let mut colons = memchr::memchr_iter(b':', line);
    colons.any(|at| matches!(line.get(at + 1), Some(b' ' | b'\t')))
}

fn finding(rule: &'static Rule, session: &Session, exchange: Option<u32>, hit: Hit) -> Finding {
    let step = exchange.and_then(|index| session.exchanges.get(index as usize));
    let start = Mark { at: session.opening.at, place: session.opening.place };
    let column = hit.at.and_then(|at| u32::try_from(at + 1).ok());
    let inferred = step.is_some_and(|step| step.before.inferred) && hit.at.is_none();
    Finding {
        rule,
        severity: rule.severity,
        confidence: if inferred { Confidence::Likely } else { Confidence::Certain },
        party: rule.party,
        message: hit.message,
        mark: step.map_or(start, |step| step.asked),
        exchange,
        evidence: step.map_or_else(Vec::new, |step| session.bytes(step.line).to_vec()),
        column,
        violates_abnf: false,
    }
}

impl Need {
    /// All of them, in order.
    const ALL: [Self; 4] = [Self::Client, Self::Server, Self::Times, Self::Packets];

    /// Why `session` does not meet this need, if it does not.
    fn unmet(self, session: &Session) -> Option<&'static str> {
        let one_sided = session.opening.medium == Medium::Script;
        match self {
            Self::Client => session
                .exchanges
                .is_empty()
                .then_some("nothing that the client sent is in the input"),
            Self::Server => {
                let replies = session.greeting.is_some()
                    || !session.unsolicited.is_empty()
                    || session.exchanges.iter().any(|exchange| exchange.reply.is_some());
                (one_sided || !replies).then_some("nothing that the server sent is in the input")
            }
            Self::Times => session.opening.at.is_none().then_some("the input has no times"),
            Self::Packets => (session.opening.medium != Medium::Packets)
                .then_some("the input is a transcript, not packets"),
        }
    }
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
    /// The section that it rests on.
    pub rfc: Option<&'static str>,
    /// One line: what happens.
    pub title: &'static str,
    /// For the person who must fix it: why it matters and what to do.
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
    /// The grammar has found it in a command line.
    Defect(Defect),
    /// One exchange with one of these requests, and the state before it.
    Step(&'static [Request], fn(&Session, &Exchange) -> Option<Hit>),
    /// One mail transaction of a session with this fact.
    Mail(Fact, fn(&Session, &Message) -> Option<Hit>),
    /// The whole session, if it has this fact.
    Session(Fact, fn(&Session) -> Option<Hit>),
}

/// What a check has found.
#[derive(Clone, Debug, Default)]
pub struct Hit {
    /// What was seen, what the RFC asks, and what follows from it.
    pub message: String,
    /// Index of the exchange that it is about, where the hook does not say.
    pub exchange: Option<u32>,
    /// Where in the evidence, as bytes from 0.
    pub at: Option<usize>,
}

/// What is about to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// Command lines.
    Command,
    /// Order of commands and replies.
    Sequence,
    /// Service extensions.
    Extension,
    /// The recording.
    Input,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// A MUST or the ABNF is broken, or mail can be lost, duplicated or forged.
    Error,
    /// A SHOULD is broken, or it is legal but a known cause of incidents.
    Warning,
    /// Worth a line in a report.
    Note,
}

/// Whose fault a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// The side that sends commands.
    Client,
    /// The side that sends replies.
    Server,
    /// Something between them.
    Middlebox,
    /// The path.
    Network,
    /// The recording.
    Capture,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// Nothing else explains the bytes.
    Certain,
    /// Something before is missing or inferred.
    Likely,
    /// More than one thing is missing.
    Possible,
}

/// What a rule needs of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// The client's bytes.
    Client,
    /// The server's bytes.
    Server,
    /// Times.
    Times,
    /// Packets.
    Packets,
}

/// A rule that was broken, and where.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
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
    /// The line it is about.
    pub evidence: Vec<u8>,
    /// Where in the evidence, from 1.
    pub column: Option<u32>,
    /// The line does not match the ABNF of its command or reply.
    pub violates_abnf: bool,
}

/// A rule that could not be judged on a session.
#[derive(Clone, Debug)]
pub struct NotJudged {
    /// The rule's id.
    pub rule: &'static str,
    /// Why.
    pub why: String,
}

impl Category {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Sequence => "sequence",
            Self::Extension => "extension",
            Self::Input => "input",
        }
    }
}

impl Severity {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Party {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Middlebox => "middlebox",
            Self::Network => "network",
            Self::Capture => "capture",
        }
    }
}

impl Confidence {
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
