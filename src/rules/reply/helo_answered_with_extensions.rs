use crate::rules::prelude::*;
use crate::smtp::extension;

pub(super) const RULE: Rule = Rule {
    id: "helo-answered-with-extensions",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.1.1.1"),
    title: "HELO was answered with a list of extensions",
    help: "answer HELO with one line, 250 and the server's name",
    explanation: "\
RFC 5321 §3.2: \"Servers MUST NOT return the extended EHLO-style response to a HELO command.\" A
client that says HELO knows no extensions; one of its kind may not even know replies of several
lines, takes the second line for the reply to its next command, and is one reply behind from
then on. Usual cause: a server, or a filter in front of it, that treats HELO and EHLO alike.",
    bad: "\
s< 220 mx.example.net ESMTP
c> HELO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250 8BITMIME
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> HELO client.example.org
s< 250-mx.example.net
s< 250 pleased to meet you
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(&[Request::Command(Verb::Helo)], Fact::Any, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let reply = step.exchange.reply?;
    if reply.lines < 2 || reply.code != Some(250) {
        return None;
    }
    // Prose may begin with such a word, but does not go on as its extension has it.
    let is_offer = |text: &[u8]| {
        let length = text.iter().position(|&octet| octet == b' ').unwrap_or(text.len());
        let (keyword, rest) = text.split_at(length);
        let row = extension::by_keyword(keyword);
        row.is_some_and(|row| (row.offer)(rest).is_none())
    };
    let answer = step.answer()?;
    let (number, text) = answer.texts().enumerate().skip(1).find(|(_, text)| is_offer(text))?;
    let message = format!(
        "HELO was answered with extensions, as {}: its reply is one line, and a client of its age \
         may read no more",
        shown(text)
    );
    Some(Hit::new(message).on(On::Reply(answer.of, number)))
}
