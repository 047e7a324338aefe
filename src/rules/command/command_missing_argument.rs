use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-missing-argument",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1.2"),
    title: "a command without the argument that it needs",
    help: "complete the command: MAIL FROM:<…>, RCPT TO:<…>, VRFY and EXPN with a name",
    explanation: "\
MAIL is \"MAIL FROM:\" and a path, RCPT is \"RCPT TO:\" and a path (RFC 5321 §4.1.1.2, §4.1.1.3);
VRFY and EXPN take a string (§4.1.1.6, §4.1.1.7), ETRN and AUTH an argument of their own.
Without it the server has nothing to do and answers 501. Usual causes: an empty variable, FROM:
and TO: mixed up or left out. Note that a message without a sender is MAIL FROM:<>, with its
brackets.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:
s< 501 address missing
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, verb) = (flawed.seen(), super::verb(flawed));
    let (is_there, expected) = (!flawed.flaw.range.is_empty(), flawed.flaw.expected);
    let has_path = matches!(verb, "MAIL" | "RCPT" | "SEND" | "SOML" | "SAML");
    let message = match flawed.flaw.defect {
        Defect::LabelMissing if is_there => format!("{seen} where {expected} belongs in {verb}"),
        Defect::LabelMissing => format!("{expected} is missing in {}", shown(flawed.line)),
        _ if has_path => {
            format!("{verb} without an address: {}<…> is the form", super::label(flawed))
        }
        _ => format!("{verb} without the argument that it needs"),
    };
    let is_taken = flawed.step().is_some_and(|step| step.is_accepted());
    let then = if is_taken { "this server took it, others refuse it" } else { "servers refuse it" };
    Some(Hit::new(format!("{message}; {then}")))
}
