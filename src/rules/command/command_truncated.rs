use crate::rules::prelude::*;
use crate::smtp::line::LineEnd;

pub(super) const RULE: Rule = Rule {
    id: "command-truncated",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Network,
    needs: &[Need::Client, Need::End],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "the connection ended in the middle of a command",
    help: "look at who closed the connection, and why",
    explanation: "\
A line ends with CRLF (RFC 5321 §2.3.8), and \"the receiver will take no action until this
sequence is received\" (§2.4). Here the client's stream ended inside a line: the command was
never carried out, and the server sent no reply. If it was part of a transaction, the message is
still with the client, which will try again. Usual causes: a timeout on one of the sides, a
firewall that cut the connection, a client that died; a client that ends its last QUIT without
CRLF (then nothing is lost).",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
# eol client none
c> RCPT TO:<bob@exam
# end client-closed
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<alice@example.org>
s< 250 OK
c> RCPT TO:<bob@example.net>
s< 250 OK
# end client-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let last =
        case.session.exchanges.len().checked_sub(1).and_then(|last| u32::try_from(last).ok());
    let Some(step) = last.and_then(|last| case.step(last)) else { return Vec::new() };
    let exchange = step.exchange;
    // Of a line that was too long to keep, the end is not kept either.
    let is_all = exchange.masked.is_some() || exchange.octets == step.line().len() as u64;
    // Telnet's interrupt, or TLS.
    let is_text = !matches!(step.line(), [] | [0x16 | 0xff, ..]);
    let is_cut_off = exchange.line_end == LineEnd::None
        && matches!(exchange.request, Request::Command(_))
        && exchange.reply.is_none()
        && !exchange.cut;
    if !(is_cut_off && is_all && is_text) {
        return Vec::new();
    }
    let how = match case.session.end {
        End::ServerClosed => "the server closed the connection",
        End::Reset => "the connection was reset",
        _ => "the client's stream ended",
    };
    let message = format!("{how} after {} and before CRLF: it was never carried out", step.shown());
    vec![Hit::new(message).on(On::Command(step.index))]
}
