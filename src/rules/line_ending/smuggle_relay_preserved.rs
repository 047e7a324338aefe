use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "smuggle-relay-preserved",
    category: Category::LineEnding,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::LineEnds],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "a relay passed a false end of data on unchanged",
    help: "make the relay refuse or mend CR and LF alone, and double each dot that begins a line",
    explanation: "\
A message with a sequence that only lenient servers take for the end of mail data came to a
server of this capture and left it again with the same sequence in it: the same Message-ID, from
the host that had accepted it. RFC 5321 §2.3.8 wants CR and LF sent \"only as a <CRLF> sequence\",
so a relay must refuse such a message or mend it. One that does not is the half of SMTP
smuggling that attackers need: whoever may send through it can make lenient servers behind it
accept forged messages in its name. Large senders were such relays in 2023. Not blamed: who
passes a message on with the dot doubled.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: a
c> Message-ID: <1@example.org>
c>
# escaped
c> hello\\x0a.
c> MAIL FROM:<admin@example.org>
c> RCPT TO:<c@example.net>
c> DATA
c> Subject: b
c>
c> hidden
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit

s< 220 inner.example.net ESMTP
c> EHLO mx.example.net
s< 250-inner.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: a
c> Message-ID: <1@example.org>
c>
# escaped
c> hello\\x0a.
c> MAIL FROM:<admin@example.org>
c> RCPT TO:<c@example.net>
c> DATA
c> Subject: b
c>
c> hidden
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
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: a
c> Message-ID: <1@example.org>
c>
# escaped
c> hello\\x0a.
c> MAIL FROM:<admin@example.org>
c> RCPT TO:<c@example.net>
c> DATA
c> Subject: b
c>
c> hidden
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit

s< 220 inner.example.net ESMTP
c> EHLO mx.example.net
s< 250-inner.example.net
s< 250 PIPELINING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> Subject: a
c> Message-ID: <1@example.org>
c>
# escaped
c> hello\\x0d\\x0a..
c> MAIL FROM:<admin@example.org>
c> RCPT TO:<c@example.net>
c> DATA
c> Subject: b
c>
c> hidden
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Input(check),
};

fn check(recording: &Recording<'_>) -> Option<Hit> {
    let relayed = recording.across.odd_ends.iter().filter_map(|(_, passages)| passages.relayed());
    let mut relayed: Vec<_> = relayed.collect();
    // The same one, however the messages are kept.
    relayed.sort_unstable();
    let (to, from, kinds) = relayed.first()?;
    let is_one = |kind: &&DataEnd| kinds >> (**kind as u16) & 1 == 1;
    let names: Vec<&str> = DataEnd::ALL.iter().filter(is_one).map(|kind| kind.name()).collect();
    let text = format!(
        "{} accepted a message with {} in it from {} (frame {}) and sent it on unchanged to {}{}: a \
         lenient server there sees the end of the data in it",
        to.server,
        names.join(", "),
        to.client,
        to.number,
        from.server,
        match relayed.len() {
            1 => String::new(),
            more => format!(", as {} more", count(more as u64 - 1, "message")),
        }
    );
    Some(Hit::new(text).first_at(from.number))
}
