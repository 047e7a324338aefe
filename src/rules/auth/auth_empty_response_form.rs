use super::{BOTH, faults};
use crate::dialog::session::AuthWrong;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-empty-response-form",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4954 §4"),
    title: "an empty response of AUTH is not written as it must be",
    help: "write an empty initial response as =, and an empty answer to 334 as an empty line",
    explanation: "\
A response with no octets has two forms: behind the mechanism in the AUTH command it is \"a single
equals sign\", in answer to 334 it is an empty line (RFC 4954 §4). The other way round it is no
base64, and a server must answer 501. Mechanisms with empty responses are EXTERNAL (I am whom the
certificate names), the last step of SCRAM and DIGEST-MD5, and XOAUTH2 after an error. Usual causes:
two equals signs, quotes, and one routine that writes both forms.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH EXTERNAL
c> AUTH EXTERNAL
s< 334\x20
c> =
s< 501 5.5.2 cannot decode response
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH EXTERNAL
c> AUTH EXTERNAL =
s< 235 2.7.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(BOTH, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let (_, range) = faults(step).find(|(what, _)| *what == AuthWrong::Empty)?;
    let hit = Hit::new(if step.exchange.request == Request::AuthLine {
        "an empty answer to 334 is an empty line: = is the form for the AUTH command alone, and no \
         base64 here"
    } else {
        "an empty initial response is written as a single =, and this is no base64"
    });
    Some(hit.at(range))
}
