use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "data-reply-before-terminator",
    category: Category::Data,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Whole],
    rfc: Some("RFC 5321 §4.2.5, §4.1.1.4"),
    title: "the server answered while the message was still being sent",
    help: "read the message to its end, and answer then; to leave sooner, send 421",
    explanation: "\
The reply to a message comes \"after the DATA command is completed with <CRLF>.<CRLF>\" (RFC 5321
§4.2.5). Most clients read nothing while they send: they see an early reply only at the end, take
it for the final one, and the reply that comes then for the one to their next command; or they
see a closed connection, and try again for days. Only 421 may come at any time. Usual causes: a
filter that refuses a line that is too long, or the size, as soon as it sees it; a server that
took a line in the message for its end.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
c> hello
s< 552 5.3.4 too big
c> more
c> .
s< 552 5.3.4 too big
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
c> hello
c> more
c> .
s< 552 5.3.4 too big
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Unsolicited, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    if session.tls.is_some() || !session.resyncs.is_empty() {
        return Vec::new();
    }
    let is_inside = |after: u32| {
        let last = after.checked_sub(1).and_then(|last| case.step(last));
        last.is_some_and(|last| {
            let is_data = last.verb() == Some(Verb::Data) && last.code() == Some(354);
            is_data && !last.exchange.before.inferred
        })
    };
    let mut early = (0..)
        .zip(&session.unsolicited)
        .filter(|(_, one)| one.reply.code.is_some_and(|code| code != 421) && is_inside(one.after));
    let Some((index, _)) = early.next() else { return Vec::new() };
    let count = early.count() + 1;
    let Some(answer) = case.answer(Of::Unsolicited(index)) else { return Vec::new() };
    let text = format!(
        "{} came before the end of data{}: the client takes it for the reply to the message, or to its \
         next command",
        answer.shown(),
        if count > 1 { format!(", the first of {count} such replies") } else { String::new() }
    );
    vec![Hit::new(text).on_answer(&answer)]
}
