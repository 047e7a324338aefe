use super::says_silence;
use crate::rules::prelude::*;
use crate::rules::sequence::{PATIENCE, client_closed, minutes, waited};

pub(super) const RULE: Rule = Rule {
    id: "pipelining-input-discarded",
    category: Category::Pipelining,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Whole],
    rfc: Some("RFC 2920 §3.2"),
    title: "the server threw away the commands behind one that it refused",
    help: "answer every command of a group, also behind one that failed",
    explanation: "\
RFC 2920 §3.2: a server \"MUST NOT flush or otherwise lose the contents of the TCP input buffer
under any circumstances whatsoever.\" Here it refused a command of a group and then waited for
input, although the commands behind it had come long before: it had thrown them away. Client and
server wait for each other until one of them gives up, and the mail is delayed at each attempt.
RFC 2920 §1 names the flaw among the
reasons for the extension: \"Flushing the TCP input buffer when an SMTP command fails\". Seen by the 421 of a server
whose patience ended, by a client that waited for five minutes, or by the reply to a later QUIT
that stands where the missing reply belongs. Usual causes: a call that empties the buffer before
an error is reported, a filter that answers in the server's place.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> RCPT TO:<c@example.net>
s< 250 2.1.0 ok
s< 550 5.1.1 no such user
# pause 310s
s< 421 4.4.2 mx.example.net timeout exceeded
# end server-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> RCPT TO:<c@example.net>
s< 250 2.1.0 ok
s< 550 5.1.1 no such user
s< 250 2.1.5 ok
# pause 310s
s< 421 4.4.2 mx.example.net timeout exceeded
# end server-closed
",
    check: Check::Session(Fact::Refused, check),
};

/// Seconds after which a server that says so has run out of patience.
const LONG: i64 = 30;

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some((refused, lost, how)) = discarded(case) else { return Vec::new() };
    let text = format!(
        "{} came in one group with {}, which was refused, and got no reply of its own: {how}",
        lost.shown(),
        refused.shown()
    );
    vec![Hit::new(text).on(On::Command(lost.index))]
}

/// The first command of a group that was refused, the one behind it, which the server threw away,
/// and what shows that.
pub(in crate::rules) fn discarded(case: Case<'_>) -> Option<(Step<'_>, Step<'_>, &'static str)> {
    let session = case.session;
    if session.tls.is_some() || !session.resyncs.is_empty() || !session.unsolicited.is_empty() {
        return None;
    }
    let mut pairs = case.steps().filter_map(|step| behind_refused(&step).map(|next| (step, next)));
    pairs.find_map(|(refused, lost)| {
        let how = match lost.answer() {
            None => gave_up(&lost)?,
            Some(answer) => late(&lost, &answer)?,
        };
        Some((refused, lost, how))
    })
}

/// The command of the same group behind one that was refused.
fn behind_refused<'s>(refused: &Step<'s>) -> Option<Step<'s>> {
    if !refused.is_refused() || refused.code() == Some(421) {
        return None;
    }
    let next = refused.next().filter(|next| next.exchange.pipelined)?;
    let is_plain = !next.exchange.cut && !next.exchange.before.inferred;
    let is_command = matches!(next.exchange.request, Request::Command(verb)
        if !matches!(verb, Verb::Other | Verb::Bdat | Verb::Quit));
    (is_plain && is_command).then_some(next)
}

/// What shows that `lost`, which has no reply, was thrown away.
fn gave_up(lost: &Step<'_>) -> Option<&'static str> {
    let has_waited = waited(lost).is_some_and(|waited| waited >= minutes(PATIENCE));
    let is_end = client_closed(lost.case.session) && has_waited;
    is_end.then_some("the client waited for five minutes before it gave up")
}

/// What shows that `answer` is not the reply to `lost`.
fn late(lost: &Step<'_>, answer: &Answer<'_>) -> Option<&'static str> {
    let is_behind = |one: &&Exchange| one.reply.is_none();
    let behind = lost.case.session.exchanges.get(lost.index as usize + 1..)?;
    match answer.code()? {
        421 => {
            let latency = lost.exchange.latency();
            let is_long = latency.is_none_or(|time| time.nanos() >= LONG * 1_000_000_000);
            let is_silence = is_long && says_silence(answer.case.session.bytes(answer.reply.text));
            (is_silence && behind.iter().all(|one| is_behind(&one)))
                .then_some("the server waited for a command until its patience ended")
        }
        221 => {
            let quit = behind.iter().find(|one| one.request == Request::Command(Verb::Quit))?;
            quit.reply.is_none().then_some("what came next was the reply to a later QUIT")
        }
        _ => None,
    }
}
