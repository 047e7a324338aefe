use crate::rules::prelude::*;
use crate::rules::standing::{Standing, standing};

pub(super) const RULE: Rule = Rule {
    id: "invalid-parameter-accepted",
    category: Category::Extension,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 5321 §4.1.1.11"),
    title: "the server accepted a malformed parameter of an extension that it offers",
    help: "check the values of parameters, and refuse those that are malformed with 501",
    explanation: "\
The server offers an extension, was given a parameter of it with a value that the extension's
grammar does not allow, and said 2yz. RFC 5321 §4.1.1.11: what a server does not recognize or
cannot implement it answers with 555, and \"errors specific to particular parameters and their
values will be specified in the parameter's defining RFC\", mostly 501. By accepting it the
server promises what it has not understood: a size that it did not check, a notification that it
will not send. It also hides the client's fault, which the next server will refuse.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org> SIZE=12k
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org> SIZE=12k
s< 501 5.5.4 bad message size syntax
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Mail), Request::Command(Verb::Rcpt)],
        Fact::Unplain,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let flaws = step.parsed().filter(|_| step.is_accepted())?.flaws.as_slice();
    if step.case.session.messages.is_empty() {
        return None;
    }
    let (flaw, keyword) = flaws.iter().find_map(|flaw| Some((flaw, offered_by(flaw.defect)?)))?;
    // To a server that does not offer it, it is a parameter like any other that it ignores.
    if !matches!(standing(step, keyword), Standing::Offered(_)) {
        return None;
    }
    let answer = step.answer()?;
    let seen = shown(step.line().get(flaw.range.clone())?);
    let hit = Hit::new(format!(
        "{} to a malformed parameter of {keyword}, which the server offers: {seen} where {} belongs",
        answer.shown(),
        flaw.expected
    ));
    Some(hit.on_answer(&answer).once())
}

/// The extension by whose grammar `defect` is one. AUTH, ORCPT and ENVID are not among them: that
/// their text is not in xtext harms nobody, and many servers take it.
fn offered_by(defect: Defect) -> Option<&'static str> {
    Some(match defect {
        Defect::SizeInvalid => "SIZE",
        Defect::BodyInvalid => "8BITMIME",
        Defect::SmtpUtf8HasValue => "SMTPUTF8",
        Defect::NotifyInvalid | Defect::NotifyNeverCombined | Defect::RetInvalid => "DSN",
        Defect::DeliverByInvalid => "DELIVERBY",
        Defect::HoldInvalid | Defect::HoldConflict => "FUTURERELEASE",
        Defect::PriorityInvalid => "MT-PRIORITY",
        Defect::RrvsInvalid => "RRVS",
        Defect::RequireTlsHasValue => "REQUIRETLS",
        _ => return None,
    })
}
