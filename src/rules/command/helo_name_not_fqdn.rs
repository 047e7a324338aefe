use crate::rules::prelude::*;
use crate::smtp::defect::Flaw;

pub(super) const RULE: Rule = Rule {
    id: "helo-name-not-fqdn",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §2.3.5, §4.1.4"),
    title: "EHLO or HELO with a name that is no full domain name",
    help: "set the full name of the host, or give its address: EHLO [192.0.2.1]",
    explanation: "\
The client MUST, if possible, give its primary host name (RFC 5321 §4.1.4), and \"local aliases
MUST NOT appear in any SMTP transaction\" (§2.3.5): a name of one label, \"localhost\", or one
below .local or .lan means something in one network only. Many servers refuse mail from such
clients, or count it as a sign of spam. A client without a name of its own gives its address:
EHLO [192.0.2.1]. Usual causes: a host whose full name is not set, a container, a mail program
on a PC. Between hosts of one network, and when mail is submitted with a password, it is mostly
harmless.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO localhost
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO localhost.example.org
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Ehlo), Request::Command(Verb::Helo)],
        Fact::OddName,
        check,
    ),
};

/// Top levels that are in no public DNS, or only mean something in one network.
const LOCAL: [&[u8]; 11] = [
    b"local",
    b"localdomain",
    b"localhost",
    b"lan",
    b"home",
    b"corp",
    b"internal",
    b"intranet",
    b"private",
    b"workgroup",
    b"domain",
];

fn check(step: &Step<'_>) -> Option<Hit> {
    let name = step.command().argument.trim_ascii_end();
    let dot = name.iter().rposition(|&octet| octet == b'.');
    let last = name.get(dot.map_or(0, |dot| dot + 1)..)?;
    let is_local = LOCAL.iter().any(|local| local.eq_ignore_ascii_case(last));
    let is_left_alone = name.first() == Some(&b'[') || super::is_blotted(step, name);
    if is_left_alone || dot.is_some() && !is_local {
        return None;
    }
    // What is wrong with it by itself, others tell.
    let at = step.command().argument_at;
    let range = at..at + name.len();
    let is_other = |flaw: &Flaw| range.contains(&flaw.range.start);
    if name.is_empty() || step.parsed()?.flaws.iter().any(is_other) || super::is_said(step) {
        return None;
    }
    let (verb, text) = (step.verb()?.name(), shown(name));
    let why = if dot.is_some() { "a name of one network only" } else { "a name of one label" };
    Some(
        Hit::new(format!(
            "{verb} with {text}, {why}: a full domain name or an address literal belongs there, and some \
             servers refuse mail without it"
        ))
        .at(range),
    )
}
