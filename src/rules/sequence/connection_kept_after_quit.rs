use crate::rules::prelude::*;
use crate::time::Lapse;

pub(super) const RULE: Rule = Rule {
    id: "connection-kept-after-quit",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.1.1.10"),
    title: "the server did not close the connection after 221",
    help: "close the connection as soon as the 221 is sent",
    explanation: "\
RFC 5321 §4.1.1.10: after its 221 the server has to \"close the transmission channel\". Clients
that wait for that hang until their own timeout and hold a delivery slot for so long; the server
keeps a process for nobody. Here the server answered more commands after its 221, or let the
connection stand for seconds until the client closed it, or to the end. A client that closes
right after the 221 leaves the server no time, and nobody is blamed. Usual causes: a handle that
a child process of the server keeps open, proxies that do not pass on the end.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: x
c> 
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
c> NOOP
s< 250 2.0.0 ok
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: x
c> 
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end client-closed
",
    check: Check::Session(Fact::OddEnd, check),
};

/// How long a server may take to close; it could at once.
const TIME: Lapse = Lapse::from_nanos(5_000_000_000);

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if session.end != End::Quit {
        return Vec::new();
    }
    let is_quit = |one: &Exchange| {
        one.request == Request::Command(Verb::Quit)
            && one.reply.is_some_and(|reply| reply.code == Some(221))
    };
    let Some(quit) = session.exchanges.iter().position(is_quit) else { return Vec::new() };
    let mut later = session.exchanges.iter().skip(quit + 1);
    let goes_on = later.position(|one| {
        !one.before.inferred
            && one.reply.is_some_and(|reply| reply.code.is_some_and(|code| code != 421))
    });
    if let Some(next) = goes_on {
        let index = u32::try_from(quit + 1 + next).unwrap_or(u32::MAX);
        let Some(answer) = case.answer(Of::Exchange(index)) else { return Vec::new() };
        let text = format!(
            "{} came after the 221 to QUIT, when the server should have closed the connection",
            answer.shown()
        );
        return vec![Hit::new(text).on_answer(&answer)];
    }
    let said = session.exchanges.get(quit).and_then(|one| one.reply?.begun.at);
    let closing = session.closing.as_deref();
    let closes_first = closing.is_some_and(|closing| closing.first == Side::Server);
    if closes_first || !case.is_packets() || case.is_damaged() || session.tls.is_some() {
        return Vec::new();
    }
    let until = match closing {
        Some(closing) => closing.sides.client.and_then(|left| left.mark.at),
        None => session.last_at,
    };
    let stood =
        until.zip(said).map(|(until, said)| until.since(said)).filter(|&stood| stood >= TIME);
    let index = u32::try_from(quit).unwrap_or(u32::MAX);
    let hit = stood.zip(case.answer(Of::Exchange(index))).map(|(stood, answer)| {
        let seconds = stood.nanos() / 1_000_000_000;
        let text = format!(
            "after its 221 to QUIT the server left the connection open for {seconds} s at least"
        );
        Hit::new(text).on_answer(&answer).sure(Confidence::Likely)
    });
    hit.into_iter().collect()
}
