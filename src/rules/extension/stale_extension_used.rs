use crate::rules::prelude::*;
use crate::rules::standing::{Standing, standing, use_of};
use crate::smtp::extension::{self, Extension};

pub(super) const RULE: Rule = Rule {
    id: "stale-extension-used",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 3207 §4.2"),
    title: "used inside TLS although only the EHLO reply before TLS offered it",
    help: "send EHLO again after the TLS handshake and use only what that reply lists",
    explanation: "\
RFC 3207 §4.2: after STARTTLS \"the client MUST discard any knowledge obtained from the server,
such as the list of SMTP service extensions, which was not obtained from the TLS negotiation
itself\". What was said in clear may have been forged on the way, and the server may offer other
extensions inside TLS. Here the client still uses an extension that only the EHLO reply in clear
listed; the server may refuse the command or ignore the parameter. Usual causes: a client that
does not send EHLO again after the handshake, or that merges both lists.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 go ahead
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 8BITMIME
c> MAIL FROM:<a@example.org> SIZE=200
s< 555 5.5.4 unsupported option: SIZE=200
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 go ahead
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org> SIZE=200
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
    check: Check::Session(Fact::Unoffered, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    // Whoever never offered anything but inside TLS has nothing stale.
    let in_tls = |exchange: &Exchange| exchange.before.tls;
    let Some(first) = case.session.exchanges.iter().position(in_tls) else { return Vec::new() };
    if case.session.hellos.is_empty() {
        return Vec::new();
    }
    let used = case.session.used.indices().filter_map(extension::by_index);
    // Of the commands that need no offer nothing is stale; STARTTLS twice is another fault.
    let used = used.filter(|row| {
        !matches!(
            row.keyword,
            "HELP" | "VRFY" | "EXPN" | "TURN" | "SEND" | "SOML" | "SAML" | "STARTTLS"
        )
    });
    used.filter_map(|row| case.steps().skip(first).find_map(|step| used_by(&step, row))).collect()
}

/// What to say if `step` makes use of `row`, and only an EHLO reply in clear offers it.
fn used_by(step: &Step<'_>, row: &'static Extension) -> Option<Hit> {
    let (given, at) = use_of(step, row)?;
    let Standing::Stale = standing(step, row.keyword) else { return None };
    let hit = Hit::new(format!(
        "{given} needs {}, which only the EHLO reply before TLS offers: the client must forget that \
         reply, and the server may refuse or ignore what it does not offer inside TLS",
        row.keyword
    ));
    Some(hit.on(On::Command(step.index)).at(at))
}
