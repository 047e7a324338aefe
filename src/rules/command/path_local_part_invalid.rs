use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-local-part-invalid",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §4.1.2"),
    title: "the part of an address before the @ breaks its syntax",
    help: "mend the address, or put its local part in quotes if it is really meant so",
    explanation: "\
A local part is a Dot-string (atoms with single dots between, none at the ends) or a
Quoted-string (RFC 5321 §4.1.2). Blanks, brackets, commas, semicolons, colons, @ and backslashes
are legal in quotes only. A server answers 501 or 553: this recipient, or with MAIL the whole
message, is refused. Usual causes: a typing error in an address book, several recipients in one
RCPT, a dot at the end of the name (addresses of some old mobile carriers are so: they need
quotes).",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob..smith@example.net>
s< 501 bad address
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
c> RCPT TO:<bob.smith@example.net>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let (seen, address) = (flawed.seen(), super::address(flawed));
    let message = match super::wrong(flawed) {
        [] => format!("the address {address} has no local part"),
        b"." => format!("the local part of {address} has a dot too many"),
        _ => format!("{seen} is not legal in the local part of {address}, at least without quotes"),
    };
    Some(Hit::new(format!("{message}; servers refuse it with 501 or 553")))
}
