use crate::rules::prelude::*;
use crate::tls::ClientHello;

// rules.tsv: only packets show the handshake; with TLS from the first byte there is no command.
pub(super) const RULE: Rule = Rule {
    id: "tls-version-obsolete",
    category: Category::Tls,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Packets],
    rfc: Some("RFC 8996"),
    title: "the two agreed on a version of TLS that must not be used any more",
    help: "switch on TLS 1.2 and 1.3 at the end that lacks them",
    explanation: "\
RFC 8996 (BCP 195) forbids TLS 1.0 and 1.1, as RFC 7568 did SSLv3: they rest on MD5 and SHA-1,
and lack the authenticated ciphers. The server chooses, among what the client offers: whether
the client offered a better one is in the finding, and says at which end the old software or
setting is. Between mail servers any TLS is better than none, so that switching the old versions
off is the second step; the first is to update what has no newer one. In time, other servers
will refuse the handshake, and mail then waits.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# client-hello
# server-hello 0301
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
",
    check: Check::Session(Fact::Tls, check),
};

/// TLS 1.2.
const ENOUGH: u16 = 0x0303;

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(tls) = case.session.tls.as_deref() else { return Vec::new() };
    let facts = &tls.facts;
    let is_old = facts.version.is_some_and(|version| (0x0300..ENOUGH).contains(&version));
    let Some(name) = facts.version_name().filter(|_| is_old) else { return Vec::new() };
    let why = match facts.hello.as_deref().map(best) {
        Some(best) if best >= ENOUGH => {
            "although the client offers a newer one: it is the server's choice"
        }
        Some(_) => "and the client offers no newer one",
        None => "and the client's offer is not in the input",
    };
    let message = format!("the server chose {name}, {why}");
    vec![Hit::new(message).on(On::Moment(tls.begun))]
}

/// The newest version that a client offers, but for drafts.
fn best(hello: &ClientHello) -> u16 {
    let versions = hello.versions.iter().copied().filter(|&version| version <= 0x0304);
    versions.max().unwrap_or(hello.version)
}
