use crate::rules::facts::LINES;
use crate::rules::limit::is_flood;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-too-many-lines",
    category: Category::Reply,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.2.1, §7"),
    title: "a reply of more than 64 lines",
    help: "say less, or put the text where a client does not have to read it",
    explanation: "\
No RFC limits the lines of a reply, but a client has to read all of them before it may go on.
One without a bound of its own can be held, or filled up, by a server that never ends its reply;
one with a bound gives up the session. EXPN and HELP are asked for long answers and are not
counted, nor is a reply that is long enough for reply-flood. Usual causes: a program's whole
output sent as a reply, or a tarpit.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 550-1
s< 550-2
s< 550-3
s< 550-4
s< 550-5
s< 550-6
s< 550-7
s< 550-8
s< 550-9
s< 550-10
s< 550-11
s< 550-12
s< 550-13
s< 550-14
s< 550-15
s< 550-16
s< 550-17
s< 550-18
s< 550-19
s< 550-20
s< 550-21
s< 550-22
s< 550-23
s< 550-24
s< 550-25
s< 550-26
s< 550-27
s< 550-28
s< 550-29
s< 550-30
s< 550-31
s< 550-32
s< 550-33
s< 550-34
s< 550-35
s< 550-36
s< 550-37
s< 550-38
s< 550-39
s< 550-40
s< 550-41
s< 550-42
s< 550-43
s< 550-44
s< 550-45
s< 550-46
s< 550-47
s< 550-48
s< 550-49
s< 550-50
s< 550-51
s< 550-52
s< 550-53
s< 550-54
s< 550-55
s< 550-56
s< 550-57
s< 550-58
s< 550-59
s< 550-60
s< 550-61
s< 550-62
s< 550-63
s< 550-64
s< 550 refused
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 550-1
s< 550-2
s< 550-3
s< 550-4
s< 550 refused
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::LongReply, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let is_long = |answer: &Answer<'_>| {
        let is_asked = matches!(answer.request(), Some(Request::Command(Verb::Expn | Verb::Help)));
        answer.reply.lines as usize > LINES && !is_asked && !is_flood(answer)
    };
    let hit = |answer: Answer<'_>| {
        let message = format!(
            "a reply of {} lines: a client must read them all before it may go on, and may give up",
            answer.reply.lines
        );
        Hit::new(message).on_answer(&answer).once()
    };
    case.answers().filter(is_long).map(hit).collect()
}
