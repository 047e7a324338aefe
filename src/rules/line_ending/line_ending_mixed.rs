use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "line-ending-mixed",
    category: Category::LineEnding,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::LineEnds],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "some commands end with CRLF, others with LF alone",
    help: "write all lines by one function that ends them with CRLF",
    explanation: "\
RFC 5321 §2.3.8 has CRLF as the only line end. A client that writes some of its lines with CRLF
and others with LF alone puts them together in two places of its code, or passes on text from
elsewhere: a command, an address or a name that holds an LF. That is how a line of somebody else
gets into a dialog: look at what stands in front of the odd line. Servers that take LF read more
lines than servers that do not, and commands behind the first disagreement are answered out of
step.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# eol client lf
c> NOOP
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
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
    check: Check::Session(Fact::BareLf, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    // What is no command may be no line at all.
    let is_line = |step: &Step<'_>| {
        !matches!(step.exchange.request, Request::EndOfData | Request::Command(Verb::Other))
    };
    let lines = || case.steps().filter(is_line);
    let bare = || lines().filter(|step| step.exchange.line_end == LineEnd::Lf);
    let whole = lines().filter(|step| step.exchange.line_end == LineEnd::CrLf).count();
    let Some(first) = bare().next().filter(|_| whole > 0) else { return Vec::new() };
    let text = format!(
        "{} ends with LF alone, as {} of the client; {whole} end with CRLF: a server that takes \
         only CRLF reads other lines here",
        first.shown(),
        match bare().count() {
            1 => "no other line".to_owned(),
            count => format!("{count} lines"),
        }
    );
    vec![Hit::new(text).on(On::Command(first.index))]
}
