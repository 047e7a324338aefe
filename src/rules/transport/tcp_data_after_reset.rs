use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-data-after-reset",
    category: Category::Transport,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Packets],
    rfc: Some("RFC 9293"),
    title: "a side went on after a RST in its name",
    help: "look for a device on the path that forges resets",
    explanation: "\
A RST ends a connection at once (RFC 9293). Here the side in whose name it came went on with the
dialog as if nothing had happened, so that it did not send that RST: a firewall or an intrusion
prevention system forged it, or the other side did not take it. The dialog is read on.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# wire reset server
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: hello
c>
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    good: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# end reset
",
    check: Check::Session(Fact::Odd, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some((said, _, first)) = case.tell(|odd| odd.after_reset) else { return Vec::new() };
    let during = case.during(first);
    let text = format!("data came after a RST of the same side ({said}), {during}: it was forged");
    vec![Hit::new(text).on(On::Moment(first))]
}
