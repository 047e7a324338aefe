use super::{AT_ONCE, COMMAND, duration, is_long, is_steady};
use crate::dialog::session::Reply;
use crate::rules::prelude::*;

// rules.tsv: that it is a timeout, only the server can say.
pub(super) const RULE: Rule = Rule {
    id: "server-timeout-short",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::Times],
    rfc: Some("RFC 5321 §4.5.3.2.7"),
    title: "the server gave up waiting for a command sooner than after five minutes",
    help: "wait at least 5 minutes for the next command",
    explanation: "\
RFC 5321 §4.5.3.2.7: a server \"SHOULD have a timeout of at least 5 minutes while it is awaiting the next
command from the sender\". This one said sooner that it had waited long enough, and closed. A client
that looks up its next recipient, builds a message or keeps a connection for more mail is cut off, and
its mail is delayed; if it sends MAIL at that moment, it meets a dead connection. Usual causes: a limit
lowered against an attack or under stress (Postfix does so by itself), a default of a library. It is
legal where the load asks for it, and a nuisance where it does not.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
# pause 30s
s< 421 4.4.2 mx.example.net Error: timeout exceeded
# end server-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
# pause 301s
s< 421 4.4.2 mx.example.net Error: timeout exceeded
# end server-closed
",
    check: Check::Session(Fact::Unsolicited, check),
};

/// Words of servers that waited too long, in lower case.
const WORDS: [&str; 7] =
    ["timeout", "timed out", "time-out", "time out", "idle", "inactiv", "time limit"];

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let index = session.unsolicited.len().saturating_sub(1);
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    let Some(answer) = case.answer(Of::Unsolicited(index)) else { return Vec::new() };
    // Content that is sent and commands that are owed a reply are other waits.
    let is_busy = session.exchanges.iter().any(|one| one.reply.is_none())
        || session.messages.last().is_some_and(|one| one.transfer.is_some() && !one.ended);
    if answer.code() != Some(421) || is_busy || case.is_damaged() {
        return Vec::new();
    }
    let greeted = session.greeting.as_ref();
    let last = session.exchanges.last().and_then(|one| one.reply.as_ref()).or(greeted);
    let idle = answer.mark().at.zip(last.and_then(Reply::ended)).map(|(at, last)| at.since(last));
    let Some(idle) = idle.filter(|&idle| idle >= AT_ONCE && !is_long(idle, COMMAND)) else {
        return Vec::new();
    };
    let text = session.bytes(answer.reply.text).to_ascii_lowercase();
    let has = |word: &&str| text.windows(word.len()).any(|part| part == word.as_bytes());
    // A limit on the whole session is another one.
    if !WORDS.iter().any(has) || has(&"session") || !is_steady(session) {
        return Vec::new();
    }
    let text = format!(
        "the server gave up after {} without a command; RFC 5321 §4.5.3.2.7 asks it to wait at least \
         5 minutes",
        duration(idle)
    );
    // So may this be, if its words do not say of what.
    let is_whole = session.duration().is_some_and(|all| is_long(all, COMMAND));
    let sure = if is_whole { Confidence::Possible } else { Confidence::Certain };
    vec![Hit::new(text).on_answer(&answer).sure(sure)]
}
