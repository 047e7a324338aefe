use crate::rules::prelude::*;

// rules.tsv: how long both windows were closed is what proves it, and needs times.
pub(super) const RULE: Rule = Rule {
    id: "pipelining-group-exceeds-window",
    category: Category::Pipelining,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Packets, Need::Times],
    rfc: Some("RFC 2920 §3.1"),
    title: "client and server waited for each other, both with closed windows",
    help: "let the client read replies while it sends, or send smaller groups of commands",
    explanation: "\
RFC 2920 §3.1: a client \"MUST check the TCP window size\" or read replies while it sends a group of
commands, if that may be larger than the server's window. Here both sides had closed their receive
windows at the same time: the client wrote commands and did not read, the server wrote replies that
nobody read, and so did not read commands any more. Nothing moves until one of them gives up or a
timer helps.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> RCPT TO:<c@example.net>
# wire zero-windows 60s
s< 250 2.1.0 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    good: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
c> RCPT TO:<b@example.net>
c> RCPT TO:<c@example.net>
# wire zero-window server 60s
s< 250 2.1.0 ok
s< 250 2.1.5 ok
s< 250 2.1.5 ok
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    check: Check::Session(Fact::Odd, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let closed = |side| {
        case.stalls(Cause::ZeroWindow)
            .map(|(stall, _)| stall)
            .filter(move |stall| stall.side == side)
    };
    let end = |stall: &Stall| stall.until.unwrap_or(case.end()).at;
    for of_client in closed(Side::Client) {
        for of_server in closed(Side::Server) {
            let from = of_client.from.at.max(of_server.from.at);
            let until = end(of_client).min(end(of_server));
            let Some(both) = until.zip(from).map(|(until, from)| until.since(from)) else {
                continue;
            };
            if both < LEAST {
                continue;
            }
            let later =
                if of_client.from.place > of_server.from.place { of_client } else { of_server };
            let during = case.during(later.from);
            if during.phase != Phase::Owed {
                continue;
            }
            let text = format!(
                "client and server both kept their receive windows closed for {}, {during}: the \
                 client sends without reading, and the server's replies fill its window",
                lasting(both)
            );
            return vec![Hit::new(text).on(On::Moment(later.from))];
        }
    }
    Vec::new()
}

/// A closed window may open again at any moment.
const LEAST: Lapse = Lapse::from_nanos(1_000_000_000);
