use crate::rules::prelude::*;
use crate::rules::standing::{declared_size, end_of_content, size_limit};

pub(super) const RULE: Rule = Rule {
    id: "size-limit-enforced-late",
    category: Category::Extension,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Start],
    rfc: Some("RFC 1870 §6.1"),
    title: "a declared size above the limit was accepted, and refused only after the data",
    help: "check SIZE= when MAIL is read, and answer 552 there",
    explanation: "\
RFC 1870 §6.1: \"Upon receipt of an extended MAIL command containing a SIZE parameter, a server
should determine whether the declared message size exceeds its fixed maximum message size.\" This
server accepted MAIL although the size declared was above the limit that it states, let the
whole message be sent, and then refused it for its size. Time and bandwidth of both are lost,
again at every retry of a client that does not give up. The same holds of limits that a filter
behind the server enforces: they belong into the EHLO reply and into the check of MAIL.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 20
c> MAIL FROM:<a@example.org> SIZE=27
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
c> hello
c> .
s< 552 5.3.4 message too big
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 20
c> MAIL FROM:<a@example.org> SIZE=27
s< 552 5.3.4 message too big
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OverSize, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    if message.outcome != Outcome::Rejected || !message.ended {
        return None;
    }
    let mail = case.mail(message).filter(Step::is_accepted)?;
    let (declared, _) = declared_size(&mail)?;
    let limit = size_limit(&mail).filter(|&limit| declared > limit)?;
    let end = end_of_content(case, message)?;
    let delivery = || {
        let refused =
            |one: &Recipient| one.delivery.as_ref().is_some_and(|reply| reply.code >= Some(400));
        let number = message.recipients.iter().position(refused)?;
        case.answer(Of::Delivery(end.exchange.message?, u32::try_from(number).ok()?))
    };
    let answer = delivery().or_else(|| end.answer())?;
    // 552 is also that a mailbox is full (X.2.2).
    let about_size = |code: &[u8]| code.ends_with(b".3.4") || code.ends_with(b".2.3");
    let (is_it, sure) = match answer.enhanced() {
        Some(code) => (about_size(code), Confidence::Certain),
        None => (answer.code() == Some(552), Confidence::Likely),
    };
    let hit = Hit::new(format!(
        "{} after the data: SIZE={declared} was accepted at MAIL, although the EHLO reply states a \
         maximum of {limit}; the transfer was for nothing",
        answer.shown()
    ));
    is_it.then(|| hit.on_answer(&answer).sure(sure))
}
