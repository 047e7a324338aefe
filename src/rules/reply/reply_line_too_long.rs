use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "reply-line-too-long",
    category: Category::Reply,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 5321 §4.5.3.1.5"),
    title: "a line of a reply is longer than 512 octets",
    help: "break the text into several lines of at most 512 octets, each with the code and a hyphen",
    explanation: "\
RFC 5321 §4.5.3.1.5: \"The maximum total length of a reply line including the reply code and the
<CRLF> is 512 octets. More information may be conveyed through multiple-line replies.\" A client
may cut the line, take its rest for another reply, or end the session (Postfix: \"response longer
than\"). The challenges of AUTH (334) are not counted: they may be as long as the mechanism
needs. Usual cause: a refusal that quotes a whole header, address list or URL.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 550 refused: one more of many reasons, one more of many reasons, one more of many reaso\
ns, one more of many reasons, one more of many reasons, one more of many reasons, one more\
 of many reasons, one more of many reasons, one more of many reasons, one more of many rea\
sons, one more of many reasons, one more of many reasons, one more of many reasons, one mo\
re of many reasons, one more of many reasons, one more of many reasons, one more of many r\
easons, one more of many reasons, one more of many reasons, one more of many reasons, and so on
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net>
s< 550-refused: one more of many reasons, one more of many reasons, one more of many reaso\
ns, one more of many reasons, one more of many reasons, one more of many reasons, one more\
 of many reasons, one more of many reasons, one more of many reasons, one more of many reasons, 
s< 550 one more of many reasons, one more of many reasons, one more of many reasons, one m\
ore of many reasons, one more of many reasons, one more of many reasons, one more of many \
reasons, one more of many reasons, one more of many reasons, one more of many reasons, and so on
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::LongReply, check),
};

/// Octets of the longest line, without its CRLF.
const MOST: usize = 510;

fn check(case: Case<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for answer in case.answers() {
        // Challenges of AUTH have no limit but that of their mechanism (RFC 4954 §4).
        if answer.reply.text.len as usize <= MOST || answer.code() == Some(334) {
            continue;
        }
        for (number, line) in answer.lines().enumerate() {
            if line.len() > MOST {
                let message = format!(
                    "a line of {} octets with its CRLF, where 512 are the most: a client may cut \
                     it, or read its rest as another reply",
                    line.len() + 2
                );
                let on = On::Reply(answer.of, number);
                hits.push(Hit::new(message).on(on).at(MOST..line.len()).once());
            }
        }
    }
    hits
}
