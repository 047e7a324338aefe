use super::is_local;
use crate::rules::prelude::*;

// rules.tsv: only packets show the handshake; with TLS from the first byte there is no command.
pub(super) const RULE: Rule = Rule {
    id: "tls-sni-missing",
    category: Category::Tls,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Packets],
    rfc: Some("RFC 6066 §3; RFC 7672 §8.1"),
    title: "the client does not say in its TLS hello which host it wants",
    help: "send the server's name (SNI): the MX host, or the submission host that was configured",
    explanation: "\
With the extension server_name (RFC 6066 §3) the client says in its hello which host it means,
and a server with several names shows the certificate of that one. Without it the server shows
its default certificate, which a client that checks names then refuses. With DANE, RFC 7672 §8.1
has it that clients \"MUST send the SNI extension containing the client's TLSA base domain\". A
client that encrypts without checking anybody's name loses nothing. Usual causes: old TLS
libraries, or programs that connect to an address in place of a name.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# client-hello bare
# server-hello 0304
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 ready to start TLS
# client-hello
# server-hello 0304
",
    check: Check::Session(Fact::Tls, check),
};

/// The types of `server_name` and `encrypted_client_hello`.
const NAMES: [u16; 2] = [0, 0xfe0d];

fn check(case: Case<'_>) -> Vec<Hit> {
    let tls = case.session.tls.as_deref();
    let Some((tls, hello)) = tls.and_then(|tls| Some((tls, tls.facts.hello.as_deref()?))) else {
        return Vec::new();
    };
    if hello.extensions.iter().any(|kind| NAMES.contains(kind)) || is_local(case) {
        return Vec::new();
    }
    let message = "the TLS hello names no host (SNI): a server with several names shows its \
                   default certificate";
    vec![Hit::new(message).on(On::Moment(tls.begun))]
}
