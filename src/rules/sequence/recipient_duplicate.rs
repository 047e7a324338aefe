use super::is_same_mailbox;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "recipient-duplicate",
    category: Category::Sequence,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §3.3"),
    title: "the same recipient was named twice in one transaction",
    help: "name each recipient once",
    explanation: "\
The same address stands in two RCPTs of one transaction, and the first was not refused. RFC 5321
does not forbid it. Servers that do not merge them deliver two copies, and both count towards
limits on recipients. Usual causes: an address in To and Cc, or a list and an alias that lead to
the same mailbox, expanded without a look for doubles. Where ORCPT differs (RFC 3461), two
original recipients lead to one mailbox, and each may want its own report: that is not counted.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<b@EXAMPLE.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: x
c> 
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<B@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: x
c> 
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::Several, check),
};

/// So many recipients are compared each with each.
const FEW: usize = 8;

fn check(case: Case<'_>) -> Vec<Hit> {
    let messages = &case.session.messages;
    let found = messages.iter().filter(|one| one.recipients.len() > 1).find_map(|message| {
        let known = message.recipients.iter().filter(|one| {
            one.address.len > 0 && one.exchange.is_some() && one.code.is_none_or(|code| code < 400)
        });
        let mut known: Vec<&Recipient> = known.collect();
        if known.len() <= FEW {
            let pairs = (1..known.len()).flat_map(|later| (0..later).map(move |one| (one, later)));
            return pairs
                .filter_map(|(one, later)| Some((*known.get(one)?, *known.get(later)?)))
                .find(|&(one, later)| is_same(case, one, later));
        }
        known.sort_by_cached_key(|one| case.session.bytes(one.address).to_ascii_lowercase());
        let pairs = known.iter().zip(known.iter().skip(1)).map(|(&one, &later)| (one, later));
        pairs
            .filter(|&(one, later)| is_same(case, one, later))
            .min_by_key(|(_, later)| later.exchange)
    });
    let hit = found.and_then(|(one, later)| {
        let first = case.step(one.exchange?)?;
        // Where bytes are missing, another transaction may have begun between the two.
        let is_inferred = case.step(later.exchange?)?.exchange.before.inferred;
        if is_inferred {
            return None;
        }
        let text = format!(
            "{} was named before in the same transaction, by {}",
            shown(case.session.bytes(later.address)),
            first.shown()
        );
        Some(Hit::new(text).on(On::Command(later.exchange?)))
    });
    hit.into_iter().collect()
}

/// Whether two recipients are one.
fn is_same(case: Case<'_>, one: &Recipient, other: &Recipient) -> bool {
    let bytes = |recipient: &Recipient| case.session.bytes(recipient.address);
    let original = |recipient: &Recipient| {
        let step = case.step(recipient.exchange?)?;
        step.param(b"ORCPT").and_then(|param| param.value.map(<[u8]>::to_vec))
    };
    is_same_mailbox(bytes(one), bytes(other)) && original(one) == original(other)
}
