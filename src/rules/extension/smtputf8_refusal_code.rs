use crate::rules::prelude::*;
use crate::rules::standing::{Standing, is, standing};
use crate::smtp::grammar::Charset;

pub(super) const RULE: Rule = Rule {
    id: "smtputf8-refusal-code",
    category: Category::Extension,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 6531 §3.5"),
    title: "a non-ASCII address was refused with a code that is not meant for it",
    help: "answer 550 to MAIL and 553 to RCPT, with X.6.7, where an ASCII address is required",
    explanation: "\
RFC 6531 §3.5: \"When messages are rejected because the RCPT command requires an ASCII address,
the reply-code 553 is returned\", and 550 for MAIL, with the enhanced status code X.6.7. The
server offers SMTPUTF8 and refused the address for its letters, but with another code. A client
that looks for 553 or 550 to fall back to an ASCII address does not find out why it was refused,
and one that is told 4yz goes on trying. Refusals for other reasons keep their own codes.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-8BITMIME
s< 250 SMTPUTF8
c> MAIL FROM:<a@example.org> SMTPUTF8
s< 250 2.1.0 ok
# escaped
c> RCPT TO:<b\\xc3\\xbc@example.net>
s< 501 5.6.7 recipient address must be ASCII
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-8BITMIME
s< 250 SMTPUTF8
c> MAIL FROM:<a@example.org> SMTPUTF8
s< 250 2.1.0 ok
# escaped
c> RCPT TO:<b\\xc3\\xbc@example.net>
s< 553 5.6.7 recipient address must be ASCII
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Mail), Request::Command(Verb::Rcpt)],
        Fact::Utf8,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let wanted = if step.verb() == Some(Verb::Mail) { 550 } else { 553 };
    let mailbox = step.mailbox().filter(|_| step.is_refused() && step.code() != Some(wanted))?;
    let is_declared = step.charset() == Charset::Utf8;
    if mailbox.is_ascii() || !is_declared || !step.parsed()?.flaws.is_empty() {
        return None;
    }
    let answer = step.answer()?;
    // That the letters are why, the reply itself must say.
    let says = |word: &str| {
        let is_word = |text: &[u8]| text.windows(word.len()).any(|part| is(part, word));
        answer.texts().any(is_word) && !is_word(mailbox)
    };
    let is_why = match answer.enhanced() {
        Some(code) => code.ends_with(b".6.7"),
        None => says("ASCII") || says("UTF8") || says("UTF-8") || says("internationali"),
    };
    if !is_why || !matches!(standing(step, "SMTPUTF8"), Standing::Offered(_)) {
        return None;
    }
    let hit = Hit::new(format!(
        "{} to {}: that only ASCII addresses are taken is said with {wanted} X.6.7, and clients \
         look for that",
        answer.shown(),
        shown(mailbox)
    ));
    Some(hit.on_answer(&answer))
}
