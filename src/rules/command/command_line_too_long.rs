use crate::rules::prelude::*;
use crate::rules::stray::{What, strays};
use crate::smtp::extension::{self, Extension};

pub(super) const RULE: Rule = Rule {
    id: "command-line-too-long",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Offers],
    rfc: Some("RFC 5321 §4.5.3.1.4"),
    title: "a command line longer than the server must take",
    help: "shorten the line, or use an extension that allows for it",
    explanation: "\
\"The maximum total length of a command line including the command word and the <CRLF> is 512
octets\" (RFC 5321 §4.5.3.1.4). Extensions add to it for the commands that they change: SIZE 26
octets of MAIL, AUTH 500, SMTPUTF8 10, DSN 110 of MAIL and 530 of RCPT, and so on; of the AUTH
command another rule speaks. What the server offers here is counted. A longer line may be refused
with 500, cut, or read as two; firewalls drop the connection over it. Usual causes: very long
addresses or parameters, two lines whose CRLF was lost, a test for a buffer overflow.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> NOOP abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz
s< 500 line too long
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> NOOP abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::LongLine, check),
};

/// The octets of a command line with its CRLF (RFC 5321 §4.5.3.1.4).
const PLAIN: u64 = 512;

fn check(case: Case<'_>) -> Vec<Hit> {
    let long = case.steps().filter(|step| step.exchange.octets > PLAIN);
    let mut hits = Vec::new();
    for step in long.filter(|step| !is_text(step)) {
        let Some((limit, is_sure)) = limit(&step) else { continue };
        let octets = step.exchange.octets;
        // What a transcript has in place of a secret is not as long as that.
        let is_known = step.exchange.masked.is_none() || case.is_packets();
        if octets > limit && is_known {
            let name = step.verb().map(Verb::name).filter(|name| !name.is_empty());
            let name = name.unwrap_or("this line");
            let of = if limit > PLAIN { " with the extensions that are offered" } else { "" };
            let message = format!(
                "{name} has {octets} octets with its line end, {limit} are the limit{of}: a server may \
                 refuse it, or cut it"
            );
            let hit = Hit::new(message).on(On::Command(step.index));
            hits.push(if is_sure { hit } else { hit.sure(Confidence::Likely) });
        }
    }
    hits
}

/// How long the line may be, and whether that is all that can be known.
fn limit(step: &Step<'_>) -> Option<(u64, bool)> {
    let of_row = |row: &Extension| match step.verb() {
        Some(Verb::Rcpt) => u64::from(row.longer.rcpt),
        _ => u64::from(row.longer.mail),
    };
    match step.verb()? {
        // How long its URL may be, RFC 4468 says; of AUTH another rule speaks.
        Verb::Burl | Verb::Auth => None,
        Verb::Mail | Verb::Rcpt | Verb::Send | Verb::Soml | Verb::Saml => {
            let offered = step.offered();
            if matches!(offered, Offered::Unknown) {
                return Some((PLAIN + extension::all().iter().map(of_row).sum::<u64>(), true));
            }
            let (mut seen, mut limit, mut is_sure) = (0_u64, PLAIN, true);
            for offer in offered.offers() {
                match extension::by_keyword(offer.keyword) {
                    // By how much it makes lines longer, nobody knows.
                    None => is_sure = false,
                    Some(row) => {
                        let bit = 1_u64.checked_shl(u32::from(row.index())).unwrap_or(0);
                        limit += if seen & bit == 0 { of_row(row) } else { 0 };
                        seen |= bit;
                    }
                }
            }
            Some((limit, is_sure))
        }
        _ => Some((PLAIN, true)),
    }
}

/// Whether a line that is no command is text of a message or of another protocol: that is told.
fn is_text(step: &Step<'_>) -> bool {
    step.verb() == Some(Verb::Other)
        && !strays(step.case).iter().any(|stray| {
            stray.step.index == step.index && matches!(stray.what, What::Unknown | What::Exploit)
        })
}
