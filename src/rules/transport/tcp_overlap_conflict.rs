use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-overlap-conflict",
    category: Category::Transport,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Packets],
    rfc: Some("RFC 9293 §3.10.7; RFC 5722"),
    title: "the same octets were sent twice with different content",
    help: "capture on both sides, and find out who sent the second version",
    explanation: "\
Two segments claim the same places in the stream and differ there. TCP sends again what it sent
before; what comes again with other bytes comes from a broken stack, from something on the path
that rewrites packets, or from somebody who wants the receiver and whoever watches to see
different things. The version that came first is the one that is read here; the receiver may
have taken the other one. If the capture has both sides of a device that rewrites SMTP, the two
versions are before and after it.",
    bad: "\
# calm
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
# wire conflict
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
# wire again 30ms
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
    check: Check::Session(Fact::Odd, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let Some(transport) = case.session.transport.as_ref() else { return Vec::new() };
    let place = transport.first_conflict.unwrap_or_default();
    let mark = Mark { place, ..Mark::default() };
    let hits = SIDES.into_iter().filter_map(|side| {
        let octets = *transport.conflicting_bytes.of(side);
        let conflict = case.odd(side)?.conflict.as_deref().filter(|_| octets > 0)?;
        // A password is not shown, nor what may be one.
        let is_secret = case.session.exchanges.iter().any(|one| one.masked.is_some());
        let versions = if is_secret {
            String::new()
        } else {
            let (used, other) = (shown(&conflict.used), shown(&conflict.other));
            format!(": first as {used}, which is read here, then as {other}")
        };
        let (octets, name) = (count(octets, "octet"), side.name());
        let text = format!("{octets} of the {name} came twice and differ{versions}");
        Some(Hit::new(text).on(On::Moment(mark)).by(side))
    });
    hits.collect()
}
