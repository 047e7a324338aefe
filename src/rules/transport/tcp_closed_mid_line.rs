use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-closed-mid-line",
    category: Category::Transport,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Packets],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "a side ended its stream inside a line",
    help: "find out why the program stopped there: a crash, a limit, or a time-out",
    explanation: "\
RFC 5321 §2.3.8 ends each line with CRLF. Here a side closed its stream in good order (FIN), but
inside a line of a message or a reply: its program stopped in the middle of what it had to say. A
message that breaks off so is not accepted, and the client has to send it again; a reply that
breaks off leaves the client without an answer. Usual causes: a program that crashed or was
killed, a limit on size or time that cuts instead of refusing, a content filter between the two.
Commands that break off have a rule of their own.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
# eol client none
c> hel
# end client-closed
",
    good: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> hello
# end client-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let Some(closing) = session.closing.as_deref() else { return Vec::new() };
    let side = closing.first;
    let is_inside = closing.sides.of(side).filter(|left| left.inside && !left.reset);
    let Some(left) = is_inside.filter(|_| !case.has_gap(side)) else { return Vec::new() };
    let is_command = side == Side::Client
        && session.exchanges.last().is_some_and(|one| one.line_end == LineEnd::None);
    if is_command || session.tls.is_some() {
        return Vec::new();
    }
    let (name, during) = (side.name(), case.during(left.mark));
    let text = format!("the {name} closed its stream inside a line, {during}");
    vec![Hit::new(text).on(On::Moment(left.mark)).by(side)]
}
