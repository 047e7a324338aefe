use super::{data_before_rcpt, mail_nested, rcpt_before_mail};
use crate::rules::prelude::*;

/// A transaction without recipients.
macro_rules! broken {
    () => {
        "c> MAIL FROM:<a@example.org>\ns< 250 2.1.0 ok\nc> DATA\ns< 503 5.5.1 need RCPT\nc> RSET\ns< 250 2.0.0 ok\n"
    };
}

pub(super) const RULE: Rule = Rule {
    id: "invalid-transactions-repeated",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.1.4"),
    title: "the client broke the order of transactions again and again",
    help: "read each reply, and go on only with what it permits",
    explanation: "\
Ten times or more in one session the client sent MAIL, RCPT or DATA where RFC 5321 §4.1.4 does
not permit it. Once is a slip; so many say that it does not read replies: a script that plays
back commands, a program that mixes up two connections, or somebody who probes the server. Mail
of such a client is lost without notice. Servers count these errors and close with 421 (Postfix
smtpd_hard_error_limit, Exim smtp_max_synprot_errors).",
    bad: concat!(
        "s< 220 mx.example.net ESMTP\n",
        "c> EHLO client.example.org\n",
        "s< 250 mx.example.net\n",
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        "c> QUIT\n",
        "s< 221 2.0.0 bye\n",
    ),
    good: concat!(
        "s< 220 mx.example.net ESMTP\n",
        "c> EHLO client.example.org\n",
        "s< 250 mx.example.net\n",
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        broken!(),
        "c> QUIT\n",
        "s< 221 2.0.0 bye\n",
    ),
    check: Check::Session(Fact::Long, check),
};

/// So many faults in a session are no slips.
const MANY: usize = 10;

fn check(case: Case<'_>) -> Vec<Hit> {
    let is_broken = |step: &Step<'_>| match step.exchange.request {
        Request::Command(Verb::Mail) => mail_nested::check(step).is_some(),
        Request::Command(Verb::Rcpt) => rcpt_before_mail::check(step).is_some(),
        Request::Command(Verb::Data) => data_before_rcpt::check(step).is_some(),
        _ => false,
    };
    let mut broken = case.steps().filter(is_broken);
    let Some(first) = broken.next() else { return Vec::new() };
    let count = 1 + broken.count();
    if count < MANY {
        return Vec::new();
    }
    let text = format!(
        "{count} times in this session MAIL, RCPT or DATA was sent where it is not permitted; this \
         is the first"
    );
    vec![Hit::new(text).on(On::Command(first.index))]
}
