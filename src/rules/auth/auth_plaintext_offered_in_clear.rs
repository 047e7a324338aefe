use super::is_on_loopback;
use crate::rules::prelude::*;
use crate::rules::standing::is;
use crate::smtp::reply::{self, ReplyLine};

// rules.tsv: what it cites of RFC 4616 stands in §5 there.
pub(super) const RULE: Rule = Rule {
    id: "auth-plaintext-offered-in-clear",
    category: Category::Auth,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::Offers],
    rfc: Some("RFC 4616 §5; RFC 4954 §9; RFC 8314 §3"),
    title: "the server offers PLAIN or LOGIN outside TLS",
    help: "offer PLAIN and LOGIN inside TLS only (smtpd_tls_auth_only, auth_advertise_hosts, …)",
    explanation: "\
\"By default, implementations SHOULD NOT advertise and SHOULD NOT make use of the PLAIN mechanism
unless adequate data security services are in place\" (RFC 4616 §5); RFC 4954 §9 says the same of all
mechanisms that show the password, and LOGIN is one. A client that is set to use TLS \"if
available\" will send its password in clear as soon as anything goes wrong with STARTTLS, or as
somebody on the path takes it out. Usual causes: an old configuration, or one for devices without
TLS. Not told on the loopback interface; innocent may be a server that is reached through IPsec or
a tunnel only. Of a transcript it is told where the same reply offers STARTTLS, which shows that
TLS had not begun.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH PLAIN LOGIN
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH CRAM-MD5 SCRAM-SHA-256
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::AuthOffered, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let hits = case.session.hellos.iter().find_map(|hello| {
        let answer = case.answer(Of::Exchange(hello.exchange))?;
        let step = answer.step()?;
        // Neighbours of one host speak LMTP.
        let is_lmtp = step.exchange.request == Request::Command(Verb::Lhlo);
        if step.exchange.before.tls || is_lmtp || is_on_loopback(case) {
            return None;
        }
        let mut found = None;
        let mut has_starttls = false;
        for (line, octets) in answer.lines().enumerate().skip(1) {
            // Few texts begin so: the others are not read.
            if let [b'2', b'5', b'0', b' ' | b'-', b'B'..=b'R' | b'T'..=b'Z', ..] = octets {
                continue;
            }
            let text = ReplyLine::parse(octets).text;
            if !matches!(text.first(), Some(b'A' | b'a' | b'S' | b's')) {
                continue;
            }
            let Some(offer) = reply::offer(text) else { continue };
            has_starttls |= is(offer.keyword, "STARTTLS");
            if found.is_none() && is(offer.keyword, "AUTH") {
                let is_plain = |name: &&[u8]| is(name, "PLAIN") || is(name, "LOGIN");
                let names: Vec<_> = offer.params().filter(is_plain).collect();
                found = (!names.is_empty()).then_some((line, names));
            }
        }
        let (line, names) = found.filter(|_| case.is_packets() || has_starttls)?;
        let verb = if names.len() > 1 { "are" } else { "is" };
        let names = names.join(&b" and "[..]);
        let names = String::from_utf8_lossy(&names);
        let end = "offered without TLS: clients may send their passwords in clear";
        Some(Hit::new([&names, verb, end].join(" ")).on(On::Reply(answer.of, line)))
    });
    hits.into_iter().collect()
}
