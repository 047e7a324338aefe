use super::{COMMAND, faults};
use crate::dialog::session::AuthWrong;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-mechanism-malformed",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4422 §3.1"),
    title: "what follows AUTH cannot be the name of a mechanism",
    help: "name the mechanism right behind AUTH, then a blank, then the initial response",
    explanation: "\
A mechanism's name is \"1*20 mech-char\": 1 to 20 letters A-Z, digits, hyphens and underscores
(RFC 4422 §3.1); in SMTP their case does not matter. A server answers 501 or 504. Usual causes: the
mechanism is left out, and the credentials stand in its place; an equals sign instead of the blank
between mechanism and initial response (AUTH PLAIN=…), or quotes. What stands there may be a
secret, and is not shown.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH PLAIN LOGIN
c> AUTH AGFsaWNlQGV4YW1wbGUub3JnAHNlY3JldA==
s< 504 5.5.4 unrecognized authentication type
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH PLAIN LOGIN
c> AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAHNlY3JldA==
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(COMMAND, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let (_, range) = faults(step).find(|(what, _)| *what == AuthWrong::Mechanism)?;
    let hit = Hit::new(
        "what follows AUTH is no name of a mechanism, which is 1 to 20 letters, digits, hyphens and \
         underscores: the server answers 501 or 504",
    );
    Some(hit.at(range))
}
