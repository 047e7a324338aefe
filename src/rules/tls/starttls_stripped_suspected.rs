use crate::rules::prelude::*;
use crate::rules::reply::{is_masked, offer_line};
use crate::smtp::reply;

// rules.tsv: what several sessions show together is starttls-stripped-across-sessions.
pub(super) const RULE: Rule = Rule {
    id: "starttls-stripped-suspected",
    category: Category::Tls,
    severity: Severity::Warning,
    party: Party::Middlebox,
    needs: &[Need::Client, Need::Server, Need::Offers],
    rfc: Some("RFC 3207 §6"),
    title: "the offer of STARTTLS was probably written over on the way",
    help: "switch off the inspection of SMTP in the firewall between the two",
    explanation: "\
The EHLO reply does not offer STARTTLS, but has a keyword of as many letters that are all X
(perhaps with another letter at the end): so Cisco's \"SMTP fixup\" and \"ESMTP inspection\"
write over what they do not want, and STARTTLS before all. The client does not see the offer and
sends in clear. RFC 3207 §6: \"A man-in-the-middle attack can be launched by deleting the '250
STARTTLS' response from the server. This would cause the client not to try to start a TLS
session.\" CHUNKING and SMTPUTF8 have as many letters; look from a host on the server's side of
the firewall what is really offered.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250 XXXXXXXA
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 XXXXXXXA
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::OddOffers, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    for hello in &case.session.hellos {
        let Some(step) = case.step(hello.exchange) else { continue };
        let Some(answer) = step.answer().filter(|answer| !answer.reply.cut) else { continue };
        if step.exchange.before.tls || offer_line(&step, "STARTTLS").is_some() {
            continue;
        }
        let masks = |text: &[u8]| {
            let offer = reply::offer(text);
            offer.is_some_and(|offer| offer.keyword.len() == 8 && is_masked(offer.keyword))
        };
        let Some(behind) = answer.texts().skip(1).position(masks) else { continue };
        let number = behind + 1;
        let message = format!(
            "{} has the length of STARTTLS, which is not offered: a firewall has probably \
             written over it, so that the client does not see the offer",
            shown(answer.texts().nth(number).unwrap_or_default())
        );
        let hit = Hit::new(message).on(On::Reply(answer.of, number)).at(4..12);
        return vec![hit.sure(Confidence::Likely)];
    }
    Vec::new()
}
