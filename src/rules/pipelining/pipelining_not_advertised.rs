use super::{has_pipe_connect, hurried, is_loose_end};
use crate::rules::prelude::*;
use crate::rules::standing::{Standing, standing};

pub(super) const RULE: Rule = Rule {
    id: "pipelining-not-advertised",
    category: Category::Pipelining,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 2920 §3.1"),
    title: "a command was sent before the reply to the last, and PIPELINING is not offered",
    help: "wait for the whole reply to each command unless the EHLO reply offers PIPELINING",
    explanation: "\
RFC 2920 §3.1 lets a client send commands in groups \"once the client SMTP has confirmed that
support exists for the pipelining extension\"; else RFC 5321 §4.3.1 has it wait for each reply.
Judged by what the client had acknowledged, not by the order of packets. A server need not keep
what comes too soon: old ones throw it away, so that commands or the message are lost. Exim
answers \"554 SMTP synchronization error\" and closes, Postfix logs \"improper command pipelining\",
and postscreen refuses the client for days. Usual causes: spam engines, scripts with fixed pauses
(telnet, netcat), a filter that strikes PIPELINING out of the EHLO reply only later. After HELO
nothing is offered. A client that gives up with QUIT after a long wait is not meant.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
s< 250 2.1.0 ok
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
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
s< 250 2.1.0 ok
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
    check: Check::Session(Fact::Unoffered, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let mut found: Option<(Step<'_>, Step<'_>, &str)> = None;
    let mut count = 0;
    let (mut is_behind_hello, mut is_text) = (false, false);
    for step in case.steps() {
        // What follows EHLO in one group follows a barrier, of which another rule speaks.
        is_behind_hello &= step.exchange.pipelined;
        // What follows an end of data that only a lenient server sees may be a part of the message.
        is_text &= step.exchange.pipelined;
        is_text |= is_loose_end(step.exchange);
        let Some(before) = hurried(&step) else { continue };
        is_behind_hello |= matches!(before.verb(), Some(Verb::Ehlo | Verb::Lhlo));
        if is_behind_hello || is_text || is_of_others(&before, &step) {
            continue;
        }
        let why = match standing(&step, "PIPELINING") {
            Standing::Lacking(why) => why,
            Standing::Stale => "PIPELINING was offered only before TLS",
            Standing::Offered(_) | Standing::Unknown => continue,
        };
        found.get_or_insert((before, step, why));
        count += 1;
    }
    let Some((before, step, why)) = found.filter(|_| !has_pipe_connect(case)) else {
        return Vec::new();
    };
    let text = format!(
        "{} was sent before the client had seen the reply to {}{}, although {why}: the server may \
         throw it away or refuse the client",
        step.shown(),
        before.shown(),
        if count > 1 { format!(", as {} more commands were", count - 1) } else { String::new() }
    );
    vec![Hit::new(text).on(On::Command(step.index))]
}

/// Whether another rule speaks of `step` that came too soon after `before`: the barriers, chunks,
/// and what is no command.
fn is_of_others(before: &Step<'_>, step: &Step<'_>) -> bool {
    let is_barrier = match before.exchange.request {
        Request::Command(verb) => matches!(
            verb,
            Verb::Data
                | Verb::Vrfy
                | Verb::Expn
                | Verb::Turn
                | Verb::Quit
                | Verb::Noop
                | Verb::Auth
                | Verb::Starttls
                | Verb::Other
        ),
        Request::AuthLine => true,
        Request::EndOfData => false,
    };
    let is_chunk = |step: &Step<'_>| step.verb() == Some(Verb::Bdat);
    is_barrier || step.verb() == Some(Verb::Other) || is_chunk(before) && is_chunk(step)
}
