use crate::rules::lenient;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "data-bare-cr",
    category: Category::LineEnding,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::LineEnds, Need::Content],
    rfc: Some("RFC 5321 §2.3.8"),
    title: "CR without LF within the message",
    help: "remove each CR that no LF follows, or encode the part (base64, quoted-printable)",
    explanation: "\
RFC 5321 §2.3.8: CR and LF alone have \"a long history of causing problems in mail
implementations and applications that use the mail system as a tool\"; clients \"MUST NOT transmit
these characters except when they are intended as line terminators\". Servers keep a CR alone,
drop it, turn it into a line end or refuse the message: what is delivered is not what was sent,
and signatures of DKIM fail. Usual causes: text with line ends of old Macintosh systems, binary
parts that were not encoded, a field of a form with CR in it.",
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
c> hello\\x0dworld
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
c> hello
c> world
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Mail(Fact::OddContent, check),
};

fn check(case: Case<'_>, message: &Message) -> Option<Hit> {
    let (content, odd) = (&message.content, message.odd.as_deref()?);
    let first = odd.bare_cr?;
    // What stands in chunks is another rule's, as are those of CR CR LF and of a false end.
    let smuggled: u32 = lenient::smuggled(case, message).iter().map(|end| end.count).sum();
    let told = odd.cr_cr_lfs.saturating_add(smuggled.saturating_mul(2));
    if message.transfer != Some(Transfer::Data) || content.bare_cr <= told {
        return None;
    }
    let times = content.bare_cr - odd.cr_cr_lfs;
    let text = format!(
        "CR without LF stands in the message {}, first in line {}: a server may drop it, take it for \
         a line end or refuse the message",
        if times == 1 { "once".to_owned() } else { count(times.into(), "time") },
        first.line
    );
    Some(Hit::new(text).on(On::Moment(first.mark)))
}
