use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ehlo-keyword-malformed",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 5321 §4.1.1.1"),
    title: "a line of the EHLO reply is no keyword with parameters",
    help: "offer each extension as a keyword of letters, digits and hyphens, with one blank before each word",
    explanation: "\
Each line after the first is an ehlo-keyword (letters, digits and hyphens) and parameters, one
blank before each (RFC 5321 §4.1.1.1). A client does not find an extension whose line is written
otherwise, or finds one that is not there: it then sends without it, for example without TLS.
Usual causes: prose in place of keywords, an equals sign behind a keyword, blanks at the end of
the line, an underscore, or a second greeting line.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE=10240000
s< 250 HELP
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250 HELP
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let expected = flawed.flaw.expected;
    let line = shown(flawed.line);
    let message = if flawed.flaw.defect == Defect::EhloParamMalformed {
        format!(
            "{} before or behind a parameter in {line}: {expected} belongs there",
            flawed.seen()
        )
    } else if flawed.flaw.range.is_empty() {
        format!("{line} names no extension: {expected} is missing")
    } else {
        format!(
            "{} in the keyword of {line}, which has {expected} only: clients do not find the \
             extension",
            flawed.seen()
        )
    };
    Some(Hit::new(message))
}
