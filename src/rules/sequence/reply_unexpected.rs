use super::is_paired;
use crate::rules::pipelining;
use crate::rules::prelude::*;
use crate::smtp::code;

pub(super) const RULE: Rule = Rule {
    id: "reply-unexpected",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.3.2"),
    title: "the reply's code does not belong to its command",
    help: "answer each command with one of the codes that its RFC lists for it",
    explanation: "\
RFC 5321 §4.3.2 lists the replies to each command: \"These SHOULD be strictly adhered to.\" The
code of this reply says success or \"go on\" in words of another command, such as 354 to RCPT or
220 to MAIL. Clients that look only at the first digit go on; others take it for an error, or
believe that the replies are out of step and leave, and the mail waits. Usual causes: a server
or filter that answers by position instead of by command. Of 4yz and 5yz codes, which may come
with any command, this rule does not speak; of RSET, NOOP, QUIT, AUTH and the greeting others
do.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 220 2.1.0 ok
c> RCPT TO:<b@example.net>
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
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 251 2.1.5 will forward
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
    check: Check::Reply(Fact::Unusual, check),
};

fn check(answer: &Answer<'_>) -> Option<Hit> {
    let code = answer.code()?;
    // 4yz and 5yz may come with any command, and the first digit says enough.
    if !(200..400).contains(&code) || !is_wrong(answer) {
        return None;
    }
    // What no reply may have is told by another rule.
    if !matches!(answer.first(), [b'2'..=b'3', b'0'..=b'5', ..]) {
        return None;
    }
    // It may well be QUIT that this 221 answers, and an earlier reply that is missing.
    let has_open_quit = || {
        let is_open =
            |one: &Exchange| one.request == Request::Command(Verb::Quit) && one.reply.is_none();
        answer.case.session.exchanges.iter().any(is_open)
    };
    if code == 221 && has_open_quit() {
        return None;
    }
    let step = answer.step();
    let before = step.as_ref().and_then(Step::previous);
    let is_same = |one: &Exchange| {
        step.as_ref().is_some_and(|step| step.exchange.request == one.request)
            && one.reply.is_some_and(|reply| reply.code == Some(code))
    };
    if !is_paired(answer.case.session) || before.is_some_and(|before| is_same(before.exchange)) {
        return None;
    }
    if pipelining::shift(answer.case).is_some() || pipelining::is_of_discarded(answer) {
        return None;
    }
    let request = request_of(answer)?;
    let name = if request == Request::EndOfData { "the end of data" } else { request.name() };
    let count = answer.case.session.exchanges.iter().filter(|one| is_same(one)).count();
    let text = format!(
        "{code} is no reply to {name}{}: a client may take it for an error",
        if count > 1 { format!(" ({count} times)") } else { String::new() }
    );
    Some(Hit::new(text).at(0..3))
}

/// Whether no RFC lists the code with what it answers.
fn is_wrong(answer: &Answer<'_>) -> bool {
    let Some((request, code)) = request_of(answer).zip(answer.code()) else { return false };
    match request {
        Request::Command(verb) => match verb {
            // Of these, other rules speak, or no RFC.
            Verb::Rset
            | Verb::Noop
            | Verb::Quit
            | Verb::Auth
            | Verb::Other
            | Verb::Xclient
            | Verb::Xforward
            | Verb::Data => false,
            // bdat-answered-354 speaks of it.
            Verb::Bdat if code == 354 => false,
            _ => !code::listed(verb, code),
        },
        Request::EndOfData => code < 300 && !code::listed_content(code),
        Request::AuthLine => false,
    }
}

/// What a reply answers.
fn request_of(answer: &Answer<'_>) -> Option<Request> {
    match answer.of {
        Of::Exchange(index) => Some(answer.case.session.exchanges.get(index as usize)?.request),
        Of::Delivery(..) => Some(Request::EndOfData),
        Of::Greeting | Of::Unsolicited(_) => None,
    }
}
