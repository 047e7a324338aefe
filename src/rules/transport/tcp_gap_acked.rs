use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-gap-acked",
    category: Category::Transport,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: Some("RFC 9293"),
    title: "bytes are missing here that the other side received",
    help: "give the capture a larger buffer, or a snapshot length of 0, and capture again",
    explanation: "\
The other side acknowledged bytes that are in no packet of the recording: they arrived, and the
capture dropped them. Nobody is to blame but the recording. The dialog is read on behind them, and
rules that need every byte are not judged. Usual causes: a capture buffer that is too small
(tcpdump -B), a mirror port with more traffic than it can carry, a machine too slow to write all
packets.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
# wire lost
c> DATA
s< 354 go on
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
# wire lost-for-good
c> DATA
# pause 1s
c> NOOP
# end client-closed
",
    check: Check::Session(Fact::Gaps, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    // Those have rules of their own.
    let cut: u64 =
        SIDES.into_iter().filter_map(|side| case.odd(side)).map(|odd| odd.cut_bytes).sum();
    let missing = session.transport.as_ref().map(|one| one.missing_bytes).unwrap_or_default();
    if cut >= missing.client + missing.server || one_sided(session).is_some() {
        return Vec::new();
    }
    let gaps = session.gaps.iter().filter(|gap| gap.gap.acked);
    let Some((text, mark)) = super::missing(case, gaps) else { return Vec::new() };
    let text = format!("{text} not in the recording, but acknowledged: the capture lost them");
    vec![Hit::new(text).on(On::Moment(mark))]
}
