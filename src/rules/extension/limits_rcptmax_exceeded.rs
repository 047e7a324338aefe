use crate::rules::offers::Limits;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "limits-rcptmax-exceeded",
    category: Category::Extension,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 9422"),
    title: "more recipients in a transaction than the server's RCPTMAX allows",
    help: "begin a new transaction for the recipients beyond RCPTMAX",
    explanation: "\
RCPTMAX in the LIMITS offer is the number of RCPT commands that the server accepts in one
transaction (RFC 9422); a client that has read it is to divide the recipients among
transactions. Those beyond it are refused, mostly with 452, and the mail for them is delayed
until the client tries again, or returned if the client takes the refusal for a final one. Usual
causes: a client that does not know LIMITS (it is new, and no fault of RFC 5321), or one that
remembers the offer of another server.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 LIMITS RCPTMAX=2
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<c@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<d@example.net>
s< 452 4.5.3 too many recipients
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
s< 250 LIMITS RCPTMAX=2
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> RCPT TO:<c@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<d@example.net>
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
    let beyond = |step: Step<'_>| {
        let before = step.exchange.before;
        if step.verb() != Some(Verb::Rcpt) || !before.mail || before.rcpt_sent == 0 {
            return None;
        }
        let most = Limits::known(&step)?.rcptmax?;
        // Those after the first one too many say nothing new. Whether those that were refused
        // count, the server knows.
        let is_all = before.rcpt_accepted == most;
        let sure = if is_all { Confidence::Certain } else { Confidence::Likely };
        (before.rcpt_sent == most).then(|| {
            let message = format!(
                "recipient {} of this transaction, where the server offered RCPTMAX={most}: it may \
                 refuse this one and all that follow",
                most + 1
            );
            Hit::new(message).on(On::Command(step.index)).sure(sure)
        })
    };
    case.steps().filter_map(beyond).collect()
}
