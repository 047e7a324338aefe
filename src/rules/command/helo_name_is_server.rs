use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "helo-name-is-server",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.1.1.1"),
    title: "the client gives the name of the server as its own",
    help: "set the client to its own name",
    explanation: "\
EHLO and HELO \"are used to identify the SMTP client to the SMTP server\" (RFC 5321 §4.1.1.1).
This client gives the very name that the server greeted it with. Spam software does that to look
like a host of the house, and many servers refuse it for that reason. Innocent: a program on the
server's own host, a proxy or filter before it that shares its name, a cluster whose members
share one; or a client set to the name of the server where its own belongs. A connection of a
host to itself is not told.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO mx.example.net
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Ehlo), Request::Command(Verb::Helo)],
        Fact::Loop,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let greeting = step.case.greeting()?;
    let named = greeting.texts().next()?.split(|&octet| octet == b' ').next()?;
    let command = step.command();
    let name = command.argument.trim_ascii_end();
    if !name.eq_ignore_ascii_case(named) || greeting.code() != Some(220) {
        return None;
    }
    // What many hosts call themselves.
    let is_common = !name.contains(&b'.') || name.to_ascii_lowercase().starts_with(b"localhost");
    let peers = step.case.session.opening.peers;
    let is_itself = peers.is_some_and(|peers| {
        peers.client.ip() == peers.server.ip() || peers.client.ip().is_loopback()
    });
    if is_common || is_itself || super::is_said(step) {
        return None;
    }
    let (verb, text) = (step.verb()?.name(), shown(name));
    let hit = Hit::new(format!(
        "{verb} with {text}, which is the name in the server's greeting: the client should give its own, \
         and servers refuse this as a forgery"
    ));
    let hit = hit.at(command.argument_at..command.argument_at + name.len());
    Some(if peers.is_some() { hit } else { hit.sure(Confidence::Likely) })
}
