use crate::dialog::session::Hello;
use crate::rules::prelude::*;
use crate::rules::standing::difference;

pub(super) const RULE: Rule = Rule {
    id: "extension-list-changed-after-tls",
    category: Category::Extension,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Offers],
    rfc: Some("RFC 3207 §4.2"),
    title: "the server offers other extensions inside TLS than in clear",
    help: "nothing to mend if it is meant: compare the two lists with what should be offered",
    explanation: "\
RFC 3207 §4.2: the list of extensions after the handshake \"MAY be different than the list
returned before the TLS handshake\", so this is legal, and AUTH is often offered only inside TLS.
The difference is shown because it explains what a client does next, and because a list in clear
that is shorter or longer than it should be is a sign of a filter between the two: what was sent
in clear can be changed on the way, what was sent inside TLS cannot. That STARTTLS is gone is as
it must be, and not shown.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 go ahead
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 AUTH PLAIN LOGIN
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 STARTTLS
c> STARTTLS
s< 220 2.0.0 go ahead
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::HelloAgain, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let hellos = &case.session.hellos;
    let pairs = hellos.iter().zip(hellos.iter().skip(1));
    pairs.filter_map(|(first, second)| compare(case, first, second)).collect()
}

fn compare(case: Case<'_>, first: &Hello, second: &Hello) -> Option<Hit> {
    let [before, after] = [first, second].map(|hello| case.step(hello.exchange));
    let is_tls = |step: Option<Step<'_>>| Some(step?.exchange.before.tls);
    if is_tls(before)? || !is_tls(after)? {
        return None;
    }
    let difference = difference(case, first, second)?;
    let hit = Hit::new(format!("compared with the EHLO reply in clear, this one {difference}"));
    Some(hit.on(On::Reply(Of::Exchange(second.exchange), 0)))
}
