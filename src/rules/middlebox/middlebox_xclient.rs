use crate::rules::prelude::*;

// rules.tsv: no RFC describes it; Postfix's XCLIENT_README and XFORWARD_README do.
pub(super) const RULE: Rule = Rule {
    id: "middlebox-xclient",
    category: Category::Middlebox,
    severity: Severity::Note,
    party: Party::Middlebox,
    needs: &[Need::Client],
    rfc: None,
    title: "XCLIENT or XFORWARD says for whom the client speaks",
    help: "permit XCLIENT and XFORWARD to the servers in front alone",
    explanation: "\
A proxy or filter in front of a mail server tells it for which client it speaks, in commands of
Postfix that others have taken over (Exim, Dovecot, nginx). XCLIENT replaces name, address and
login of the client: from there on the server judges the session as that client's, and greets
anew. XFORWARD passes them on for the log alone. The client's address in the packets is that of
the one in front. A server that permits XCLIENT to anybody lets every client claim another's
address, and with LOGIN another's rights. A refused one has no effect and is not told here.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO proxy.example.org
s< 250-mx.example.net
s< 250 XCLIENT NAME ADDR PROTO HELO
c> XCLIENT NAME=client.example.com ADDR=192.0.2.7
s< 220 mx.example.net ESMTP
c> EHLO client.example.com
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO proxy.example.org
s< 250-mx.example.net
s< 250 XCLIENT NAME ADDR PROTO HELO
c> XCLIENT NAME=client.example.com ADDR=192.0.2.7
s< 550 5.7.0 insufficient authorization
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(
        &[Request::Command(Verb::Xclient), Request::Command(Verb::Xforward)],
        Fact::Uncommon,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let one = step.exchange;
    if step.is_refused() || one.cut || one.before.inferred {
        return None;
    }
    let (verb, what) = match step.verb()? {
        Verb::Xclient => ("XCLIENT", "the server treats it as the client from here on"),
        _ => ("XFORWARD", "the server logs it as the client"),
    };
    let command = step.command();
    // [UNAVAILABLE] and [TEMPUNAVAIL] are no address.
    let value = |name: &str| {
        let mut words = command.argument.split(|&octet| octet == b' ');
        words.find_map(|word| {
            let (key, value) = word.split_at_checked(name.len() + 1)?;
            let is_it = key.strip_suffix(b"=")?.eq_ignore_ascii_case(name.as_bytes());
            (is_it && !value.is_empty() && !value.starts_with(b"[")).then_some(value)
        })
    };
    let named = ["ADDR", "NAME", "LOGIN"].into_iter().find_map(|name| Some((name, value(name)?)));
    let who = match named {
        Some((name, value)) => format!("{verb} names {} ({name})", shown(value)),
        None => format!("{verb} says more of the client"),
    };
    Some(Hit::new(format!("{who}: {what}, whatever address the packets come from")).once())
}
