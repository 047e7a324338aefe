use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ehlo-keyword-on-first-line",
    category: Category::Reply,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 5321 §4.1.1.1"),
    title: "the EHLO reply names an extension in its first line",
    help: "let the first line be the server's name, and give each extension a line of its own",
    explanation: "\
The first line of the reply to EHLO is for the server's name and a greeting (RFC 5321 §4.1.1.1);
extensions begin with the second. A client that keeps to this does not see what the first line
offers, and sends without it: without TLS, with no idea of the size limit, or one command at a
time. Usual causes: a firewall that drops or rewrites the line with the name, or a template with
a line break too few.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net PIPELINING
s< 250 SIZE 10240000
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net has no pipelining
s< 250 SIZE 10240000
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

/// Keywords that are nothing else, and no server's name.
const KEYWORDS: [&[u8]; 12] = [
    b"8BITMIME",
    b"AUTH",
    b"BINARYMIME",
    b"CHUNKING",
    b"DSN",
    b"ENHANCEDSTATUSCODES",
    b"ETRN",
    b"PIPELINING",
    b"REQUIRETLS",
    b"SIZE",
    b"SMTPUTF8",
    b"STARTTLS",
];

fn check(step: &Step<'_>) -> Option<Hit> {
    if step.code() != Some(250) {
        return None;
    }
    let answer = step.answer()?;
    let line = answer.first();
    // Some logs make one line of all, and the true first line may be missing.
    let is_part = step.case.has_gap(Side::Server);
    if is_part || answer.reply.lines == 1 && !step.case.is_packets() {
        return None;
    }
    let mut at = 4;
    for (number, word) in line.get(4..)?.split(|&octet| octet == b' ').enumerate().take(2) {
        // In a greeting a word in small letters is just a word.
        if KEYWORDS.contains(&word) {
            let missing = if number == 0 { ", in place of the server's name" } else { "" };
            let message = format!(
                "{} stands in the first line of the EHLO reply{missing}: clients look for \
                 extensions from the second line on",
                shown(word)
            );
            return Some(Hit::new(message).on_answer(&answer).at(at..at + word.len()));
        }
        at += word.len() + 1;
    }
    None
}
