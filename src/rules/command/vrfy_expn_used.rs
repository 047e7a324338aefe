use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "vrfy-expn-used",
    category: Category::Command,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §3.5, §7.3"),
    title: "VRFY or EXPN asks for mailboxes or the members of a list",
    help: "answer VRFY with 252 to strangers, and allow EXPN to those who need it",
    explanation: "\
VRFY asks whether a mailbox exists, EXPN who is on a list (RFC 5321 §3.5). They are for
debugging; \"the use of EXPN to harvest addresses has increased\" (§7.3), and hardly any mail
client sends them. A site that does not want to answer says 252, or refuses EXPN. Innocent: an
administrator, monitoring, a program of the same site. Note that the syntax of both is one
String, which has no @: VRFY user@host does not match it, though §3.5.1 says that a server
SHOULD take that form; servers do.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> VRFY bob
s< 252 try to send it
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> HELP VRFY
s< 214 VRFY name
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Vrfy), Request::Command(Verb::Expn)],
        Fact::Extended,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let (command, verb) = (step.command(), step.verb()?);
    let what = shown(command.argument);
    let asks = if verb == Verb::Vrfy {
        format!("VRFY asks whether {what} exists")
    } else {
        format!("EXPN asks who is on the list {what}")
    };
    let answer = match step.code() {
        Some(code) => format!("; the server answered {code}"),
        None => String::new(),
    };
    let at = command.argument_at;
    let hit = Hit::new(format!("{asks}: a way of harvesting addresses{answer}"));
    Some(hit.at(at..at + command.argument.len()))
}
