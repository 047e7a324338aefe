use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-after-quit",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §4.1.1.10"),
    title: "a command was sent after QUIT",
    help: "close the connection after QUIT; open a new one for what comes later",
    explanation: "\
RFC 5321 §4.1.4: \"The last command in a session MUST be the QUIT command.\" After QUIT the server
answers 221 and closes; what is sent then is not read, or is answered with a reset that can
destroy the 221 on its way. A client that believes such a MAIL or DATA was heard loses the
message. Usual causes: a pool of connections that gives out one which is already ended, commands
that are sent in one go. A QUIT that was refused (with an argument, say) does not count.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
c> NOOP
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT now
s< 501 5.5.4 no argument permitted
c> NOOP
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Quit)], Fact::Disorder, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    // QUIT is mostly the last.
    step.next()?;
    let session = step.case.session;
    let one = step.exchange;
    if one.cut || one.before.inferred || step.is_refused() {
        return None;
    }
    let earlier = session.exchanges.get(..step.index as usize)?;
    let is_quit = |one: &Exchange| {
        let is_refused = one.reply.is_some_and(|reply| reply.code.is_some_and(|code| code >= 400));
        one.request == Request::Command(Verb::Quit) && !is_refused
    };
    // An empty line does nothing, and has a rule of its own.
    let mut later = step.case.steps().skip(step.index as usize + 1);
    let next = later.find(|next| !next.line().trim_ascii().is_empty())?;
    if earlier.iter().any(is_quit) || next.exchange.before.inferred {
        return None;
    }
    let count = session.exchanges.len() - next.index as usize;
    let text = format!(
        "{} was sent after QUIT{}, which must be the last command",
        next.shown(),
        if count > 1 { format!(", the first of {count} lines") } else { String::new() }
    );
    Some(Hit::new(text).on(On::Command(next.index)))
}
