use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-data-after-fin",
    category: Category::Transport,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Packets],
    rfc: Some("RFC 9293"),
    title: "data came past the end of its sender's stream",
    help: "capture on both sides, and find out who sent it",
    explanation: "\
FIN says that no more data follows (RFC 9293). Here a segment of the same side has octets behind
it. No receiver takes them. Either the stack is broken, or the FIN or the data was put in by
somebody else: whoever watches may be made to believe in an end that the receiver never saw.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# wire after-fin
",
    good: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# end server-closed
",
    check: Check::Session(Fact::Odd, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some((said, all, first)) = case.tell(|odd| odd.after_fin) else { return Vec::new() };
    let segments = count(all, "segment");
    let text = format!("{segments} with data past the FIN of their sender ({said})");
    vec![Hit::new(text).on(On::Moment(first)).by(case.first_of(|odd| odd.after_fin))]
}
