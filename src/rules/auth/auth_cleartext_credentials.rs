use super::{attempts, is_in_clear, mechanism, steps_of};
use crate::dialog::session::{Attempt, Initial};
use crate::rules::prelude::*;
use crate::smtp::sasl;

pub(super) const RULE: Rule = Rule {
    id: "auth-cleartext-credentials",
    category: Category::Auth,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4954 §9; RFC 8314 §3"),
    title: "a password or token was sent in clear",
    help: "use STARTTLS or port 465, refuse to log in without TLS, and change the password",
    explanation: "\
PLAIN, LOGIN and bearer tokens hand over the secret as it is, in base64, which is no encryption:
whoever sees the packets has the account. RFC 4954 §9 wants such mechanisms only inside TLS or
where the path is protected otherwise; RFC 8314 §3 calls for TLS on all access by mail clients. What
was recorded here is lost to whoever can read the recording. Usual causes: TLS is switched off or
\"if available\" in the client, and a device on the path takes STARTTLS out of the EHLO reply; a
printer or script of old. Not told on the loopback interface, where nobody listens; innocent may be
a path inside IPsec or a tunnel, recorded at its end. Of a transcript it is told where the server
still offers STARTTLS.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH PLAIN LOGIN
c> AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAHNlY3JldA==
s< 235 2.7.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH PLAIN LOGIN CRAM-MD5
c> AUTH CRAM-MD5
s< 334 PDE4OTYuNjk3MTcwOTUyQG14LmV4YW1wbGUubmV0Pg==
c> dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
s< 235 2.7.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Auth, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let mut sent = attempts(case).iter().filter_map(|one| Some((one, sent_with(case, one)?)));
    let Some((first, step)) = sent.next() else { return Vec::new() };
    let more = sent.count();
    let name = String::from_utf8_lossy(mechanism(case, first)).to_ascii_uppercase();
    let what = if sasl::is_bearer(name.as_bytes()) { "token" } else { "password" };
    let more =
        if more > 0 { format!(", and so in {more} more of this session") } else { String::new() };
    let text = [
        "this line of AUTH ",
        &name,
        " holds the ",
        what,
        " in base64, without TLS",
        &more,
        ": whoever reads the packets has it",
    ];
    vec![Hit::new(text.concat()).on(On::Command(step.index))]
}

/// The step of `attempt` with which a password was sent in clear.
fn sent_with<'s>(case: Case<'s>, attempt: &Attempt) -> Option<Step<'s>> {
    let name = mechanism(case, attempt);
    if !sasl::is_plaintext(name) {
        return None;
    }
    // The command itself is a response, too, if it has an initial one.
    let skipped = usize::from(attempt.initial == Initial::Absent);
    let step = steps_of(case, attempt).nth(skipped + sasl::password_at(name))?;
    let is_said = step.exchange.masked.is_some() || !matches!(step.line(), b"" | b"*" | b"=");
    let is_empty = attempt.initial == Initial::Empty && Some(step.index) == attempt.exchange;
    (is_said && !is_empty && is_in_clear(&step)).then_some(step)
}
