use crate::rules::prelude::*;
use memchr::memmem;

pub(super) const RULE: Rule = Rule {
    id: "auth-required",
    category: Category::Auth,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 4954 §6"),
    title: "the server wants authentication before it takes mail",
    help: "log in with AUTH before MAIL, or send to the domain's MX on port 25",
    explanation: "\
530 to MAIL or RCPT says that the server's policy asks for a login first (RFC 4954 §6). That is
how a submission server should be; it is nobody's fault, but mail does not go out. Usual causes: a
client without user and password, one that was not offered AUTH because it did not begin TLS, or a
relay that sends to a submission server instead of the MX. 530 that asks for STARTTLS is not told
here.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5
c> MAIL FROM:<a@example.org>
s< 530 5.7.0 authentication required
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> MAIL FROM:<a@example.org>
s< 530 5.7.0 must issue a STARTTLS command first
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Mail), Request::Command(Verb::Rcpt)],
        Fact::Refused,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if step.code() != Some(530) || step.exchange.before.authenticated {
        return None;
    }
    let answer = step.answer()?;
    let text = step.case.session.bytes(answer.reply.text).to_ascii_lowercase();
    let says = |word: &str| memmem::find(&text, word.as_bytes()).is_some();
    // RFC 3207 §4 has the same code for STARTTLS.
    let is_about_tls = says("tls") || says("encrypt") || says("ssl");
    let is_about_login = says("auth") || says("log in") || says("login") || says("sign in");
    (is_about_login && !is_about_tls).then(|| {
        let text =
            format!("{}: the server takes mail from clients that log in only", answer.shown());
        Hit::new(text).on_answer(&answer).once()
    })
}
