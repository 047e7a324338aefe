use crate::rules::prelude::*;
use crate::rules::reply::is_masked;
use crate::rules::status::{KEYWORD, follows_extensions};

pub(super) const RULE: Rule = Rule {
    id: "enhanced-code-not-offered",
    category: Category::Status,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 2034 §4"),
    title: "enhanced status codes are used but not offered",
    help: "offer ENHANCEDSTATUSCODES in the reply to EHLO",
    explanation: "\
The replies have enhanced status codes, though the reply to EHLO does not offer
ENHANCEDSTATUSCODES. Most clients understand them nevertheless; one that keeps to RFC 2034 takes
them for text, and its bounces name no reason. After HELO nothing can be offered, and codes are
in order. Usual causes: a filter in front of the server that drops the keyword, or a server that
never had it while its texts were taken from one that has.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
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
c> QUIT
s< 221 2.0.0 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::EnhancedUnasked, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for answer in case.answers() {
        let Some(enhanced) = answer.enhanced() else { continue };
        if enhanced.first() == answer.first().first()
            && let Some(step) = follows_extensions(&answer)
            && is_left_out(step.offered())
        {
            let message = format!(
                "the enhanced code {} in a reply, although the server does not offer {KEYWORD}",
                shown(enhanced)
            );
            hits.push(Hit::new(message).on_answer(&answer).at(4..4 + enhanced.len()).once());
        }
    }
    hits
}

/// Whether EHLO was answered, and the keyword is surely not in the reply.
fn is_left_out(offered: Offered<'_>) -> bool {
    let Offered::By(case, hello) = offered else { return false };
    let text = case.session.bytes(hello.reply);
    // Logs may have put all in one line, and firewalls put something else over it.
    let mut names = text.windows(KEYWORD.len());
    let is_named = names.any(|name| name.eq_ignore_ascii_case(KEYWORD.as_bytes()));
    let step = case.step(hello.exchange);
    let is_whole = step.and_then(|step| step.exchange.reply).is_some_and(|reply| !reply.cut);
    is_whole && !is_named && !offered.offers().any(|offer| is_masked(offer.keyword))
}
