use super::LINE;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-cancel-reply-invalid",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 4954 §4"),
    title: "the server did not answer * with 501",
    help: "end the exchange at a line with a single *, and answer 501",
    explanation: "\
A client gives up an AUTH exchange with a line that has a single *, and the server \"MUST reject the
AUTH command by sending a 501 reply\" (RFC 4954 §4). 535 counts as a wrong password, and may lock
the account or the address; 334 goes on with an exchange that the client has left, and its next
command is taken for a response; 235 lets it in. Usual causes: a server that hands * to the
mechanism as if it were a response. 421 may come at any time.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> *
s< 535 5.7.8 authentication failed
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
c> *
s< 501 5.7.0 authentication aborted
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(LINE, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let answer = step.answer()?;
    let code = answer.code()?;
    if step.line() != b"*" || matches!(code, 501 | 421) || step.exchange.before.inferred {
        return None;
    }
    let what = match code {
        300..400 => "goes on with the exchange",
        200..300 => "takes it for a login",
        535 => "counts as a wrong password",
        _ => "says something else",
    };
    Some(
        Hit::new(format!("{} in answer to * {what}: it must be answered with 501", answer.shown()))
            .on_answer(&answer),
    )
}
