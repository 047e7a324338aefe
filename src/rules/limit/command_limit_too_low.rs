use crate::rules::limit::says;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-limit-too-low",
    category: Category::Limit,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.5.3.1.4"),
    title: "a command of less than 512 octets was refused as too long",
    help: "read command lines of at least 512 octets, and more where extensions add to it",
    explanation: "\
RFC 5321 §4.5.3.1.4: a command line may have 512 octets with its CRLF, and extensions add to
that; a server must be able to take them. The client can do nothing about a long address or host
name: the mail cannot be sent. Only 500 and 501 with a text that calls the line or command too
long are counted, for a line that follows the grammar. Usual causes: a buffer too small, or a
firewall that inspects SMTP with a limit of its own.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@department.de\
partment.department.department.department.department.department.department.department.depa\
rtment.department.department.example.net>
s< 500 line too long
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@department.de\
partment.department.department.department.department.department.department.department.depa\
rtment.department.department.example.net>
s< 501 path too long
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(
        &[
            Request::Command(Verb::Mail),
            Request::Command(Verb::Rcpt),
            Request::Command(Verb::Ehlo),
            Request::Command(Verb::Helo),
            Request::Command(Verb::Vrfy),
            Request::Command(Verb::Noop),
        ],
        Fact::Refused,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if !matches!(step.code(), Some(500 | 501)) {
        return None;
    }
    let answer = step.answer()?;
    let is_why = says(&answer, &["too long"]) && says(&answer, &["line", "command", "input"]);
    let octets = step.exchange.octets;
    if !is_why || octets > MOST || !step.parsed()?.flaws.is_empty() {
        return None;
    }
    // A server may have taken several for one.
    let is_early = |step: &Step<'_>| step.exchange.pipelined;
    if is_early(step) || step.next().is_some_and(|next| is_early(&next)) {
        return None;
    }
    let message = format!(
        "a command of {octets} octets was refused as too long, where {MOST} must be taken: {}",
        answer.shown()
    );
    Some(Hit::new(message).on_answer(&answer).once())
}

/// Octets that a command line can always have.
const MOST: u64 = 512;
