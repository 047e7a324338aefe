use crate::rules::offers::unoffered_param;
use crate::rules::prelude::*;
use crate::rules::standing::is;
use crate::smtp::command::Param;

pub(super) const RULE: Rule = Rule {
    id: "smtputf8-not-advertised",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 6531 §3.4"),
    title: "the parameter SMTPUTF8 was used although the server does not offer it",
    help: "send SMTPUTF8 only where the last EHLO reply lists it, else return the message",
    explanation: "\
The client asks for internationalized mail, and the EHLO reply does not list SMTPUTF8. Such a
server answers 555, or takes the command and then damages or refuses the addresses and header
fields in UTF-8. RFC 6531 §3.5: a client \"MUST NOT send an internationalized message to an SMTP
server that does not support SMTPUTF8\"; §3.2 says what it can do in its place: return the
message, or try another server of the domain. Usual causes: a list of extensions that was
remembered from another server, or a filter between the two that strikes SMTPUTF8 out of the
EHLO reply.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 8BITMIME
c> MAIL FROM:<a@example.org> SMTPUTF8
s< 555 5.5.4 unsupported option: SMTPUTF8
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-8BITMIME
s< 250 SMTPUTF8
c> MAIL FROM:<a@example.org> SMTPUTF8
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
# escaped
c> Subject: gr\\xc3\\xbc\\xc3\\x9fe
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Mail), Request::Command(Verb::Vrfy), Request::Command(Verb::Expn)],
        Fact::Unoffered,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let param =
        if step.verb() == Some(Verb::Mail) { step.param(b"SMTPUTF8") } else { last_word(step) }?;
    unoffered_param(step, "SMTPUTF8", &param)
}

/// SMTPUTF8 as VRFY and EXPN have it: as their last word, behind another.
fn last_word<'s>(step: &Step<'s>) -> Option<Param<'s>> {
    let line = step.line().trim_ascii_end();
    let at = line.len().checked_sub("SMTPUTF8".len())?;
    let (before, keyword) = line.split_at_checked(at)?;
    let is_behind = at > step.command().argument_at && before.ends_with(b" ");
    let param = Param { keyword, value: None, range: at..line.len() };
    (is_behind && is(keyword, "SMTPUTF8")).then_some(param)
}
