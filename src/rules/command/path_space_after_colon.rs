use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-space-after-colon",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §3.3"),
    title: "blank between the colon of FROM: or TO: and the path",
    help: "leave the blank out: MAIL FROM:<…>, RCPT TO:<…>",
    explanation: "\
RFC 5321 §3.3: \"spaces are not permitted on either side of the colon following FROM in the MAIL
command or TO in the RCPT command.\" Many servers accept it, as this has been a common error for
decades; strict ones (Postfix with strict_rfc821_envelopes) answer 501. Leave the blank out.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM: <a@example.org>
s< 250 2.1.0 ok
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let label = if flawed.line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"RCPT")) {
        "TO:"
    } else {
        "FROM:"
    };
    Some(Hit::new(format!("blanks beside the colon of {label}, where none are permitted")))
}
