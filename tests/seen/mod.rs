//! What the library makes of captures and transcripts, in a form to be compared, and the corpus
//! of dialogs that is woven into captures.

// Test support: what goes wrong must fail the test at once, and no test uses all of it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    dead_code,
    unused_imports,
    unreachable_pub
)]

mod corpus;

pub use corpus::{Script, corpus, turns};

use smtp_audit::chunk::{Gap, Side, Transport};
use smtp_audit::dialog::Settings;
use smtp_audit::dialog::session::{self, Message, Outcome, Session, Transfer};
use smtp_audit::dialog::state::State;
use smtp_audit::job::{self, Job};
use smtp_audit::pipeline::{Audited, Facts, Options, Source, collect};
use smtp_audit::report::{Format, Lint};
use smtp_audit::smtp::extension;
use smtp_audit::smtp::line::LineEnd;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

/// A session as it is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub peers: Option<(String, String)>,
    pub greeting: Option<Answer>,
    pub exchanges: Vec<Exchange>,
    pub messages: Vec<Mail>,
    pub offered: Vec<Vec<String>>,
    pub used: Vec<&'static str>,
    pub unsolicited: Vec<(Answer, u32)>,
    pub gaps: Vec<(Side, Gap)>,
    pub tls: Option<(bool, u64, u64)>,
    pub auth: Option<String>,
    pub end: &'static str,
}

/// A command with its reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    pub verb: &'static str,
    pub line: String,
    pub pipelined: bool,
    pub cut: bool,
    /// Length on the wire and line end; not of a line with a mask in it.
    pub wire: Option<(u64, LineEnd)>,
    pub masked: Option<u32>,
    pub before: State,
    pub message: Option<u32>,
    pub reply: Option<Answer>,
}

/// A reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub code: Option<u16>,
    pub lines: Vec<String>,
    pub cut: bool,
}

/// A message: in words, and the facts about its content.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    pub words: String,
    pub content: session::Content,
    pub complete: bool,
}

impl Seen {
    /// What is compared of `session`.
    pub fn of(session: &Session) -> Self {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let answer = |reply: &session::Reply| Answer {
            code: reply.code,
            lines: session.reply_lines(reply).map(text).collect(),
            cut: reply.cut,
        };
        let exchange = |exchange: &session::Exchange| Exchange {
            verb: exchange.request.name(),
            line: text(session.bytes(exchange.line)),
            pipelined: exchange.pipelined,
            cut: exchange.cut,
            wire: exchange.masked.is_none().then_some((exchange.octets, exchange.line_end)),
            masked: exchange.masked,
            before: exchange.before,
            message: exchange.message,
            reply: exchange.reply.as_ref().map(answer),
        };
        let mail = |message: &Message| Mail {
            words: words(session, message),
            content: message.content,
            complete: message.is_complete(),
        };
        let offers = |hello: &session::Hello| session.offers(hello).map(text).collect();
        let auth = |auth: &session::Auth| {
            let mechanism = text(session.bytes(auth.mechanism));
            format!("{mechanism} {:?} after {}", auth.outcome, auth.attempts)
        };
        let peers = session.opening.peers;
        let used = extension::all().iter().filter(|row| session.used.has(row.index()));
        Self {
            peers: peers.map(|peers| (peers.client.to_string(), peers.server.to_string())),
            greeting: session.greeting.as_ref().map(answer),
            exchanges: session.exchanges.iter().map(exchange).collect(),
            messages: session.messages.iter().map(mail).collect(),
            offered: session.hellos.iter().map(offers).collect(),
            used: used.map(|row| row.keyword).collect(),
            unsolicited: session.unsolicited.iter().map(|u| (answer(&u.reply), u.after)).collect(),
            gaps: session.gaps.iter().map(|gap| (gap.side, gap.gap)).collect(),
            tls: session.tls.as_ref().map(|tls| (tls.implicit, tls.bytes.client, tls.bytes.server)),
            auth: session.auth.as_deref().map(auth),
            end: session.end.name(),
        }
    }

    /// The same without what a transcript need not say and another close changes.
    pub fn dialog(mut self) -> Self {
        self.peers = None;
        self.end = "";
        self
    }

