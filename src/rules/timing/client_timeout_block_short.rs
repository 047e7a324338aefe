use crate::rules::prelude::*;

// rules.tsv: that TCP was blocked, only packets show.
pub(super) const RULE: Rule = Rule {
    id: "client-timeout-block-short",
    category: Category::Timing,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Times, Need::Packets],
    rfc: Some("RFC 5321 §4.5.3.2.5"),
    title: "the client gave a message up while TCP was blocked for under three minutes",
    help: "let the client wait three minutes for each block of a message (RFC 5321 section 4.5.3.2.5)",
    explanation: "\
RFC 5321 §4.5.3.2.5 gives three minutes to each TCP SEND that transfers a block of the message.
The server had closed its window, or what the client sent was not acknowledged, and the client
left sooner. A server that scans as it receives, or a path that is broken for a moment, needs that
time; the whole message has to be sent again, and to a server that is slow now, it will be slow
again.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
# wire dead 4
c> Subject: hello
# pause 20s
# end client-closed
",
    good: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
# wire dead 8
c> Subject: hello
# end client-closed
",
    check: Check::Session(Fact::NoQuit, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    let Some(closing) = session.closing.as_deref().filter(|one| one.first == Side::Client) else {
        return Vec::new();
    };
    let Some(left) = closing.sides.client else { return Vec::new() };
    if case.during(left.mark).phase != Phase::Content || session.tls.is_some() {
        return Vec::new();
    }
    let blocked = case.stalls(Cause::ZeroWindow).chain(case.stalls(Cause::Timeout));
    let open = blocked.into_iter().find(|(stall, _)| {
        let is_of_server = stall.cause == Cause::ZeroWindow && stall.side == Side::Server;
        let is_of_path = stall.cause == Cause::Timeout && stall.side == Side::Client;
        let is_open = stall.until.is_none_or(|until| until.place >= left.mark.place);
        (is_of_server || is_of_path) && is_open
    });
    let Some((stall, lapse)) = open.filter(|(_, lapse)| *lapse >= LEAST && *lapse < BLOCK) else {
        return Vec::new();
    };
    let why = match stall.cause {
        Cause::ZeroWindow => "the server had closed its receive window",
        _ => "what it sent was not acknowledged",
    };
    let text = format!(
        "the client gave the message up after {}, in which {why}: RFC 5321 asks for three minutes",
        lasting(lapse)
    );
    vec![Hit::new(text).on(On::Moment(left.mark))]
}

/// Who leaves sooner has other reasons.
const LEAST: Lapse = Lapse::from_nanos(5_000_000_000);

/// How long a client must wait (RFC 5321 §4.5.3.2.5).
const BLOCK: Lapse = Lapse::from_nanos(180_000_000_000);
