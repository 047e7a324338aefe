use super::COMMAND;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-repeated",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 4954 §4"),
    title: "AUTH was sent again after it had succeeded",
    help: "authenticate once in a session; open another connection to be somebody else",
    explanation: "\
After a successful AUTH \"no more AUTH commands may be issued in the same session\", and a server
must answer 503 (RFC 4954 §4). A client that takes that for a failed login gives up, or asks the
user for a password that is right. RSET and EHLO do not end a login; STARTTLS does. Usual causes: a
connection that is kept and used again by code that begins with AUTH each time, or one for another
user.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 235 2.7.0 ok
c> AUTH CRAM-MD5
s< 503 5.5.1 already authenticated
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 454 4.7.0 temporary authentication failure
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUzQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 235 2.7.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(COMMAND, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let one = step.exchange;
    if !one.before.authenticated || one.before.inferred || one.pipelined || one.reply.is_none() {
        return None;
    }
    // XCLIENT begins a session anew.
    let earlier = step.case.session.exchanges.get(..step.index as usize).unwrap_or_default();
    if earlier.iter().any(|one| one.request == Request::Command(Verb::Xclient)) {
        return None;
    }
    let command = step.command();
    let end = if step.is_refused() { "" } else { ", and a server must answer 503" };
    Some(
        Hit::new(format!(
            "AUTH was sent again, although the client is authenticated: once is all that a session \
             may have{end}"
        ))
        .at(command.word_at..command.word_at + command.word.len()),
    )
}
