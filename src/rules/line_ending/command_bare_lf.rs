use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-bare-lf",
    category: Category::LineEnding,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::LineEnds],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "commands end with LF instead of CRLF",
    help: "end each line with CRLF: \"\\r\\n\" in most languages, or \"nc -C\" for netcat",
    explanation: "\
RFC 5321 §2.3.8: lines end with CR followed by LF, and \"Conforming implementations MUST NOT
recognize or generate any other character or character sequence as a line terminator\". Many
servers take LF in commands, out of habit; since the smuggling attacks of 2023 more and more
refuse it, at least in mail data, or close at once (Postfix: \"521 5.5.2 Error: bare <LF>
received\"). Usual causes: a script or a person with netcat or telnet, a client that writes lines
as its own system ends them, a spam bot.",
    bad: "\
s< 220 mx.example.net ESMTP
# eol client lf
c> EHLO client.example.org
s< 250 mx.example.net
c> NOOP
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> NOOP
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::BareLf, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    // What is no command may be no line at all.
    let is_line = |step: &Step<'_>| {
        !matches!(step.exchange.request, Request::EndOfData | Request::Command(Verb::Other))
    };
    let lines = || case.steps().filter(is_line);
    let bare = || lines().filter(|step| step.exchange.line_end == LineEnd::Lf);
    // Where some do, and some do not, another rule tells.
    if lines().any(|step| step.exchange.line_end == LineEnd::CrLf) {
        return Vec::new();
    }
    let Some(first) = bare().next() else { return Vec::new() };
    let text = match bare().count() {
        1 => format!("{} ends with LF alone, not with CRLF", first.shown()),
        count => format!("all {count} lines of the client end with LF alone, not with CRLF"),
    };
    vec![Hit::new(text + ": a server may refuse it").on(On::Command(first.index))]
}
