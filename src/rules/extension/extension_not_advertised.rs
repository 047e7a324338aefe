use crate::rules;
use crate::rules::prelude::*;
use crate::rules::standing::{Standing, standing, use_of};
use crate::smtp::extension::{self, Extension};
use std::sync::LazyLock;

pub(super) const RULE: Rule = Rule {
    id: "extension-not-advertised",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 5321 §2.2.1, §2.2.2"),
    title: "a command or parameter of an extension that the server does not offer",
    help: "use only extensions that the last EHLO reply of this session lists",
    explanation: "\
RFC 5321 §2.2.1: by the EHLO reply \"the server can inform the client as to the service
extensions that it supports\". A server that does not know a verb answers 500, and one that does
not know a parameter of MAIL or RCPT answers 555 (§4.1.1.11): then the mail is not sent. A
server that ignores the parameter does not do what the client relies on. Usual causes:
extensions that were remembered from another server or from before, or a filter between the two
that strikes lines out of EHLO replies. Extensions with a rule of their own (SIZE, 8BITMIME, DSN
and others) and private ones, which begin with X, are not meant here.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org> BY=600;N
s< 555 5.5.4 unsupported option: BY=600;N
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
s< 250 DELIVERBY
c> MAIL FROM:<a@example.org> BY=600;N
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: report
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Unoffered, check),
};

/// Those that rules of their own are about; `None`: always, whatever rules there are.
const OTHERS: &[(&str, Option<&str>)] = &[
    ("SIZE", Some("size-not-advertised")),
    ("8BITMIME", Some("body-not-advertised")),
    ("BINARYMIME", Some("body-not-advertised")),
    ("SMTPUTF8", Some("smtputf8-not-advertised")),
    ("DSN", Some("dsn-not-advertised")),
    ("MT-PRIORITY", Some("mt-priority-not-advertised")),
    ("RRVS", Some("rrvs-not-advertised")),
    ("REQUIRETLS", Some("requiretls-not-advertised")),
    ("ETRN", Some("etrn-not-advertised")),
    ("BURL", Some("burl-not-advertised")),
    ("CHUNKING", Some("bdat-not-advertised")),
    ("STARTTLS", Some("starttls-not-advertised")),
    // Commands of RFC 5321 and 821, which need no offer.
    ("HELP", None),
    ("VRFY", None),
    ("EXPN", None),
    ("TURN", None),
    ("SEND", None),
    ("SOML", None),
    ("SAML", None),
];

/// The places of the extensions that are left for this rule. Those with X are used by agreement
/// (RFC 5321 §4.1.5).
static OURS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let is_rule = |id: &str| rules::all().iter().any(|rule| rule.id == id);
    let is_other = |keyword: &str| {
        let other = OTHERS.iter().find(|(name, _)| *name == keyword);
        keyword.starts_with('X') || other.is_some_and(|(_, id)| id.is_none_or(is_rule))
    };
    let ours = extension::all().iter().filter(|row| !is_other(row.keyword));
    ours.map(Extension::index).collect()
});

fn check(case: Case<'_>) -> Vec<Hit> {
    let used = OURS.iter().filter(|&&index| case.session.used.has(index));
    let rows = used.filter_map(|&index| extension::by_index(index));
    rows.filter_map(|row| case.steps().find_map(|step| used_by(&step, row))).collect()
}

/// What to say if `step` makes use of `row`, and nothing offers it.
fn used_by(step: &Step<'_>, row: &'static Extension) -> Option<Hit> {
    // Of the AUTH command, auth-not-advertised speaks; AUTH= of MAIL is left.
    if step.verb() == Some(Verb::Auth) {
        return None;
    }
    // Of parameters after HELO, param-in-helo-session speaks.
    let is_after_helo = step.exchange.before.hello == Protocol::Smtp;
    let is_path = matches!(step.verb()?, Verb::Mail | Verb::Rcpt);
    let (given, at) = use_of(step, row).filter(|_| !(is_after_helo && is_path))?;
    // Exchange authenticates with X-EXPS, and gives AUTH= where that is offered.
    if row.keyword == "AUTH" && is_path && step.offered().offer("X-EXPS").is_some() {
        return None;
    }
    let Standing::Lacking(why) = standing(step, row.keyword) else { return None };
    let keyword = row.keyword;
    let message = format!(
        "{given} needs {keyword} ({}), but {why}; the server need not understand it",
        row.rfc
    );
    Some(Hit::new(message).on(On::Command(step.index)).at(at))
}
