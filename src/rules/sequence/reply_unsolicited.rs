use crate::rules::auth::is_oauth_error;
use crate::rules::pipelining;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-unsolicited",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Whole],
    rfc: Some("RFC 5321 §4.3.1"),
    title: "a reply came that answers no command",
    help: "send exactly one reply to each command, and of your own accord only 421",
    explanation: "\
RFC 5321 §4.3.1: the dialog alternates, \"the sender issues a command and the receiver responds
with a reply\". A reply too many shifts all that follow: the client takes it for the answer to
its next command, and may believe that a refused recipient or message was accepted, or the
reverse. Only 421 may come unasked (§3.8). Usual causes: a reply of several lines with a blank
instead of the hyphen in the middle, a filter that adds its own reply to that of the server
behind it, a line in the middle of a reply that looks like its end, and a notice of a timeout
with a code other than 421.",
    bad: "\
s< 220 mx.example.net ESMTP
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
s< 421 4.3.2 mx.example.net shutting down
# end server-closed
",
    check: Check::Session(Fact::Unsolicited, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if session.tls.is_some() || !session.resyncs.is_empty() {
        return Vec::new();
    }
    let mut found = None;
    let mut count = 0;
    for (index, one) in (0..).zip(&session.unsolicited) {
        let last = one.after.checked_sub(1).and_then(|last| case.step(last));
        // A server may refuse content before it ends; what follows STARTTLS is of another rule.
        let is_other = last.is_some_and(|last| match last.exchange.request {
            Request::Command(Verb::Data) => last.code() == Some(354),
            Request::Command(Verb::Bdat | Verb::Starttls) => true,
            Request::Command(Verb::Auth) | Request::AuthLine if is_oauth_error(&last) => true,
            _ => last.exchange.before.inferred,
        });
        let is_other = is_other || pipelining::is_surplus(case, one);
        if one.reply.code.is_some_and(|code| code != 421) && !is_other {
            found.get_or_insert(index);
            count += 1;
        }
    }
    // Where all replies are out of step, that is what is to be said.
    let found = found.filter(|_| pipelining::shift(case).is_none());
    let answer = found.and_then(|index| case.answer(Of::Unsolicited(index)));
    let hit = answer.map(|answer| {
        let text = format!(
            "{} answers no command{}: a client takes it for the reply to its next one",
            answer.shown(),
            if count > 1 { format!(", the first of {count} such replies") } else { String::new() }
        );
        Hit::new(text).on_answer(&answer)
    });
    hit.into_iter().collect()
}
