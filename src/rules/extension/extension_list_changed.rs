use crate::dialog::session::Hello;
use crate::rules::prelude::*;
use crate::rules::standing::difference;

pub(super) const RULE: Rule = Rule {
    id: "extension-list-changed",
    category: Category::Extension,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Offers],
    rfc: Some("RFC 5321 §4.1.4"),
    title: "two EHLO replies of one session differ without TLS or AUTH between them",
    help: "give the same list to every EHLO of a session, unless TLS or AUTH has changed it",
    explanation: "\
The client sent EHLO twice, with nothing between that would change what the server can do, and
was given different lists. RFC 5321 §4.1.4: a later EHLO makes the server \"reset the state
exactly as if a RSET command had been issued\"; nothing in that changes its extensions. A client
uses what the last reply lists, so parameters that worked a moment ago are refused, or
protection is lost. Usual causes: a balancer or proxy that answers one of the two itself, a
filter that has masked one reply, or settings that were changed during the session. Some servers
choose what they offer by the name that the client gives: where the two names differ, this may
be meant.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 8BITMIME
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 5000000
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
s< 250 8BITMIME
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-8BITMIME
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
    let (before, after) = (before?, after?);
    let [old, new] = [&before, &after].map(|step| step.exchange);
    if old.before.tls != new.before.tls || old.request != new.request || new.before.inferred {
        return None;
    }
    // Whatever changes who the client is may change what it is offered.
    let between = case.session.exchanges.get(first.exchange as usize..second.exchange as usize);
    let is_change = |one: &Exchange| {
        matches!(
            one.request,
            Request::Command(
                Verb::Auth | Verb::Starttls | Verb::Xclient | Verb::Atrn | Verb::Turn | Verb::Other
            )
        )
    };
    if between?.iter().any(is_change) {
        return None;
    }
    let difference = difference(case, first, second)?;
    let names = [&before, &after].map(|step| step.command().argument.trim_ascii_end());
    let is_same = names[0].eq_ignore_ascii_case(names[1]);
    let hit = Hit::new(format!(
        "with neither TLS nor AUTH between, this EHLO reply {difference}; clients go by the last reply"
    ));
    let sure = if is_same { Confidence::Certain } else { Confidence::Possible };
    Some(hit.on(On::Reply(Of::Exchange(second.exchange), 0)).sure(sure))
}
