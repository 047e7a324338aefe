use super::is_turned_away;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "session-without-mail",
    category: Category::Sequence,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Start, Need::End, Need::Whole],
    rfc: Some("RFC 5321 §3.1"),
    title: "the session had no mail in it",
    help: "connect only when there is something to send; else, let the server know its probes",
    explanation: "\
The client introduced itself, perhaps logged in, and left: no MAIL, and nothing else that it
could have come for. That is legal (\"There may be zero or more transactions in a session\", RFC
5321 §4.1.4), and usual for monitoring, for load balancers' health checks, and for mail programs
that test their settings. In numbers it may be a search for passwords or open servers, or a
client that does not like what the server offers. Sessions that the server refused are not
counted.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> VRFY b
s< 252 2.1.5 send some mail
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Unfinished, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if !session.messages.is_empty() || session.tls.is_some() {
        return Vec::new();
    }
    let has_left = matches!(session.end, End::Quit | End::ClientClosed);
    let is_idle = |one: &Exchange| {
        let is_accepted = one.reply.is_some_and(|reply| reply.code.is_some_and(|code| code < 400));
        let is_idle = match one.request {
            Request::Command(verb) => matches!(
                verb,
                Verb::Ehlo
                    | Verb::Helo
                    | Verb::Lhlo
                    | Verb::Noop
                    | Verb::Rset
                    | Verb::Help
                    | Verb::Auth
                    | Verb::Quit
            ),
            Request::AuthLine => true,
            Request::EndOfData => false,
        };
        is_idle && (is_accepted || one.request == Request::Command(Verb::Quit))
    };
    let is_so = has_left && !is_turned_away(session) && session.exchanges.iter().all(is_idle);
    if !is_so {
        return Vec::new();
    }
    let mut names: Vec<&str> = Vec::new();
    for one in &session.exchanges {
        if one.request != Request::AuthLine && !names.contains(&one.request.name()) {
            names.push(one.request.name());
        }
    }
    vec![Hit::new(format!("the session had only {}, and no mail", names.join(", ")))]
}
