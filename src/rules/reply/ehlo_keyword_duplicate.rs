use crate::rules::prelude::*;
use crate::rules::reply::is_masked;
use crate::smtp::reply::{self, ReplyLine};

pub(super) const RULE: Rule = Rule {
    id: "ehlo-keyword-duplicate",
    category: Category::Reply,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 5321 §4.1.1.1"),
    title: "the EHLO reply offers one extension twice",
    help: "offer each extension in one line",
    explanation: "\
Each extension has one line in the reply to EHLO. If a keyword comes twice, some clients take
the first line and some the last; if the two differ, as in two sizes or two lists of AUTH
mechanisms, they see different servers. The old form AUTH= beside AUTH is not counted here.
Usual causes: an option set in two places of the configuration, or a filter in front of the
server that adds its own line.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250-PIPELINING
s< 250 SIZE 52428800
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-AUTH PLAIN
s< 250-PIPELINING
s< 250 AUTH=PLAIN
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(
        &[Request::Command(Verb::Ehlo), Request::Command(Verb::Lhlo)],
        Fact::OddOffers,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    if step.code() != Some(250) {
        return None;
    }
    let answer = step.answer()?;
    // Keywords that begin alike are few.
    let mut heads = [0; 64];
    let mut last = None;
    for (number, line) in answer.lines().enumerate().skip(1) {
        let text = line.get(4..).unwrap_or_default();
        let head = text
            .iter()
            .take(4)
            .fold(0, |sum, octet| sum << 8 | u32::from(octet.to_ascii_uppercase()));
        if heads.get(..number).is_some_and(|all| all.contains(&head)) {
            last = twice(&answer, number).or(last);
            if last.is_some() {
                break;
            }
        }
        *heads.get_mut(number)? = head;
    }
    last
}

/// What is to be said if the offer of line `number` was made before.
#[cold]
fn twice(answer: &Answer<'_>, number: usize) -> Option<Hit> {
    // What is no line of a reply offers nothing.
    let is_line = |line: &&[u8]| ReplyLine::parse(line).code.is_some();
    let text = ReplyLine::parse(answer.lines().nth(number).filter(is_line)?).text;
    let offer = reply::offer(text)?;
    // The old form beside the new one is another rule's, what a firewall has masked a third's.
    let is_old = |text: &[u8]| text.get(4) == Some(&b'=');
    if is_old(text) || is_masked(offer.keyword) {
        return None;
    }
    let lines = answer.lines().take(number).skip(1).filter(is_line);
    let before = lines.map(|line| ReplyLine::parse(line).text).find(|text| {
        let other = reply::offer(text).filter(|_| !is_old(text));
        other.is_some_and(|other| other.keyword.eq_ignore_ascii_case(offer.keyword))
    })?;
    let what = if before.eq_ignore_ascii_case(text) {
        "twice".to_owned()
    } else {
        format!("as {} and as {}: clients differ on which they go by", shown(before), shown(text))
    };
    let keyword = shown(offer.keyword);
    let at = 4..4 + offer.keyword.len();
    Some(Hit::new(format!("{keyword} is offered {what}")).on(On::Reply(answer.of, number)).at(at))
}
