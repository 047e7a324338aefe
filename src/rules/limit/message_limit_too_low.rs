use crate::rules::limit::says;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "message-limit-too-low",
    category: Category::Limit,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Content],
    rfc: Some("RFC 5321 §4.5.3.1.7"),
    title: "a message of less than 64 KiB was refused for its size",
    help: "accept messages of at least 65,536 octets",
    explanation: "\
RFC 5321 §4.5.3.1.7: the \"maximum total length of a message content (including any message
header section as well as the message body) MUST BE at least 64K octets.\" Ordinary mail with a
small picture is larger. Only 552 (RFC 1870 §6) with a text that names the message's size is
counted: a full mailbox or disk is another matter. Usual causes: a limit meant in kilobytes and
given in bytes, or a gateway to a pager or ticket system that was made for texts alone.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE
c> MAIL FROM:<a@example.org> SIZE=20000
s< 552 message size exceeds fixed maximum message size
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE
c> MAIL FROM:<a@example.org> SIZE=200000
s< 552 message size exceeds fixed maximum message size
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Mail), Request::Command(Verb::Bdat), Request::EndOfData],
        Fact::Refused,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if step.code() != Some(552) {
        return None;
    }
    let octets = if step.verb() == Some(Verb::Mail) {
        let value = step.param(b"SIZE")?.value?;
        str::from_utf8(value).ok()?.parse().ok()?
    } else {
        let message = step.case.session.messages.get(step.exchange.message? as usize)?;
        if !message.ended || !message.is_complete() {
            return None;
        }
        message.size()
    };
    let answer = step.answer()?;
    if octets >= LEAST || !says(&answer, SIZES) || says(&answer, ROOM) {
        return None;
    }
    let message = format!(
        "a message of {octets} octets was refused for its size, where {LEAST} must be taken: {}",
        answer.shown()
    );
    Some(Hit::new(message).on_answer(&answer).once())
}

/// Octets that a message can always have.
const LEAST: u64 = 65_536;

/// Words that say that the size is why.
const SIZES: &[&str] = &[
    "message size",
    "size exceeds",
    "too large",
    "too big",
    "too long",
    "too much mail data",
    "maximum size",
    "size limit",
    "exceeds size",
    "maximum message",
];

/// Words that say that room is why, or what is not the message as a whole.
const ROOM: &[&str] = &[
    "mailbox",
    "quota",
    "full",
    "storage",
    "space",
    "attachment",
    "header",
    "line",
    "over limit",
    "recipient",
    "content",
];
