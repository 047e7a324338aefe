use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-case-refused",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §2.4"),
    title: "the server takes a command in upper case only",
    help: "compare verbs and keywords without regard to case",
    explanation: "\
\"Verbs and argument values […] are not case sensitive, with the sole exception in this
specification of a mailbox local-part\" (RFC 5321 §2.4): \"MAIL\", \"mail\" and \"Mail\" are the same
command. This server refused one spelling as a syntax error and took the same command in upper
case, in the same state. Clients that write lower case cannot send mail to it. Usual causes: a
home-made server, a filtering firewall in front of one.",
    bad: "\
s< 220 mx.example.net ESMTP
c> ehlo client.example.org
s< 500 command not recognized
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> ehlo client_1.example.org
s< 501 invalid name
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::Refused, check),
};

/// So many refused commands are compared with all others.
const MOST: usize = 16;

fn check(case: Case<'_>) -> Vec<Hit> {
    let is_odd = |step: &Step<'_>| {
        matches!(step.code(), Some(500 | 501))
            && step.verb().is_some_and(|verb| verb != Verb::Other)
            && !step.exchange.pipelined
            && step.line().iter().any(u8::is_ascii_lowercase)
    };
    let found = case.steps().filter(is_odd).take(MOST).find_map(|refused| {
        let taken = case.steps().find(|other| {
            matches!(other.class(), Some(Class::Completion | Class::Intermediate))
                && is_upper_form(refused.verb(), refused.line(), other.line())
                && is_same_state(refused.exchange, other.exchange)
                && has_same_flaws(&refused, other)
        })?;
        let (line, code, form) = (refused.shown(), refused.code()?, taken.shown());
        let message = format!(
            "{line} is refused with {code}, {form} is taken: commands are the same in upper and lower case"
        );
        Some(Hit::new(message).on(On::Reply(Of::Exchange(refused.index), 0)))
    });
    found.into_iter().collect()
}

/// Whether `upper` is `lower` with some of its letters in upper case, none of them in an address.
fn is_upper_form(verb: Option<Verb>, lower: &[u8], upper: &[u8]) -> bool {
    // Without brackets, whatever is behind the verb may be an address.
    let has_path = lower.contains(&b'<');
    let open = if has_path { b'<' } else { b' ' };
    let from =
        lower.iter().position(|&octet| octet == open).filter(|_| has_path || is_of_address(verb));
    let to = lower.iter().rposition(|&octet| octet == b'>').filter(|_| has_path);
    let address = from.unwrap_or(lower.len())..to.unwrap_or(lower.len());
    let is_raised = |at: usize, a: u8, b: u8| {
        a.is_ascii_lowercase() && a.to_ascii_uppercase() == b && !address.contains(&at)
    };
    let pairs = || (0..).zip(lower.iter().zip(upper));
    lower.len() == upper.len()
        && lower != upper
        && pairs().all(|(at, (&a, &b))| a == b || is_raised(at, a, b))
}

/// Whether commands with this verb have an address.
fn is_of_address(verb: Option<Verb>) -> bool {
    matches!(
        verb,
        Some(
            Verb::Mail
                | Verb::Rcpt
                | Verb::Send
                | Verb::Soml
                | Verb::Saml
                | Verb::Vrfy
                | Verb::Expn
        )
    )
}

/// Whether both are as right or wrong: the digits of xtext are upper-case letters (RFC 3461 §4).
fn has_same_flaws(one: &Step<'_>, other: &Step<'_>) -> bool {
    match (one.parsed(), other.parsed()) {
        (Some(one), Some(other)) => one.flaws == other.flaws,
        _ => false,
    }
}

/// Whether nothing else than the spelling tells why one was refused.
fn is_same_state(one: &Exchange, other: &Exchange) -> bool {
    let key = |exchange: &Exchange| {
        let before = exchange.before;
        let has_rcpt = before.rcpt_accepted > 0;
        (before.hello, before.mail, before.tls, before.authenticated, has_rcpt)
    };
    one.request == other.request && key(one) == key(other)
}
