use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "helo-name-invalid",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1.1, §4.1.2"),
    title: "the name of EHLO or HELO is neither a domain nor an address literal",
    help: "give the full name of the host in letters, digits, hyphens and dots",
    explanation: "\
The name of EHLO is a Domain or an address literal, that of HELO a Domain (RFC 5321 §4.1.1.1):
labels of letters, digits and hyphens with single dots between, none at the end. \"In particular,
the underscore character is not permitted\" (§4.1.2). Nothing may follow the name: clients SHOULD
NOT send what RFC 2821 once encouraged behind a literal. Servers that check it answer 501 or
refuse MAIL, often with a text about policy, so that mail does not leave. Usual causes: the name
of a Windows PC or a container with an underscore, a dot at the end, the place holder of a
template.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO mail_1.example.org
s< 501 invalid name
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO mail-1.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, verb) = (flawed.seen(), super::verb(flawed));
    if flawed.flaw.defect == Defect::HeloLiteral {
        return Some(Hit::new(format!(
            "HELO with the address literal {seen}: only EHLO takes one, HELO wants a domain"
        )));
    }
    let name = flawed.step().map(|step| shown(step.command().argument)).unwrap_or_default();
    let wrong = super::wrong(flawed);
    let message = match wrong {
        b"_" => format!("underscore in the name {name} of {verb}: it is not permitted"),
        b"." if flawed.flaw.range.end == flawed.line.len() => {
            format!("the name {name} of {verb} ends with a dot")
        }
        [b'[', ..] => format!("{seen} in {verb} is no address literal"),
        [b' ', ..] => format!("text behind the name in {verb}: {seen}"),
        _ => format!("{seen} in the name {name} of {verb}: {} belongs there", flawed.flaw.expected),
    };
    Some(Hit::new(format!("{message}; servers that check the name refuse the mail")))
}
