use crate::rules::prelude::*;
use crate::rules::status::{KEYWORD, follows_extensions};

pub(super) const RULE: Rule = Rule {
    id: "enhanced-code-missing",
    category: Category::Status,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 2034 §4"),
    title: "a reply lacks the enhanced status code that the server offers",
    help: "begin the text of every 2yz, 4yz and 5yz reply with a code like 2.1.0, or do not offer it",
    explanation: "\
A server that offers ENHANCEDSTATUSCODES puts such a code before the text of \"all 2xx, 4xx, and
5xx response lines other than initial greeting and any response to HELO or EHLO\" (RFC 2034 §4),
and before each line of a reply of several. Without it the sender's bounce can name no reason,
and handlers of bounces must guess from the text. Usual causes: texts of a policy program or a
filter, set without a code, or replies of a content filter that are passed on.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ENHANCEDSTATUSCODES
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 no such user
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 ENHANCEDSTATUSCODES
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 550 5.1.1 no such user
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::Unenhanced, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let hellos = &case.session.hellos;
    if !hellos.iter().any(|hello| Offered::By(case, hello).has(KEYWORD) == Some(true)) {
        return hits;
    }
    for answer in case.answers() {
        if let Some(number) = lacking(&answer)
            && let Some(step) = follows_extensions(&answer)
            && step.offered().has(KEYWORD) == Some(true)
        {
            let what = if number > 0 { "this line of the reply" } else { "the reply" };
            let message = format!(
                "the server offers {KEYWORD}, but {what} has no enhanced code before its text"
            );
            let line = answer.lines().nth(number).unwrap_or_default();
            let at = line.len().min(4);
            let on = On::Reply(answer.of, number);
            hits.push(Hit::new(message).on(on).at(at..at).once());
        }
    }
    hits
}

/// The first line of a reply that lacks what it should have.
fn lacking(answer: &Answer<'_>) -> Option<usize> {
    let class = answer.class()?;
    if class == Class::Intermediate || answer.reply.cut {
        return None;
    }
    // What is no such code, but meant as one, is told by other rules.
    let is_meant = |text: &[u8]| matches!(text, [b'0'..=b'9', b'.', b'0'..=b'9', ..]);
    // Where a session is too long, texts are not kept.
    let is_kept = answer.reply.text.len > 0;
    answer.texts().position(|text| !is_meant(text)).filter(|_| is_kept)
}