    /// The first thing in which this differs from what is `expected`.
    pub fn differs(&self, expected: &Self) -> Option<String> {
        if self == expected {
            return None;
        }
        let lines = [self, expected].map(|seen| {
            let all = format!("{seen:#?}");
            all.lines().map(String::from).collect::<Vec<_>>()
        });
        let [own, other] = &lines;
        let at = own.iter().zip(other).position(|(a, b)| a != b);
        let at = at.unwrap_or(own.len().min(other.len()));
        let around = |lines: &[String]| {
            let end = lines.len().min(at + 4);
            lines[at.saturating_sub(8).min(end)..end].join("\n")
        };
        let words = [self, expected].map(Self::exchange_words);
        Some(format!("{words:#?}\n{}\n-- expected:\n{}", around(own), around(other)))
    }

    /// The exchanges as a `# truth exchanges` line has them.
    pub fn exchange_words(&self) -> String {
        let words = self.exchanges.iter().map(|exchange| {
            let verb = if exchange.verb.is_empty() { "\"\"" } else { exchange.verb };
            let code = exchange.reply.as_ref().and_then(|reply| reply.code);
            let code = code.map_or("none".into(), |code| code.to_string());
            format!("{verb} {code}{}", if exchange.pipelined { "+" } else { "" })
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// A message as a `# truth message` line has it.
fn words(session: &Session, message: &Message) -> String {
    let text = |span| session.bytes(span).escape_ascii().to_string();
    let from = message.from.map_or("?".into(), |from| format!("<{}>", text(from)));
    let recipients = message.recipients.iter().map(|recipient| {
        let code = recipient.code.map_or("?".into(), |code| code.to_string());
        let delivery = recipient.delivery.as_ref().and_then(|reply| reply.code);
        let delivery = delivery.map_or(String::new(), |code| format!("/{code}"));
        format!("<{}> {code}{delivery}", text(recipient.address))
    });
    let to = recipients.collect::<Vec<_>>().join(", ");
    let to = if to.is_empty() { to } else { format!(" to {to}") };
    let by = match message.transfer {
        Some(Transfer::Data) => format!(" by DATA, {} octets", message.size()),
        Some(Transfer::Bdat) => format!(" by BDAT, {} octets", message.size()),
        None => String::new(),
    };
    let outcome = match message.outcome {
        Outcome::Accepted => "accepted",
        Outcome::Rejected => "rejected",
        Outcome::Aborted => "aborted",
        Outcome::Unknown => "unknown",
    };
    let code = message.code.map_or(String::new(), |code| format!(" {code}"));
    format!("{from}{to}{by}, {outcome}{code}")
}

/// Runs the library on `files`, one after the other.
pub fn run(files: &[&[u8]], options: &Options) -> (Vec<Audited>, Vec<Facts>) {
    let sources = files.iter().map(|file| Source::bytes("test", file.to_vec()));
    let (audited, facts) = collect(options, sources.collect());
    assert!(facts.iter().all(|facts| facts.error.is_none()), "{facts:?}");
    (audited, facts)
}

/// The sessions of a file.
pub fn sessions(file: &[u8]) -> Vec<Session> {
    let (audited, _) = run(&[file], &Options::default());
    audited.into_iter().map(|audited| *audited.session).collect()
}

/// The only session of a file, credentials shown.
pub fn session(file: &[u8]) -> Session {
    let settings = Settings { show_secrets: true, ..Settings::default() };
    let options = Options { settings: Arc::new(settings), ..Options::default() };
    let (mut audited, _) = run(&[file], &options);
    assert_eq!(audited.len(), 1, "how many sessions?");
    *audited.pop().unwrap().session
}

/// What TCP saw of a session.
pub fn transport(session: &Session) -> Transport {
    (**session.transport.as_ref().unwrap()).clone()
}

/// What `--format transcript` writes of a file, and the sessions it writes of.
pub fn transcript(file: &[u8], timestamps: bool) -> (Vec<u8>, Vec<Session>) {
    (written(file, &Options::default(), timestamps), sessions(file))
}

/// What `--format transcript` writes of a file.
pub fn written(file: &[u8], options: &Options, timestamps: bool) -> Vec<u8> {
    let out = Shared::default();
    let format = Format::Transcript;
    let (run, lint) = (options.clone(), Lint::default());
    let job =
        Job { run, format, width: None, timestamps, lint, filter: Arc::default(), events: false };
    let source = Source::bytes("test", file.to_vec());
    job::run(job, vec![source], &mut || {}, Box::new(out.clone())).unwrap();
    out.0.lock().unwrap().clone()
}

/// How many cases a test tries: `cases`, times the number in `SMTP_AUDIT_CASES`.
pub fn cases(cases: u32) -> u32 {
    let times = std::env::var("SMTP_AUDIT_CASES").ok().and_then(|times| times.parse().ok());
    cases * times.unwrap_or(1)
}

/// A place to write that is read afterwards.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
