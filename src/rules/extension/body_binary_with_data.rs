use crate::rules::prelude::*;
use crate::rules::standing::is;
use crate::smtp::extension;
use std::sync::LazyLock;

pub(super) const RULE: Rule = Rule {
    id: "body-binary-with-data",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3030 §3"),
    title: "BODY=BINARYMIME was declared and then DATA was sent",
    help: "send binary messages with BDAT",
    explanation: "\
RFC 3030 §3: \"BINARYMIME cannot be used with the DATA command. If a DATA command is issued after
a MAIL command containing the body-value of \"BINARYMIME\", a 503 \"Bad sequence of commands\"
response MUST be sent.\" Mail data of DATA consists of lines and ends with a dot: binary content
cannot be told from that end, and what looks like one ends the message early, so that the rest
is read as commands. After the 503 the client must send RSET. Usual causes: BODY is chosen by
what the server offers, and the command by something else.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-8BITMIME
s< 250-CHUNKING
s< 250 BINARYMIME
c> MAIL FROM:<a@example.org> BODY=BINARYMIME
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 503 5.5.1 use BDAT
c> RSET
s< 250 2.0.0 ok
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
s< 250-CHUNKING
s< 250 BINARYMIME
c> MAIL FROM:<a@example.org> BODY=BINARYMIME
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RSET
s< 250 2.0.0 ok
c> MAIL FROM:<a@example.org> BODY=8BITMIME
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
# escaped
c> gr\\xc3\\xbc\\xc3\\x9fe
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Uncommon, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let case = step.case;
    if !case.session.used.indices().any(|index| Some(index) == *BINARYMIME) {
        return None;
    }
    let message = case.session.messages.get(step.exchange.message? as usize)?;
    let mail = case.mail(message).filter(|mail| !mail.is_refused())?;
    let param =
        mail.param(b"BODY").filter(|param| param.value.is_some_and(|v| is(v, "BINARYMIME")))?;
    let given = shown(mail.line().get(param.range)?);
    Some(Hit::new(format!(
        "DATA after {given}: DATA cannot carry binary content; the server must answer 503, and the \
         client must send RSET"
    )))
}

/// The place of BINARYMIME.
static BINARYMIME: LazyLock<Option<u8>> = LazyLock::new(|| extension::position(b"BINARYMIME"));
