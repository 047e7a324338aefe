use crate::rules::offers::Limits;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "limits-mailmax-exceeded",
    category: Category::Extension,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 9422"),
    title: "more transactions in a session than the server's MAILMAX allows",
    help: "close the session after MAILMAX transactions and open another",
    explanation: "\
MAILMAX in the LIMITS offer is the number of MAIL commands that the server accepts in one
session (RFC 9422); a client that has read it is to send QUIT then and open another session for
what is left. What is beyond it is refused, mostly with 421, 451 or 452, or the connection is
closed, and the mail is delayed until the client tries again. Usual causes: a client that keeps
connections open for many messages and does not know LIMITS (it is new, and no fault of RFC
5321), or one that remembers the offer of another server.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 LIMITS MAILMAX=1
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> MAIL FROM:<a@example.org>
s< 452 4.5.3 too many messages in this session
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
s< 250 LIMITS MAILMAX=2
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
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
    let (mut sent, mut accepted) = (0_u32, 0_u32);
    let beyond = |step: Step<'_>| {
        let verb = step.verb()?;
        // What begins a session anew begins to count anew.
        if matches!(verb, Verb::Starttls | Verb::Xclient) && step.is_accepted() {
            (sent, accepted) = (0, 0);
        }
        if verb != Verb::Mail {
            return None;
        }
        let (number, is_all) = (sent + 1, accepted == sent);
        sent = number;
        accepted += u32::from(step.is_accepted());
        if number == 1 {
            return None;
        }
        let most = Limits::known(&step)?.mailmax?;
        // Those after the first one too many say nothing new. Whether those that were refused
        // count, the server knows.
        let sure = if is_all { Confidence::Certain } else { Confidence::Likely };
        (number == most + 1).then(|| {
            let message = format!(
                "MAIL number {number} of this session, where the server offered MAILMAX={most}: it \
                 may refuse this one and all that follow"
            );
            Hit::new(message).on(On::Command(step.index)).sure(sure)
        })
    };
    case.steps().filter_map(beyond).collect()
}
