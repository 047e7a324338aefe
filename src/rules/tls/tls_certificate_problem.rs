use crate::rules::prelude::*;
use crate::time::Stamp;
use crate::tls::Certificate;

// rules.tsv: only packets show the handshake; with TLS from the first byte there is no command.
pub(super) const RULE: Rule = Rule {
    id: "tls-certificate-problem",
    category: Category::Tls,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Packets],
    rfc: Some("RFC 6125; RFC 5321 §7"),
    title: "the server's certificate has expired or is of another host",
    help: "renew the certificate, for the name that clients connect to, and load it",
    explanation: "\
Before TLS 1.3 the server's certificate crosses the network in clear, and so its dates and names
can be compared with the time of the session and with the name that the client asked for (SNI).
Clients that check (submission, MTA-STS) end the handshake or the session here, and the mail
waits; mail servers without a policy take any certificate, as encryption without authentication
is better than none (RFC 3207 §4.1), and so such a fault may stay unseen for years. Names are
compared as RFC 6125 §6.4 does: with the names in subjectAltName, where a star stands for one
label. Who signed it is not checked. If the clock of the recording is wrong, so is what is said
of the dates.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# client-hello
# server-hello 0303
# certificate 20200101000000Z 20210101000000Z mx.example.net
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# client-hello
# server-hello 0303
# certificate 20200101000000Z 20400101000000Z *.example.net
",
    check: Check::Session(Fact::Tls, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(tls) = case.session.tls.as_deref() else { return Vec::new() };
    let Some(certificate) = tls.facts.certificate.as_deref() else { return Vec::new() };
    let asked = tls.facts.hello.as_deref().and_then(|hello| hello.server_name.as_deref());
    let dates = tls.begun.at.and_then(|at| wrong_dates(certificate, at));
    let host = asked.and_then(|name| wrong_name(certificate, name));
    let wrong: Vec<String> = dates.into_iter().chain(host).collect();
    if wrong.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "the certificate of {} {}: clients that check it do not send",
        shown(&certificate.subject),
        wrong.join(", and ")
    );
    vec![Hit::new(message).on(On::Moment(tls.begun))]
}

/// What is wrong with the dates of `certificate` at the time `at`.
fn wrong_dates(certificate: &Certificate, at: Stamp) -> Option<String> {
    let time = |text: &Option<Box<str>>| Some(Stamp::parse_rfc3339(text.as_deref()?)?.0);
    let (from, to) = (time(&certificate.not_before), time(&certificate.not_after));
    if to.is_some_and(|to| to < at) {
        Some(format!("expired at {}", certificate.not_after.as_deref()?))
    } else if from.is_some_and(|from| from > at) {
        Some(format!("is not valid before {}", certificate.not_before.as_deref()?))
    } else {
        None
    }
}

/// That `certificate` is of other hosts than `asked`, if it is of any.
fn wrong_name(certificate: &Certificate, asked: &[u8]) -> Option<String> {
    // Without names the subject counts for some clients, and for others not.
    let is_other =
        !certificate.names.is_empty() && !certificate.names.iter().any(|it| is(it, asked));
    let first = certificate.names.iter().next()?;
    is_other.then(|| {
        format!("is for {} and not for {}, which the client asked for", shown(first), shown(asked))
    })
}

/// Whether `name` of a certificate is that of `host` (RFC 6125 §6.4).
fn is(name: &[u8], host: &[u8]) -> bool {
    let host = host.strip_suffix(b".").unwrap_or(host);
    let Some(rest) = name.strip_prefix(b"*.") else { return name.eq_ignore_ascii_case(host) };
    let dot = host.iter().position(|&octet| octet == b'.');
    dot.and_then(|dot| host.get(dot + 1..)).is_some_and(|host| host.eq_ignore_ascii_case(rest))
}
