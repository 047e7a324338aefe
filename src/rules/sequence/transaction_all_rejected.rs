use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "transaction-all-rejected",
    category: Category::Sequence,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §3.3"),
    title: "no recipient of a transaction was accepted",
    help: "look at the replies to RCPT: they say why",
    explanation: "\
Each RCPT of the transaction was refused, so that nothing was sent (RFC 5321 §3.3). With 4yz the
client will try again: greylisting is the usual reason. With 5yz the mail comes back to its
sender: the address is wrong, the server is not the one for that domain (relaying denied), or it
refuses the client. Many such transactions from one client are a search for addresses; many from
all clients, a fault of the server's table of recipients.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.1.1 no such user
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.1.1 no such user
c> RCPT TO:<c@example.net>
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
",
    check: Check::Session(Fact::Refused, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let is_refused = |one: &Recipient| one.code.is_some_and(|code| code >= 400);
    let is_all = |message: &&Message| {
        !message.recipients.is_empty()
            && message.elided_recipients == 0
            && message.recipients.iter().all(is_refused)
    };
    let mut all = case.session.messages.iter().filter(is_all);
    let Some(first) = all.next() else { return Vec::new() };
    let others = all.count();
    let last = first.recipients.last();
    let answer = last.and_then(|last| case.answer(Of::Exchange(last.exchange?)));
    let hit = first.mail.zip(answer).map(|(mail, answer)| {
        let others = match others {
            0 => String::new(),
            1 => " (one more such transaction follows)".to_owned(),
            count => format!(" ({count} more such transactions follow)"),
        };
        let who = match first.recipients.len() {
            1 => "the only recipient was".to_owned(),
            count => format!("all {count} recipients were"),
        };
        let text = format!("{who} refused; the last reply was {}{others}", answer.shown());
        Hit::new(text).on(On::Command(mail))
    });
    hit.into_iter().collect()
}
