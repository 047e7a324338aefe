//! One session in one row of a table.
//!
//! In: a session and its findings. Out: its cells, and how much it deserves to be seen.

use super::human::{lapse, number};
use super::summary::{errors, excerpt, message_recipients, reply_excerpt};
use super::view::used;
use crate::chunk::End;
use crate::dialog::session::{Outcome, Session};
use crate::escape::printable;
use crate::rules::{Finding, Severity};

/// The heads of the columns.
pub(super) const COLUMNS: [&str; 9] =
    ["#", "server", "client", "mail", "rcpt", "extensions used", "duration", "slowest", "end"];

/// What a hurried person wants to see first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Troubled,
    Fine,
}

impl Rank {
    /// Whether a hurried person should look at the session.
    pub(super) fn of(session: &Session, findings: &[Finding]) -> Self {
        let is_fine = matches!(session.end, End::Quit | End::Tls)
            && session.gaps.is_empty()
            && session.messages.iter().all(|message| message.outcome == Outcome::Accepted)
            && errors(session).next().is_none()
            && !findings.iter().any(|finding| matches!(finding.rule.severity, Severity::Error));
        if is_fine { Self::Fine } else { Self::Troubled }
    }
}

/// The cells of a session's row; texts are cut at `chars` characters.
pub(super) fn row(session: &Session, chars: usize) -> [String; COLUMNS.len()] {
    let peers = session.opening.peers;
    let server = match peers {
        Some(peers) => peers.server.to_string(),
        // A 220 greeting begins with the server's name (RFC 5321 §4.2, §4.3.1).
        None => session.greeting.as_ref().filter(|reply| reply.code == Some(220)).map_or_else(
            none,
            |greeting| {
                let text = reply_excerpt(session, greeting, chars);
                text.split(' ').next().map_or_else(none, str::to_owned)
            },
        ),
    };
    let named = session.helo.filter(|name| name.len > 0);
    let client = match (named, peers) {
        (Some(name), _) => excerpt(&printable(session.bytes(name)), chars),
        (None, Some(peers)) => peers.client.ip().to_string(),
        (None, None) => none(),
    };
    let accepted =
        session.messages.iter().filter(|message| message.outcome == Outcome::Accepted).count();
    let messages = session.messages.len() as u64 + session.elided_messages;
    let recipients = session.messages.iter().map(message_recipients);
    let (yes, all) = recipients.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let keywords: Vec<&str> = used(session).map(|extension| extension.keyword).collect();
    // The first of the slowest, if several took the same time.
    let slowest = session
        .exchanges
        .iter()
        .filter_map(|exchange| Some((exchange.latency()?, exchange.request.name())))
        .rev()
        .max_by_key(|(lapse, _)| *lapse);
    [
        // Its number is not known yet.
        String::new(),
        server,
        client,
        format!("{}/{}", number(accepted as u64), number(messages)),
        format!("{}/{}", number(yes), number(all)),
        keywords.join(" "),
        session.duration().map_or_else(none, lapse),
        slowest.map_or_else(none, |(time, name)| format!("{} {}", verb(name), lapse(time))),
        // Words, so that a narrow column can break between them.
        session.end.name().replace('-', " "),
    ]
}

/// The name of a request; a line that is no command has none.
pub(super) fn verb(name: &str) -> String {
    if name.is_empty() { String::from("(no command)") } else { name.to_owned() }
}

/// Nothing is known.
pub(super) fn none() -> String {
    String::from("-")
}
