use crate::rules::prelude::*;
use crate::rules::standing::{Standing, extension_of, standing};
use crate::smtp::extension::{self, Known};

pub(super) const RULE: Rule = Rule {
    id: "param-in-helo-session",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Offers],
    rfc: Some("RFC 5321 §2.2.1, §4.1.1.1"),
    title: "a parameter of an extension after HELO",
    help: "greet with EHLO to use extensions; after HELO send MAIL and RCPT without parameters",
    explanation: "\
HELO opens a session without extensions: only the reply to EHLO says which ones a server has
(RFC 5321 §2.2.1, §4.1.1.1), and a client \"MUST NOT transmit parameters other than those
associated with a service extension offered by the server in its EHLO response\" (§4.1.1.3). An
old server answers 501 or 555, or takes the parameter for a part of the address. Usual causes: a
client that fell back to HELO and forgot it, a proxy that turns EHLO into HELO.",
    bad: "\
s< 220 mx.example.net ESMTP
c> HELO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org> SIZE=1000
s< 555 parameters not supported
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10000000
c> MAIL FROM:<alice@example.org> SIZE=1000
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Mail), Request::Command(Verb::Rcpt)],
        Fact::Helo,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let before = step.exchange.before;
    if before.hello != Protocol::Smtp || before.inferred {
        return None;
    }
    let verb = step.verb()?;
    // What no extension has, others tell.
    let is_known =
        |keyword: &[u8]| matches!(extension::parameter(verb, keyword), Known::Here { .. });
    let param = step.envelope()?.params().find(|param| is_known(param.keyword))?;
    // HELO after EHLO does not unsay what the server can; what it said before TLS, others tell.
    let row = extension_of(verb, &param);
    if row.is_some_and(|row| {
        matches!(standing(step, row.keyword), Standing::Offered(_) | Standing::Stale)
    }) {
        return None;
    }
    let (seen, verb) = (shown(step.line().get(param.range.clone())?), verb.name());
    let hit = Hit::new(format!(
        "{seen} in {verb} after HELO: only a server that was greeted with EHLO can have offered it"
    ));
    Some(hit.at(param.range))
}
