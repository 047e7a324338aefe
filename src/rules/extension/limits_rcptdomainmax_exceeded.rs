use crate::rules::offers::Limits;
use crate::rules::prelude::*;
use std::collections::HashSet;
use std::mem;

pub(super) const RULE: Rule = Rule {
    id: "limits-rcptdomainmax-exceeded",
    category: Category::Extension,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 9422"),
    title: "recipients of more domains than the server's RCPTDOMAINMAX allows",
    help: "send to no more domains in one session than RCPTDOMAINMAX says",
    explanation: "\
RCPTDOMAINMAX in the LIMITS offer is the number of different domains that may appear in the RCPT
commands of one session (RFC 9422). Servers that bind a session to the place where the first
recipient's mail is delivered announce it; recipients of further domains are refused, mostly
with 452 or 451, and their mail is delayed until the client tries again in another session.
Usual causes: a client that sends to all domains with the same MX in one session and does not
know LIMITS (it is new, and no fault of RFC 5321).",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 LIMITS RCPTDOMAINMAX=1
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<b@example.com>
s< 452 4.5.3 another domain
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
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
s< 250 LIMITS RCPTDOMAINMAX=1
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<c@EXAMPLE.NET>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Limits, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let mut domains = HashSet::new();
    let mut is_told = false;
    let beyond = |step: Step<'_>| {
        let verb = step.verb()?;
        // What begins a session anew begins to count anew.
        if matches!(verb, Verb::Starttls | Verb::Xclient) && step.is_accepted() {
            domains.clear();
        }
        if verb != Verb::Rcpt {
            return None;
        }
        let most = Limits::known(&step)?.rcptdomainmax?;
        let mailbox = step.mailbox()?;
        let at = mailbox.iter().rposition(|&octet| octet == b'@')?;
        let domain = mailbox.get(at + 1..)?.to_ascii_lowercase();
        let is_beyond = domains.len() >= most as usize && !domains.contains(&domain);
        let seen = shown(&domain);
        // A server need not count what it refused.
        if step.is_accepted() {
            domains.insert(domain);
        }
        // Those after the first one too many say nothing new.
        (is_beyond && !mem::replace(&mut is_told, true)).then(|| {
            Hit::new(format!(
                "a recipient of one more domain, {seen}, where the server offered \
                 RCPTDOMAINMAX={most} and has accepted recipients of as many: it may refuse this one"
            ))
            .on(On::Command(step.index))
        })
    };
    case.steps().filter_map(beyond).collect()
}
