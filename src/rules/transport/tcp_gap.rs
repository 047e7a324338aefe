use crate::rules::prelude::*;

// rules.tsv: the packets alone do not say whether what is missing came after the recording's end.
pub(super) const RULE: Rule = Rule {
    id: "tcp-gap",
    category: Category::Transport,
    severity: Severity::Warning,
    party: Party::Network,
    needs: &[Need::Packets, Need::End],
    rfc: Some("RFC 9293"),
    title: "bytes were lost and never sent again",
    help: "look for loss on the path, and for who gave the connection up",
    explanation: "\
Later bytes of the same side are in the capture, but these are not, the other side never
acknowledged them, and they did not come before the connection ended. So they were lost on the
path (or in the capture, and the connection broke off there by chance), and TCP had no time or no
luck in sending them again. What the other side has seen of the dialog ends where the gap
begins. Usual causes: a link that fails, a firewall that forgets the connection and drops what
comes, packets that are too large for the path.",
    bad: "\
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
    good: "\
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
    check: Check::Session(Fact::Gaps, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    // A capture that loses some loses all of it that it lacks, and acknowledgments, too.
    if session.end == End::Quit || session.gaps.iter().any(|gap| gap.gap.acked) {
        return Vec::new();
    }
    let lost = |gap: &&GapAt| !gap.gap.acked && gap.gap.bytes > 0;
    let gaps = session.gaps.iter().filter(lost);
    let Some((text, mark)) = super::missing(case, gaps) else { return Vec::new() };
    let text = format!("{text} lost and never sent again, nor acknowledged");
    vec![Hit::new(text).on(On::Moment(mark)).sure(Confidence::Likely)]
}
