use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-unexpected-argument",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.1.4; RFC 3207 §4"),
    title: "an argument that the command does not take",
    help: "send DATA, RSET, QUIT and STARTTLS alone; give NOOP, HELP, VRFY and EXPN one word",
    explanation: "\
DATA, RSET and QUIT are \"specified as not permitting parameters\": without an extension for it
\"clients MUST NOT send such parameters and servers SHOULD reject commands containing them\" (RFC
5321 §4.1.1); STARTTLS has no parameters either (RFC 3207 §4). A client that takes the 501 for a
354 sends the message as commands. VRFY, EXPN, HELP and NOOP take one String (§4.1.2): an atom
or a quoted string, not several words and not a bare address. There a server is free to be
lenient, and for NOOP it SHOULD ignore the argument (§4.1.1.9), so that little follows from it:
but the line does not match its syntax. Usual causes: a comment behind the command, lines of a
message that are read as commands.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> RSET now
s< 501 no parameters allowed
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> NOOP now
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, verb) = (flawed.seen(), super::verb(flawed));
    if flawed.flaw.defect != Defect::StringInvalid {
        return Some(Hit::new(format!(
            "{verb} takes no argument, but has {seen}: servers SHOULD refuse it as a syntax error"
        )));
    }
    let whole = flawed.step().map(|step| shown(step.command().argument)).unwrap_or_default();
    let why = if verb == "NOOP" {
        "; servers SHOULD ignore what it is"
    } else {
        "; a server may make of it what it likes"
    };
    Some(Hit::new(format!(
        "the argument {whole} of {verb} is not one atom or quoted string ({seen} ends it){why}"
    )))
}
