use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-relay-routing",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §7.1, App. F.2"),
    title: "a percent or bang route in a local part",
    help: "address the final recipient, and let the DNS find the way",
    explanation: "\
\"user%host@relay\" asks relay to send on to user@host, \"host!user@relay\" does the same in the
manner of UUCP: source routes in disguise (compare RFC 5321 App. F.2). By the syntax they are
plain local parts, and only the relay's own rules say what they mean. Today who sends them looks
for a server that can be talked into relaying for strangers (§7.1 and §7.9 are about such
abuse): make sure that yours refuses them or delivers them as they stand. Innocent: a gateway to
an old mail system, a mailbox that really has such a name.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob%example.com@example.net>
s< 550 relaying denied
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
c> RCPT TO:<bob%40@example.net>
s< 250 OK
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Mail), Request::Command(Verb::Rcpt)],
        Fact::Unplain,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    memchr::memchr2(b'%', b'!', step.line())?;
    let address = &step.envelope()?.address;
    let local = step.line().get(address.local.clone())?;
    let is_name = |text: &[u8]| {
        let is_letter = |&octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.');
        text.first().is_some_and(u8::is_ascii_alphanumeric) && text.iter().all(is_letter)
    };
    let kind = if let Some(at) = local.iter().rposition(|&octet| octet == b'%')
        && let (Some(user), Some(host)) = (local.get(..at), local.get(at + 1..))
        && let host = host.strip_suffix(b"\"").unwrap_or(host)
        && !user.is_empty()
        && is_name(host)
        && is_full(host)
        && !is_encoded(host)
    {
        "percent"
    } else if let Some(at) = local.iter().position(|&octet| octet == b'!')
        && let (Some(host), Some(user)) = (local.get(..at), local.get(at + 1..))
        && let host = host.strip_prefix(b"\"").unwrap_or(host)
        && is_name(host)
        && user.first().is_some_and(u8::is_ascii_alphanumeric)
    {
        "bang"
    } else {
        return None;
    };
    let (text, verb) = (shown(local), step.verb()?);
    let asks = match verb {
        Verb::Rcpt => "it asks the server to send on to another host",
        _ => "bounces are asked to go to another host by way of this one",
    };
    let hit = Hit::new(format!(
        "{kind} route in the local part {text} of {}, if it is one: {asks}",
        verb.name()
    ));
    // What a local part means, its own host alone knows (RFC 5321 §2.3.11).
    Some(hit.at(address.local.clone()).sure(Confidence::Likely))
}

/// Whether `host` is a name with a top level as the DNS has them.
fn is_full(host: &[u8]) -> bool {
    let mut labels = host.rsplit(|&octet| octet == b'.');
    let top = labels.next().unwrap_or_default();
    top.len() > 1 && top.iter().all(u8::is_ascii_alphabetic) && labels.next().is_some()
}

/// Whether a percent sign before `host` may be that of an encoded octet, as %40 for @.
fn is_encoded(host: &[u8]) -> bool {
    matches!(host, [b'0'..=b'7', second, ..] if second.is_ascii_hexdigit())
}
