use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-trailing-garbage",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.2"),
    title: "text right beside the path of MAIL or RCPT",
    help: "give the path alone; parameters follow it after one space",
    explanation: "\
Behind the path come the end of the line, or one space and parameters (RFC 5321 §4.1.1.2,
§4.1.1.3, §4.1.2); before it comes nothing: a display name belongs into the header of the
message. Servers refuse the command with 501, or take a part of the text for the address. Usual
causes: the space before a parameter was forgotten, an address book entry (Name <user@host>) was
put into the command, CRLF between two commands was lost.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>SIZE=1000
s< 501 syntax error in parameters
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, label) = (flawed.seen(), super::label(flawed));
    Some(Hit::new(if flawed.flaw.defect == Defect::LeadingGarbage {
        format!("{seen} before the path: {label}<…> has the address alone, and no name")
    } else {
        format!("{seen} right behind the path: a space and a parameter, or nothing, belongs there")
    }))
}
