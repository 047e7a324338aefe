use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "path-injection-suspected",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Names],
    rfc: Some("RFC 5321 §4.1.2, §7"),
    title: "an address that seems to smuggle in another command",
    help: "refuse CR, LF and brackets in addresses where they come in, as in a web form",
    explanation: "\
The address holds a line end in disguise (CR, or %0d%0a as in a URL) or the words of another
SMTP command. Whoever fills in a web form so tries to end the command early and add recipients
or a message of their own. A client that lets it through sends strangers' mail under its own
name. RFC 5321 §4.1.2 has no control characters in an address: check addresses where they come
in. Innocent: a program that forgot CRLF between two commands, which this looks like, too.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<\"bob%0d%0aRCPT TO:<eve@example.com>\"@example.net>
s< 550 no such user
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
c> RCPT TO:<bob.rcpt@example.net>
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
    if memchr::memchr3(b'%', b'"', b'\r', step.line()).is_none() && step.parsed()?.flaws.is_empty()
    {
        return None;
    }
    let command = step.command();
    // Behind the label.
    let label = command.argument.iter().position(|&octet| octet == b':')? + 1;
    let text = command.argument.get(label..)?.to_ascii_lowercase();
    let at = |needle: &[u8]| text.windows(needle.len()).position(|window| window == needle);
    let ends = [&b"%0d%0a"[..], b"%0a", b"%0d", b"\r"].into_iter().filter_map(|end| {
        let from = at(end)?;
        let behind = text.get(from + end.len()..)?;
        // A line end alone is hardly one by chance only if it is written in full.
        let is_full = end.len() == 6 || begins_command(behind);
        is_full.then_some(from..from + end.len())
    });
    let commands = [&b"rcpt to:"[..], b"mail from:"].into_iter().filter_map(|words| {
        let from = at(words)?;
        Some(from..from + words.len())
    });
    let found = ends.chain(commands).next()?;
    let from = command.argument_at + label;
    let range = from + found.start..from + found.end;
    let (seen, verb) = (shown(step.line().get(range.clone())?), step.verb()?.name());
    let hit = Hit::new(format!(
        "{seen} within the address of {verb}: it seems to be made to add a command of its own"
    ));
    Some(hit.at(range).sure(Confidence::Likely))
}

/// Whether `text` begins with a verb.
fn begins_command(text: &[u8]) -> bool {
    let end = text.iter().position(|octet| !octet.is_ascii_alphabetic()).unwrap_or(text.len());
    text.get(..end).is_some_and(|word| Verb::of(word) != Verb::Other)
}
