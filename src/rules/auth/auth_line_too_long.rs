use super::LINE;
use crate::rules::prelude::*;

/// Something eight times.
macro_rules! eight {
    ($text:expr) => {
        concat!($text, $text, $text, $text, $text, $text, $text, $text)
    };
}

pub(super) const RULE: Rule = Rule {
    id: "auth-line-too-long",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4954 §4"),
    title: "a response of AUTH is longer than 12288 octets",
    help: "use smaller tokens or tickets: fewer groups in it, or another mechanism",
    explanation: "\
Lines of an AUTH exchange may be longer than commands; \"12288 octets is considered to be a
sufficient line length limit\" (RFC 4954 §4), and servers have buffers of about that size: they
answer 500 5.5.6, and the login fails, mostly for some users only. Usual causes: a Kerberos ticket
of an account in very many groups, a token with many claims, a test for a buffer overflow, or
something that is no response at all.",
    bad: concat!(
        "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n",
        "s< 250 AUTH GSSAPI\nc> AUTH GSSAPI\ns< 334 \nc> ",
        eight!(eight!(eight!("YIICWwYJKoZIhvcSAQICAQBuggJK"))),
        "\ns< 500 5.5.6 line too long\nc> QUIT\ns< 221 2.0.0 bye\n# end quit\n"
    ),
    good: concat!(
        "s< 220 mx.example.net ESMTP\nc> EHLO client.example.org\ns< 250-mx.example.net\n",
        "s< 250 AUTH GSSAPI\nc> AUTH GSSAPI\ns< 334 \nc> ",
        eight!(eight!("YIICWwYJKoZIhvcSAQICAQBuggJKYIICWwYJKoZIhvcSAQICAQBuggJK")),
        "\ns< 454 4.7.0 temporary authentication failure\nc> QUIT\ns< 221 2.0.0 bye\n# end quit\n"
    ),
    check: Check::Step(LINE, Fact::LongLine, check),
};

/// The octets that servers have room for (RFC 4954 §4).
const MOST: u64 = 12_288;

fn check(step: &Step<'_>) -> Option<Hit> {
    let octets = step.exchange.octets;
    (octets > MOST).then(|| {
        Hit::new(format!(
            "this response has {octets} octets with its line end: servers need have room for \
             {MOST}, and answer 500 to more"
        ))
    })
}
