use super::{attempts, is_one_of, mechanism, steps_of};
use crate::dialog::session::{Attempt, Initial};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-mechanism-weak",
    category: Category::Auth,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 6331; RFC 8314"),
    title: "CRAM-MD5, DIGEST-MD5 or NTLM was used",
    help: "use SCRAM-SHA-256, or PLAIN inside TLS",
    explanation: "\
These mechanisms do not show the password, but what they do show can be tried against word lists at
leisure, with hardware that tries billions of MD5 or MD4 sums a second; the server must keep the
password, or what is as good as it. RFC 6331 moved DIGEST-MD5 to historic; SCRAM has none of these
faults, and inside TLS, which RFC 8314 asks for, PLAIN is no worse. NTLM can also be relayed to
another server.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5 SCRAM-SHA-256
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 235 2.7.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH CRAM-MD5 SCRAM-SHA-256
c> AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Auth, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let names = ["CRAM-MD5", "DIGEST-MD5", "NTLM"];
    // Where the client sent no response, there is nothing to attack.
    let is_used = |one: &&Attempt| {
        let mut steps = steps_of(case, one);
        one.initial == Initial::Given || steps.any(|step| is_response(&step))
    };
    let weak = attempts(case).iter().filter(|one| is_one_of(case, one, &names)).filter(is_used);
    let hits = weak.filter_map(|one| {
        let name = shown(mechanism(case, one));
        let text = format!("{name} can be attacked with word lists by whoever reads the exchange");
        Some(Hit::new(text).on(On::Command(one.exchange?)).once())
    });
    hits.collect()
}

/// Whether `step` is a response, and not the line that gives up.
fn is_response(step: &Step<'_>) -> bool {
    step.exchange.request == Request::AuthLine && !matches!(step.line(), b"" | b"*")
}
