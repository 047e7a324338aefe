use crate::rules::prelude::*;
use crate::rules::tls::is_gate;

pub(super) const RULE: Rule = Rule {
    id: "ehlo-rejected",
    category: Category::Reply,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Server],
    rfc: Some("RFC 5321 §3.2"),
    title: "the server refused EHLO",
    help: "let EHLO through: a filter or an old server stands in the way",
    explanation: "\
Servers must know EHLO (RFC 5321 §2.2.1, §4.1.1.1), and where one answers 5yz \"the client SHOULD
be able to fall back and send HELO\" (§3.2). Without EHLO there is no STARTTLS, no AUTH, no size
limit, no pipelining. Usual causes: a firewall that knows RFC 821 only, a name that the server
does not like (550), or EHLO sent where the server did not expect it (503).",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 502 command not implemented
c> HELO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 450 try again later
c> HELO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Ehlo)], Fact::Refused, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    // A server that has refused the session refuses this as well (§3.1).
    let is_open = step.case.greeting().is_none_or(|greeting| greeting.code() == Some(220));
    if step.class() != Some(Class::Permanent) || !is_open {
        return None;
    }
    // That STARTTLS must come first is told by starttls-gate-violated.
    if step.answer().is_some_and(|answer| is_gate(&answer)) {
        return None;
    }
    // What is wrong with the name is the client's, and others tell.
    let is_named = !step.command().argument.trim_ascii().is_empty()
        && step.parsed().is_none_or(|parsed| parsed.flaws.is_empty());
    if !is_named && !matches!(step.code(), Some(500 | 502)) {
        return None;
    }
    let rest = step.case.session.exchanges.iter().skip(step.index as usize + 1);
    let verbs = rest.map(|exchange| exchange.request);
    let mut hellos = verbs.filter(|request| {
        matches!(request, Request::Command(Verb::Helo | Verb::Ehlo | Verb::Lhlo))
    });
    let what = match hellos.next() {
        _ if step.exchange.before.hello != Protocol::Unknown => "what was agreed before stands",
        Some(Request::Command(Verb::Helo)) => "the client went on with HELO, without extensions",
        Some(_) => "the client tried again",
        None => "the client did not fall back to HELO",
    };
    let answer = step.answer()?;
    Some(
        Hit::new(format!("EHLO was refused with {}; {what}", answer.shown()))
            .on_answer(&answer)
            .once(),
    )
}
