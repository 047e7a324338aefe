use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-space-after-colon",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §3.3"),
    title: "a blank beside the colon of FROM: or TO:",
    help: "leave the blank out: MAIL FROM:<…>, RCPT TO:<…>",
    explanation: "\
RFC 5321 §3.3: \"spaces are not permitted on either side of the colon following FROM in the MAIL
command or TO in the RCPT command.\" Many servers accept it, as this has been a common error for
decades; strict ones (Postfix with strict_rfc821_envelopes, many appliances) answer 501, and the
mail does not go out. Usual causes: a script or a device with a home-made client, a person at a
telnet prompt.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM: <alice@example.org>
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
    let (blanks, label) = (super::blanks(super::wrong(flawed)), super::label(flawed));
    let is_before = flawed.flaw.defect == Defect::SpaceBeforeColon;
    let side = if is_before { "before" } else { "behind" };
    Some(Hit::new(format!(
        "{blanks} {side} the colon of {label}, where none is permitted: strict servers answer 501"
    )))
}
