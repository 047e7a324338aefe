use crate::rules::prelude::*;
use crate::rules::standing::{declared_size, size_limit};

pub(super) const RULE: Rule = Rule {
    id: "size-declared-over-limit",
    category: Category::Extension,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start],
    rfc: Some("RFC 1870 §6.1"),
    title: "SIZE= is above the maximum that the server states",
    help: "compare the message's size with the SIZE of the EHLO reply before sending it",
    explanation: "\
The EHLO reply states the largest message that the server takes, and the client declares a
larger one. RFC 1870 §6.1: the server should refuse MAIL with 552, for good. Nothing is gained
by trying: a client is to compare the two itself, and to return the message to its sender (§6.2,
§7). Clients that go on trying fill queues; the sender learns of it days later. A maximum of 0,
or none, is no limit.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 1000000
c> MAIL FROM:<a@example.org> SIZE=1000001
s< 552 5.3.4 message size exceeds fixed maximum message size
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 SIZE 0
c> MAIL FROM:<a@example.org> SIZE=1000001
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
    check: Check::Step(&[Request::Command(Verb::Mail)], Fact::OverSize, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let (declared, param) = declared_size(step)?;
    let limit = size_limit(step).filter(|&limit| declared > limit)?;
    let then = if step.is_accepted() {
        "the server should have refused this, and may refuse the message after its data"
    } else {
        "the server is to refuse this, and will each time"
    };
    let hit = Hit::new(format!(
        "{declared} octets are declared, the EHLO reply states a maximum of {limit}: {then}"
    ));
    Some(hit.at(param.range))
}
