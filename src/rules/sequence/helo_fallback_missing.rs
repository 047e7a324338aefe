use super::{is_hello, is_turned_away};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "helo-fallback-missing",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::End],
    rfc: Some("RFC 5321 §3.2"),
    title: "the server does not know EHLO, and the client gave up without trying HELO",
    help: "after 500 or 502 to EHLO, send HELO and go on without extensions",
    explanation: "\
RFC 5321 §3.2: \"if the server returns a \"command not recognized\" response to EHLO, the client
SHOULD be able to fall back and send HELO.\" This one left, and its mail stays where it is. Some
firewalls and mail filters still answer EHLO like that. Only 500 and 502 count as \"not
recognized\"; other refusals of EHLO say that the name or the client is not welcome. A client
that must have an extension, such as STARTTLS by policy, has reason to leave.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 502 5.5.1 unknown command
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 550 5.7.1 you are not welcome
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Ehlo)], Fact::Refused, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let (session, before) = (step.case.session, step.exchange.before);
    // Of the codes in the catalogue, only these two say that EHLO is not known.
    let is_unknown = matches!(step.code()?, 500 | 502) && before.hello == Protocol::Unknown;
    let has_left = matches!(session.end, End::Quit | End::ClientClosed);
    if !is_unknown || !has_left || before.inferred || is_turned_away(session) {
        return None;
    }
    let later = session.exchanges.get(step.index as usize + 1..)?;
    let goes_on = |one: &Exchange| {
        is_hello(one.request) || one.request == Request::Command(Verb::Mail) || one.before.closing
    };
    let answer = step.answer()?;
    (!later.iter().any(goes_on)).then(|| {
        let text = format!(
            "EHLO was answered with {}, and the client left without trying HELO",
            answer.shown()
        );
        Hit::new(text)
    })
}
