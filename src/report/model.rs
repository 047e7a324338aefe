//! The only types that serialise: the names that others script against (contract.md, "Report").
//!
//! In: a session, its findings, the counts of a run. Out: values for `serde_json`. Times are
//! RFC 3339 UTC, durations microseconds, sizes bytes; bytes of the wire are printable text; what
//! cannot be known is null. `docs/schema.json` is generated from these types.

#[cfg(test)]
use crate::chunk::End;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of these names.
pub const SCHEMA: &str = "smtp-audit/1";

/// Derives what every type here derives: text out, and in tests the schema.
macro_rules! model {
    ($($(#[$meta:meta])* pub struct $name:ident $(<$life:lifetime>)? { $($body:tt)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Serialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub struct $name $(<$life>)? { $($body)* }
    )*};
}

mod auth;
mod event;
mod times;
mod transport;

pub use auth::{Auth, AuthAttempt, AuthStep};
pub use event::Event;
pub use times::{ExchangeTiming, Latency, Phases, Rate, RoundTrip, Server, Servers, Slow, Timing};
pub(super) use transport::{Odd, Stall, TimeBySide, Transport};

model! {
    /// What both JSON forms say first.
    pub struct Head<'a> {
        /// Version of the report's names.
        #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
        pub schema: &'static str,
        /// What wrote the report.
        pub tool: Tool,
        /// The user ended the run before all was read.
        pub partial: bool,
        /// The inputs of the run.
        pub inputs: Vec<Input<'a>>,
    }

    /// What wrote the report.
    pub struct Tool {
        /// Name of the program.
        pub name: &'static str,
        /// Its version.
        pub version: &'static str,
    }

    /// One input of the run.
    pub struct Input<'a> {
        /// Its path, printable.
        pub path: String,
        /// How it was read; null if it was not.
        #[cfg_attr(test, schemars(extend("enum" = ["pcap", "pcapng", "transcript", null])))]
        pub kind: Option<&'a str>,
        /// Transcripts: the form of their lines; else null.
        pub dialect: Option<&'a str>,
        /// How sure that is, `given` if it was asked for; null in a capture.
        #[cfg_attr(test, schemars(extend("enum" = ["certain", "likely", "given", null])))]
        pub dialect_confidence: Option<&'a str>,
        /// Bytes read, decompressed.
        pub bytes: u64,
        /// Packets; 0 in a transcript.
        pub packets: u64,
        /// Sessions that begin in it.
        pub sessions: u64,
        /// What is wrong with it.
        pub problems: Vec<String>,
        /// What is to be said of it as a whole.
        pub findings: Vec<Finding<'a>>,
    }

    /// The last line of `ndjson`.
    pub struct Closing<'a> {
        /// Always `summary`.
        #[serde(rename = "type")]
        #[cfg_attr(test, schemars(extend("const" = "summary")))]
        pub kind: &'static str,
        /// What `json` says first.
        #[serde(flatten)]
        pub head: Head<'a>,
        /// The counts of the run.
        pub summary: Summary,
    }

    /// One SMTP connection.
    pub struct Session<'a> {
        /// Always `session`.
        #[serde(rename = "type")]
        #[cfg_attr(test, schemars(extend("const" = "session")))]
        pub kind: &'static str,
        /// Its number in the run, from 1, in order of first packet or line.
        pub id: u64,
        /// Path of the input in which it begins.
        pub input: &'a str,
        /// The end that sends commands; null in a transcript that does not say.
        pub client: Option<Peer>,
        /// The end that sends replies; null in a transcript that does not say.
        pub server: Option<Peer>,
        /// A proxy's word about the connection, if there was a proxy.
        pub via: Option<Via>,
        /// Time of the first packet or line.
        pub start: Option<String>,
        /// From there to the last packet or line.
        pub duration_us: Option<i64>,
        /// By EHLO, HELO, LHLO.
        #[cfg_attr(test, schemars(extend("enum" = ["ESMTP", "SMTP", "LMTP", "unknown"])))]
        pub protocol: &'static str,
        /// The server's first reply.
        pub greeting: Option<Greeting>,
        /// The client's name in its last EHLO, HELO or LHLO.
        pub helo: Option<String>,
        /// Service extensions.
        pub extensions: Extensions,
        /// TLS, if the session went into it.
        pub tls: Option<Tls>,
        /// The last AUTH.
        pub auth: Option<Auth>,
        /// Commands and replies, in the order in which the client sent them.
        pub exchanges: Vec<Exchange<'a>>,
        /// Replies that answer no command.
        pub unsolicited_replies: Vec<Unsolicited<'a>>,
        /// Mail transactions.
        pub messages: Vec<Message<'a>>,
        /// What was not kept because there was too much of it; null if all was kept.
        pub elided: Option<Elided>,
        /// Bytes that are not in the input.
        pub gaps: Vec<Gap<'a>>,
        /// Where the dialog was lost and found again.
        pub resyncs: Vec<Resync<'a>>,
        /// How it ended.
        #[cfg_attr(test, schemars(extend("enum" = End::ALL.map(End::name))))]
        pub end: &'static str,
        /// It was given up to bound memory: there was more of it.
        pub cut: bool,
        /// What TCP saw; null in a transcript.
        pub transport: Option<Transport<'a>>,
        /// Where the time went.
        pub timing: Timing,
        /// What happened, in a sentence.
        pub story: String,
        /// What happened, event by event; only where that is asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub events: Option<Vec<Event<'a>>>,
        /// What was found.
        pub findings: Vec<Finding<'a>>,
        /// Rules that this input does not allow to judge.
        pub not_judged: Vec<NotJudged<'a>>,
    }

    /// An address and a port.
    pub struct Peer {
        /// IPv4 or IPv6 address.
        pub addr: String,
        /// TCP port.
        pub port: u16,
    }

    /// A proxy in front of the dialog.
    pub struct Via {
        /// What kind.
        #[cfg_attr(test, schemars(extend("enum" = ["proxy-v1", "proxy-v2", "socks5", "http-connect"])))]
        pub kind: &'static str,
        /// The true client of a PROXY header, the target of SOCKS or CONNECT.
        pub addr: Option<String>,
        /// The port that goes with it.
        pub port: u16,
    }

    /// The server's first reply.
    pub struct Greeting {
        /// Its code; null if malformed.
        pub code: Option<u16>,
        /// Its lines' text.
        pub lines: Vec<String>,
        /// From the end of the TCP handshake.
        pub delay_us: Option<i64>,
    }

    /// Service extensions of a session.
    pub struct Extensions {
        /// In the last answered EHLO or LHLO.
        pub offered: Vec<Offer>,
        /// By the client's commands.
        pub used: Vec<&'static str>,
    }

    /// One keyword of an EHLO reply.
    pub struct Offer {
        /// In upper case.
        pub keyword: String,
        /// As sent.
        pub params: Vec<String>,
    }

    /// TLS in a session.
    pub struct Tls {
        /// How it began.
        #[cfg_attr(test, schemars(extend("enum" = ["starttls", "implicit"])))]
        pub how: &'static str,
        /// Frame of the first TLS record; null in a transcript.
        pub at_frame: Option<u64>,
        /// Protocol version, once read.
        pub version: Option<String>,
        /// Cipher suite, once read.
        pub cipher: Option<String>,
        /// Server name that the client asked for, once read.
        pub sni: Option<String>,
        /// Protocols inside TLS that the client offered.
        pub alpn: Vec<String>,
        /// The one that the server chose, before TLS 1.3.
        pub alpn_chosen: Option<String>,
        /// JA3 fingerprint of the client.
        pub ja3: Option<String>,
        /// JA4 fingerprint of the client.
        pub ja4: Option<String>,
        /// The server's certificate, before TLS 1.3.
        pub certificate: Option<Certificate>,
        /// Alerts in clear.
        pub alerts: Vec<Alert>,
        /// Whether both sides finished the handshake; null where that is not known.
        pub completed: Option<bool>,
        /// Why the handshake was not read to its end, if it was not.
        #[cfg_attr(test, schemars(extend("enum" = ["missing-bytes", "malformed", "too-long", null])))]
        pub unread: Option<&'static str>,
        /// Whether the dialog inside was read.
        pub decrypted: bool,
        /// Bytes of TLS records.
        pub bytes: BySide,
    }

    /// The certificate of a server.
    pub struct Certificate {
        /// Whose it is (RFC 4514).
        pub subject: String,
        /// Hosts, addresses, mailboxes and URIs that it is good for.
        pub names: Vec<String>,
        /// The first second of its validity.
        pub not_before: Option<String>,
        /// The last.
        pub not_after: Option<String>,
    }

    /// An alert of TLS in clear.
    pub struct Alert {
        /// Who sent it.
        #[cfg_attr(test, schemars(extend("enum" = ["client", "server"])))]
        pub side: &'static str,
        /// `warning`, `fatal`, or another number.
        pub level: String,
        /// The name of its description, or its number.
        pub description: String,
        /// The frame that completed it; null in a transcript.
        pub frame: Option<u64>,
    }

    /// One command and its reply.
    pub struct Exchange<'a> {
        /// Upper case; `.` end of mail data, `AUTH*` a later line of AUTH, empty: no command.
        pub verb: &'static str,
        /// As sent, secrets replaced.
        pub line: String,
        /// When it was complete.
        pub at: Option<String>,
        /// Path of the input that the frame is in; only where the session did not begin there.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<&'a str>,
        /// Frame that completed it; null in a transcript.
        pub frame: Option<u64>,
        /// Its line; null in a capture.
        pub line_no: Option<u64>,
        /// Null if none was seen.
        pub reply: Option<Reply<'a>>,
        /// From the packet that completed the command to that in which the reply begins.
        pub latency_us: Option<i64>,
        /// Whose that time was, and the time before the command.
        pub timing: ExchangeTiming,
        /// Sent before the client had seen the whole reply to the command before.
        pub pipelined: bool,
        /// Bytes of a secret that were replaced in the line; null if none.
        pub masked: Option<u32>,
        /// Bytes of the line are missing from the input.
        pub cut: bool,
    }

    /// A reply.
    pub struct Reply<'a> {
        /// Of its last line; null if malformed.
        pub code: Option<u16>,
        /// Enhanced status code (RFC 3463) of its first line.
        pub enhanced: Option<String>,
        /// Text after code and separator; malformed lines whole.
        pub lines: Vec<String>,
        /// When it began.
        pub at: Option<String>,
        /// Path of the input that the frame is in; only where the session did not begin there.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<&'a str>,
        /// Frame in which it begins; null in a transcript.
        pub frame: Option<u64>,
        /// Its first line; null in a capture.
        pub line_no: Option<u64>,
        /// Bytes of it are missing from the input.
        pub cut: bool,
    }

    /// A reply that answers no command.
    pub struct Unsolicited<'a> {
        /// The reply.
        #[serde(flatten)]
        pub reply: Reply<'a>,
        /// How many exchanges had begun when it came.
        pub after: u32,
    }

    /// One mail transaction that got as far as MAIL.
    pub struct Message<'a> {
        /// Reverse-path's mailbox, empty for `<>`; null if MAIL is missing.
        pub from: Option<String>,
        /// In the order of their RCPT.
        pub recipients: Vec<Recipient<'a>>,
        /// How the content was sent; null if it was not.
        #[cfg_attr(test, schemars(extend("enum" = ["DATA", "BDAT", null])))]
        pub transfer: Option<&'static str>,
        /// Octets of content, after dot-unstuffing, as far as seen; null where a log leaves it out.
        pub size: Option<u64>,
        /// What became of it.
        #[cfg_attr(test, schemars(extend("enum" = ["accepted", "rejected", "aborted", "unknown"])))]
        pub outcome: &'static str,
        /// The code that decided it.
        pub code: Option<u16>,
        /// False when bytes of it are missing from the input.
        pub complete: bool,
        /// Its BDAT chunks; null if it has none.
        pub chunks: Option<Chunks>,
        /// From when its content might be sent to its last octet.
        pub data_us: Option<i64>,
        /// Octets of content a second in that time.
        pub throughput: Option<u64>,
    }

    /// The BDAT chunks of a message.
    pub struct Chunks {
        /// How many.
        pub count: u32,
        /// Octets that they announce, in all.
        pub announced: u64,
        /// Octets of them that are in the input.
        pub seen: u64,
        /// One of them said LAST.
        pub last: bool,
    }

    /// One RCPT of a message.
    pub struct Recipient<'a> {
        /// Forward-path's mailbox.
        pub address: String,
        /// Code of the reply to RCPT.
        pub code: Option<u16>,
        /// LMTP: the reply to the end of data for this recipient.
        pub delivery: Option<Reply<'a>>,
    }

    /// What was not kept of a session.
    pub struct Elided {
        /// Exchanges.
        pub exchanges: u64,
        /// Messages.
        pub messages: u64,
        /// Recipients of kept messages.
        pub recipients: u64,
        /// Lines of kept replies.
        pub reply_lines: u64,
        /// Replies that answer no command.
        pub unsolicited_replies: u64,
        /// Gaps.
        pub gaps: u64,
        /// Resynchronisations.
        pub resyncs: u64,
        /// Client lines of which nobody can say what they are: after a gap or a late start.
        pub unread_lines: u64,
    }

    /// Bytes that are not in the input.
    pub struct Gap<'a> {
        /// Whose.
        #[cfg_attr(test, schemars(extend("enum" = ["client", "server"])))]
        pub side: &'static str,
        /// How many; 0 if nobody can know.
        pub bytes: u64,
        /// The other side acknowledged them: the capture lost them, not the network.
        pub acked: bool,
        /// When they were missed.
        pub at: Option<String>,
        /// Path of the input that the frame is in; only where the session did not begin there.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<&'a str>,
        /// Frame that showed it; null in a transcript.
        pub frame: Option<u64>,
        /// Line that showed it; null in a capture.
        pub line_no: Option<u64>,
    }

    /// Where the dialog was lost and found again.
    pub struct Resync<'a> {
        /// Whose stream.
        #[cfg_attr(test, schemars(extend("enum" = ["client", "server"])))]
        pub side: &'static str,
        /// Why.
        #[cfg_attr(test, schemars(extend("enum" = ["gap", "reply-missing", "end-of-data-missing", "parked"])))]
        pub why: &'static str,
        /// When it goes on.
        pub at: Option<String>,
        /// Path of the input that the frame is in; only where the session did not begin there.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<&'a str>,
        /// Frame in which it goes on; null in a transcript.
        pub frame: Option<u64>,
        /// Line in which it goes on; null in a capture.
        pub line_no: Option<u64>,
    }

    /// A number for each side.
    pub struct BySide {
        /// The client's.
        pub client: u64,
        /// The server's.
        pub server: u64,
    }

    /// What a rule found.
    pub struct Finding<'a> {
        /// The rule's id.
        pub rule: &'static str,
        /// How bad.
        #[cfg_attr(test, schemars(extend("enum" = ["error", "warning", "note"])))]
        pub severity: &'static str,
        /// How sure.
        #[cfg_attr(test, schemars(extend("enum" = ["certain", "likely", "possible"])))]
        pub confidence: &'static str,
        /// What it is about.
        #[cfg_attr(test, schemars(extend("enum" = ["command", "reply", "sequence", "extension",
            "pipelining", "data", "bdat", "line-ending", "auth", "tls", "status", "limit", "timing",
            "message", "middlebox", "transport", "input"])))]
        pub category: &'static str,
        /// Whose fault.
        #[cfg_attr(test, schemars(extend("enum" = ["client", "server", "middlebox", "network",
            "capture"])))]
        pub party: &'static str,
        /// The line does not match the ABNF of its command or reply.
        pub violates_abnf: bool,
        /// For a person.
        pub message: String,
        /// Where it is written; null where no RFC speaks.
        pub rfc: Option<&'static str>,
        /// Path of the input that the frame is in; only where the session did not begin there.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<&'a str>,
        /// Frame; null in a transcript.
        pub frame: Option<u64>,
        /// Line; null in a capture.
        pub line_no: Option<u64>,
        /// When.
        pub at: Option<String>,
        /// Index into `exchanges`.
        pub exchange: Option<u32>,
        /// The bytes it is about.
        pub evidence: String,
        /// Character of `evidence` at which it begins, from 1.
        pub column: Option<u64>,
        /// Character of `evidence` behind the last of them; the same where something is missing.
        pub end_column: Option<u64>,
        /// How to mend it.
        pub help: &'static str,
    }

    /// A rule that could not be judged.
    pub struct NotJudged<'a> {
        /// The rule's id.
        pub rule: &'a str,
        /// What the input lacks.
        pub why: &'static str,
    }

    /// The counts of a run.
    pub struct Summary {
        /// Sessions that are reported.
        pub sessions: u64,
        /// Sessions in the inputs: more than those that are reported, where some were chosen.
        pub all_sessions: u64,
        /// Mail transactions.
        pub messages: u64,
        /// Findings by severity, those about inputs included.
        pub findings: Severities,
        /// Findings by rule.
        pub by_rule: BTreeMap<&'static str, u64>,
        /// Sessions by extension; `(other)` are unknown keywords beyond the limit.
        pub extensions: BTreeMap<String, ExtensionCount>,
        /// Response times by verb.
        pub latency_us: BTreeMap<&'static str, Latency>,
        /// Delay of the greeting; null if none was seen.
        pub greeting_us: Option<Latency>,
        /// How long sessions were in each phase.
        pub latency_by_phase: BTreeMap<&'static str, Latency>,
        /// Response times by server, to a thirtieth.
        pub latency_by_server: Servers,
        /// The longest response times, in order.
        pub slowest: Vec<Slow>,
        /// Sessions a minute; null without times.
        pub sessions_per_minute: Option<Rate>,
        /// Recipients.
        pub recipients: RecipientCount,
        /// Messages by what became of them; `not-kept` are beyond the limit of a session.
        pub outcomes: BTreeMap<&'static str, u64>,
        /// Sessions by how they ended.
        pub ends: BTreeMap<&'static str, u64>,
        /// Replies of 4yz and 5yz, by command and code.
        pub errors: Vec<ErrorCount>,
        /// Sessions in which not every rule could be judged.
        pub not_judged: u64,
    }

    /// Findings by severity.
    pub struct Severities {
        /// Errors.
        pub error: u64,
        /// Warnings.
        pub warning: u64,
        /// Notes.
        pub note: u64,
    }

    /// Sessions with an extension.
    pub struct ExtensionCount {
        /// Offered.
        pub offered: u64,
        /// Used.
        pub used: u64,
    }

    /// Recipients.
    pub struct RecipientCount {
        /// RCPT commands in transactions.
        pub offered: u64,
        /// Those answered with 2yz.
        pub accepted: u64,
    }

    /// Replies of one code to one command.
    pub struct ErrorCount {
        /// The verb; `greeting` and `unsolicited` for replies without a command.
        pub command: &'static str,
        /// The code.
        pub code: u16,
        /// How many.
        pub count: u64,
        /// The first of them.
        pub example: Example,
    }

    /// One of many.
    pub struct Example {
        /// Number of its session.
        pub session: u64,
        /// Path of its input.
        pub input: String,
        /// Frame; null in a transcript.
        pub frame: Option<u64>,
        /// Line; null in a capture.
        pub line_no: Option<u64>,
        /// Its first line's text, shortened.
        pub text: String,
    }
}

/// Anything that a report in JSON can be: the object of `json`, or a line of `ndjson`.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[schemars(title = "smtp-audit report", rename = "Document")]
#[expect(dead_code, clippy::large_enum_variant, reason = "only its schema is wanted")]
pub(super) enum Document<'a> {
    /// `--format json`.
    Report(Report<'a>),
    /// A line of `--format ndjson`.
    Session(Session<'a>),
    /// The last line of `--format ndjson`.
    Closing(Closing<'a>),
}

/// The object of `json`, which is put together from texts.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema is wanted")]
pub(super) struct Report<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    /// In order of their numbers.
    sessions: Vec<Session<'a>>,
    /// The counts of the run.
    summary: Summary,
}
