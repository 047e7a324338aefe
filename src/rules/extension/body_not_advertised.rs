use crate::rules::offers::unoffered_param;
use crate::rules::prelude::*;
use crate::rules::standing::is;

pub(super) const RULE: Rule = Rule {
    id: "body-not-advertised",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 6152 §3; RFC 3030 §3"),
    title: "BODY= was used although the server does not offer its extension",
    help: "send BODY=8BITMIME only where 8BITMIME is offered, BODY=BINARYMIME where BINARYMIME is",
    explanation: "\
BODY=7BIT and BODY=8BITMIME are of the extension 8BITMIME, BODY=BINARYMIME is of BINARYMIME, and
each may be used only where the EHLO reply lists its keyword. A server that does not know the
parameter answers 555 or 501, and the mail is not sent; one that ignores it may clear the eighth
bit or damage what is binary. RFC 3030 §3: without BINARYMIME the client \"MUST NOT, under any
circumstances, send binary data\". Usual causes: a fixed MAIL command in a script, or a filter
between the two that strikes the keyword out of the EHLO reply.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org> BODY=8BITMIME
s< 555 5.5.4 unsupported option: BODY=8BITMIME
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 8bitmime
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
    check: Check::Step(&[Request::Command(Verb::Mail)], Fact::Unoffered, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let param = step.param(b"BODY")?;
    let keyword = match param.value? {
        value if is(value, "BINARYMIME") => "BINARYMIME",
        value if is(value, "8BITMIME") => "8BITMIME",
        // Whoever offers BINARYMIME alone knows BODY.
        value if is(value, "7BIT") && step.offered().offer("BINARYMIME").is_none() => "8BITMIME",
        _ => return None,
    };
    unoffered_param(step, keyword, &param)
}
