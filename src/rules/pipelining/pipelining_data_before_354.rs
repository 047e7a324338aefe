use super::{hurried, is_smuggled};
use crate::rules::prelude::*;
use crate::smtp::line::LineEnd;

// rules.tsv: the sentence stands in RFC 5321 §3.3; §4.1.1.4 is about what the server does.
pub(super) const RULE: Rule = Rule {
    id: "pipelining-data-before-354",
    category: Category::Pipelining,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Content],
    rfc: Some("RFC 5321 §3.3; RFC 2920 §3.1"),
    title: "the message was sent before the reply to DATA had come",
    help: "send the content only after the 354",
    explanation: "\
RFC 5321 §4.1.1.4: \"message data MUST NOT be sent unless a 354 reply is received\", and RFC 2920
§3.1 has DATA as the last command of a group. A server that refuses DATA reads the lines of the
message as commands: anyone who can write a message can then have commands executed in the name
of the client, and the client counts one wrong reply for each line. Postfix logs \"improper command
pipelining after DATA\", Exim closes with a synchronization error, and many servers refuse such a
client as a spam engine. Usual causes: scripts that send everything at once, fixed pauses instead
of reading replies. Judged by what the client had acknowledged when it sent the first octet.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> DATA
c> Subject: x
c>
c> hello
c> .
s< 250 2.1.0 ok
s< 250 2.1.5 ok
s< 354 go on
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> DATA
s< 250 2.1.0 ok
s< 250 2.1.5 ok
s< 354 go on
c> Subject: x
c>
c> hello
c> .
c> QUIT
s< 250 2.0.0 queued
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Disorder, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let one = step.exchange;
    let text = if step.code() == Some(354) {
        // Of several lines, the first already says it.
        let is_one_line = one.reply.is_some_and(|reply| reply.lines == 1);
        if !one.hasty || one.before.inferred || !is_one_line || is_smuggled(step) {
            return None;
        }
        "the client sent the content before it had seen the 354 that permits it: had the server \
         refused DATA, it would have read the message as commands"
            .to_owned()
    } else {
        let next = blind(step)?;
        format!(
            "the client sent the content, which begins with {}, before it had seen that DATA is \
             refused: the server reads the message as commands",
            next.shown()
        )
    };
    Some(Hit::new(text))
}

/// Whether the client sent content behind a DATA that was refused, and had not seen that.
pub(in crate::rules) fn is_sent_blindly(data: &Step<'_>) -> bool {
    blind(data).is_some()
}

/// The first line of content behind a DATA that was refused, if the client had not seen that.
fn blind<'s>(data: &Step<'s>) -> Option<Step<'s>> {
    // Only what is no command can be content.
    let next = data.next().filter(|next| next.verb() == Some(Verb::Other))?;
    let is_line = next.exchange.line_end != LineEnd::None && next.exchange.masked.is_none();
    let is_blind = data.is_refused() && is_line && hurried(&next).is_some() && !is_smuggled(data);
    is_blind.then_some(next)
}
