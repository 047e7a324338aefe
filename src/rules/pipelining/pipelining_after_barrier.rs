use super::{has_pipe_connect, hurried, is_smuggled};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "pipelining-after-barrier",
    category: Category::Pipelining,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 2920 §3.1; RFC 4954 §4; RFC 3207 §4"),
    title: "a command was sent behind one that must be the last of its group",
    help: "wait for the reply to EHLO, DATA, VRFY, EXPN, TURN, NOOP, AUTH and STARTTLS",
    explanation: "\
RFC 2920 §3.1: \"The EHLO, DATA, VRFY, EXPN, TURN, QUIT, and NOOP commands can only appear as the
last command in a group since their success or failure produces a change of state which the
client SMTP must accommodate.\" The same holds for commands of extensions unless they say
otherwise, so for AUTH and STARTTLS (RFC 3207 §4). A client that goes on takes a success for
granted: it sends commands where the server may read content, a password where the mechanism may
be refused, or a MAIL with parameters that the EHLO reply may not offer. Postfix logs \"improper
command pipelining after EHLO\", Exim closes with a synchronization error. Usual causes: spam
engines and scripts that send a whole session blindly. Legal after EHLO where the server offers
PIPE_CONNECT. What follows QUIT, and an accepted DATA or STARTTLS, has rules of its own.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
c> MAIL FROM:<a@example.org>
s< 250-mx.example.net
s< 250 PIPELINING
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> RSET
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> NOOP
s< 250 2.0.0 ok
s< 250 2.1.0 ok
s< 250 2.1.5 ok
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::Barrier, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let mut found: Option<(Step<'_>, Step<'_>)> = None;
    let mut count = 0;
    for step in case.steps().filter(|step| step.exchange.pipelined) {
        let before = step.previous().filter(|before| is_barrier(before, &step));
        let Some(before) = before.filter(|_| hurried(&step).is_some()) else { continue };
        let is_hello = matches!(before.verb(), Some(Verb::Ehlo | Verb::Lhlo));
        if is_hello && has_pipe_connect(case) || is_smuggled(&step) {
            continue;
        }
        found.get_or_insert((before, step));
        count += 1;
    }
    let Some((before, step)) = found else { return Vec::new() };
    let text = format!(
        "{} was sent before the client had seen the reply to {}, which must be the last of a \
         group{}",
        step.shown(),
        before.shown(),
        if count > 1 { format!(" (the first of {count} such commands)") } else { String::new() }
    );
    vec![Hit::new(text).on(On::Command(step.index))]
}

/// Whether nothing may be sent in one group behind `before`, and `step` is what this rule is for.
fn is_barrier(before: &Step<'_>, step: &Step<'_>) -> bool {
    let is_command = step.verb() != Some(Verb::Other);
    match before.exchange.request {
        // Of what answers a challenge that has not come, another rule speaks.
        Request::Command(Verb::Auth) | Request::AuthLine => {
            step.exchange.request != Request::AuthLine
        }
        // Where they were accepted, content and what is injected into TLS are meant elsewhere.
        Request::Command(Verb::Data | Verb::Starttls) => is_command && before.is_refused(),
        Request::Command(verb) => {
            let is_last = matches!(
                verb,
                Verb::Ehlo | Verb::Lhlo | Verb::Vrfy | Verb::Expn | Verb::Turn | Verb::Noop
            );
            is_last && is_command
        }
        Request::EndOfData => false,
    }
}
