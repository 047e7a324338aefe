use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "limits-ignored-as-malformed",
    category: Category::Extension,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server],
    rfc: Some("RFC 9422 §3"),
    title: "a limit of the LIMITS offer is malformed, so that clients ignore it",
    help: "announce LIMITS as NAME=number, with 1 to 6 digits, the first not 0",
    explanation: "\
LIMITS tells clients which limits the server applies in this session (RFC 9422 §3): names, each
perhaps with an equals sign and a value; the value of RCPTMAX, MAILMAX and RCPTDOMAINMAX is a
number of 1 to 6 digits that does not begin with 0. A client ignores a limit whose value it
cannot read, and the whole offer if it cannot read its names. It then sends as much as it likes
and is refused, which the offer was to prevent. Usual causes: 0 or a word for \"no limit\" (leave
the limit out instead), blanks or commas in numbers, colons for equals signs.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 LIMITS RCPTMAX=1000000 MAILMAX=0
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 LIMITS RCPTMAX=999999 X-NEW=a,b X-FLAG
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let hit = plain(flawed)?;
    Some(Hit { message: format!("LIMITS: {}; clients ignore it", hit.message), ..hit })
}
