use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "pipelining-status-unchecked",
    category: Category::Pipelining,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Content],
    rfc: Some("RFC 2920 §3.1"),
    title: "the message was sent after a 354 although no recipient had been accepted",
    help: "where no recipient was accepted and DATA gets 354, send nothing but a dot",
    explanation: "\
RFC 2920 §3.1: clients \"MUST check ALL statuses associated with each command in a group. For
example, if none of the RCPT TO recipient addresses were accepted the client must then check the
response to the DATA command\"; if that was accepted, \"the client SMTP should send a single
dot\". Here MAIL or every RCPT of the group was refused, the server answered DATA with 354 all
the same, and the client, which had seen it all, sent its message to nobody. If it takes a 250 at
the end for success, the mail is lost without a word. The server had better answer 554 to such a
DATA. Usual cause: a client that looks only at the last reply of a group.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> DATA
s< 250 2.1.0 ok
s< 550 5.1.1 no such user
s< 354 go on
c> Subject: x
c>
c> hello
c> .
s< 554 5.5.1 no valid recipients
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
s< 550 5.1.1 no such user
s< 354 go on
c> .
s< 554 5.5.1 no valid recipients
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Data)], Fact::Refused, check),
};

/// Octets of content that are as good as none: an empty line.
const NOTHING: u64 = 2;

fn check(step: &Step<'_>) -> Option<Hit> {
    let one = step.exchange;
    // What a client knew when it sent DATA is of another rule.
    if step.code() != Some(354) || !one.pipelined || one.before.inferred {
        return None;
    }
    let end = step.next().filter(|next| next.exchange.request == Request::EndOfData)?;
    let message = step.case.session.messages.get(end.exchange.message? as usize)?;
    if one.hasty || message.content.octets <= NOTHING {
        return None;
    }
    let before = step.exchange.before;
    let what = if before.mail {
        let is_refused = |one: &Recipient| one.code.is_some_and(|code| code >= 400);
        let are_refused = message.recipients.iter().all(is_refused);
        let is_vain = before.rcpt_sent > 0 && before.rcpt_accepted == 0 && are_refused;
        (is_vain && message.elided_recipients == 0).then_some("every RCPT")?
    } else {
        is_mail_refused(step).then_some("MAIL")?
    };
    Some(Hit::new(format!(
        "{} octets of content were sent although {what} of the group had been refused, as the \
         client had seen: only a dot may follow such a 354",
        message.content.octets
    )))
}

/// Whether the MAIL of the group that ends with `data` was refused.
fn is_mail_refused(data: &Step<'_>) -> bool {
    let mut step = data.clone();
    while step.exchange.pipelined
        && let Some(before) = step.previous()
    {
        match before.verb() {
            Some(Verb::Mail) => return before.is_refused(),
            Some(Verb::Rcpt) => step = before,
            _ => return false,
        }
    }
    false
}
