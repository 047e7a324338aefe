use crate::rules::lenient::{self, Reading};
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "smuggle-commands-follow",
    category: Category::LineEnding,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client, Need::LineEnds, Need::Content],
    rfc: Some("RFC 5321 §7"),
    title: "a mail transaction is hidden behind a false end of data",
    help: "treat it as an attack: find who wrote the message, and make servers accept CRLF only",
    explanation: "\
Behind a sequence that only lenient servers take for the end of mail data stand commands of a
mail transaction. That is SMTP smuggling, as found in 2023: a server that is strict delivers one
message with odd text; one that is lenient delivers two, the second of which has any sender that
the attacker likes, and comes from an address that SPF and DMARC trust. Nobody writes this by
accident, but a test of the own servers does, and a message that quotes a dialog without
doubling its dots may. Look at the replies: smuggle-server-accepted says whether the server fell
for it. Who is behind it is not the client's host as such: it passes on what one of its users
wrote, if it does not mend line ends.",
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
c>
# escaped
c> hello\\x0a.
c> and so on
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OddContent, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    if message.transfer != Some(Transfer::Data) {
        return None;
    }
    let ends = lenient::smuggled(case, message).into_iter();
    let (end, reading) =
        ends.map(|end| (end, Reading::of(end))).find(|(_, reading)| reading.is_attack())?;
    let commands = reading.shown_commands();
    let mut text = format!(
        "behind {} stand commands ({commands}): who takes it for the end of the data",
        lenient::place(end)
    );
    match reading.shown_mail() {
        Some(mail) => text = format!("{text} accepts {mail}"),
        None => text.push_str(" obeys them"),
    }
    Some(Hit::new(text).on(On::Moment(end.first.mark)))
}
