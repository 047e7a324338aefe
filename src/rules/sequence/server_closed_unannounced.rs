use super::{PATIENCE, announces_end, has_turned, minutes, server_closed};
use crate::rules::prelude::*;

// rules.tsv: a server may close without 421 after five minutes without a command (RFC 5321 §3.8), so
// that times are needed, and packets to know who closed.
pub(super) const RULE: Rule = Rule {
    id: "server-closed-unannounced",
    category: Category::Sequence,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Times, Need::Packets, Need::End, Need::Whole],
    rfc: Some("RFC 5321 §3.8, §4.1.1.10"),
    title: "the server closed the connection with neither 421 nor a QUIT",
    help: "send 421 before closing, or wait for QUIT",
    explanation: "\
RFC 5321 §3.8: a server \"MUST NOT intentionally close the connection\" except after QUIT and 221,
after 421, and after the timeouts of §4.5.3.2 (five minutes for a command). Nothing was open to
answer here, and the server closed all the same, sooner than that. The client treats what was
open as a 451 and tries again later, where a reply might have told it what is wrong. Usual
causes: a crash, a limit on connections or messages, a filter that drops instead of refusing, a
restart. Section 7.8 lets a server drop an attacker: after ten refusals and more it is not
blamed.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
# end server-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
s< 421 4.3.2 mx.example.net shutting down
# end server-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

/// A client that was refused so often may be dropped (RFC 5321 §7.8).
const ENOUGH: usize = 10;

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let Some(closing) = session.closing.as_ref().filter(|_| server_closed(session)) else {
        return Vec::new();
    };
    let Some(left) = closing.sides.server.filter(|left| !left.reset && !left.open) else {
        return Vec::new();
    };
    let refusals = session.exchanges.iter().filter(|one| is_refusal(one)).count();
    // A notice of the end with another code is an unsolicited reply.
    let is_told = announces_end(case) || !session.unsolicited.is_empty();
    if is_told || refusals >= ENOUGH || has_turned(session) || session.tls.is_some() {
        return Vec::new();
    }
    // What the client sent later crossed the end on its way.
    let latest = session.exchanges.iter().rev().take(3);
    let heard = latest.flat_map(|one| [one.asked.at, one.reply.and_then(|reply| reply.begun.at)]);
    let heard = heard.flatten().filter(|&at| left.mark.at.is_some_and(|end| at <= end)).max();
    let idle = heard.zip(left.mark.at).map(|(from, to)| to.since(from));
    let Some(idle) = idle.filter(|&idle| idle < minutes(PATIENCE)) else { return Vec::new() };
    let text = format!(
        "the server closed the connection {} ms after the last command or reply, with neither 421 \
         nor a QUIT before it",
        idle.nanos() / 1_000_000
    );
    let last = session.exchanges.iter().rev().find(|one| one.reply.is_some());
    let is_refused = last.is_some_and(is_refusal);
    let sure = if is_refused { Confidence::Likely } else { Confidence::Certain };
    vec![Hit::new(text).on(On::Moment(left.mark)).sure(sure)]
}

/// Whether a command was refused.
fn is_refusal(one: &Exchange) -> bool {
    one.reply.is_some_and(|reply| reply.code.is_some_and(|code| code >= 400))
}
