use crate::rules::prelude::*;

// rules.tsv: it also needs the server there. Whether SMTPUTF8 is in force the client's own MAIL says
// (RFC 6531 §3.4); whether the server offers that, other rules ask.
pub(super) const RULE: Rule = Rule {
    id: "command-8bit-octet",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Commands],
    rfc: Some("RFC 5321 §2.4; RFC 6531 §3.4"),
    title: "an octet above 127 in a command where only ASCII is legal",
    help: "write the command in ASCII; give SMTPUTF8 with MAIL if an address needs more",
    explanation: "\
\"In the absence of a server-offered extension explicitly permitting it, a sending SMTP system is
not permitted to send envelope commands in any character set other than US-ASCII\" (RFC 5321
§2.4). SMTPUTF8 (RFC 6531) permits UTF-8 in addresses and parameters of a transaction whose MAIL
asks for it, never in verbs, nor in the name of EHLO: that is written with A-labels (xn--…)
always. Servers SHOULD refuse such a command with 500 or 501. Usual causes: a host name with an
umlaut, a typographic hyphen or no-break space pasted from a web page, bytes that are no SMTP at
all.",
    bad: "\
s< 220 mx.example.net ESMTP
# escaped
c> EHLO m\\xC3\\xBCnchen.example.org
s< 501 invalid name
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO xn--mnchen-3ya.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    if super::may_have_asked(flawed) {
        return None;
    }
    let (seen, verb) = (flawed.seen(), super::verb(flawed));
    let why = match verb {
        "EHLO" | "HELO" | "LHLO" => {
            "names are ASCII even with SMTPUTF8 (xn--… stands for other letters)"
        }
        _ => "only ASCII is legal there, and servers SHOULD refuse it with 500",
    };
    Some(Hit::new(format!("{seen} in {verb}: {why}")))
}
