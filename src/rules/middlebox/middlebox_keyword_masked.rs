use crate::rules::digest::is_surely_masked;
use crate::rules::prelude::*;
use crate::smtp::reply::{self, ReplyLine};

pub(super) const RULE: Rule = Rule {
    id: "middlebox-keyword-masked",
    category: Category::Middlebox,
    severity: Severity::Warning,
    party: Party::Middlebox,
    needs: &[Need::Server, Need::Offers],
    rfc: Some("RFC 5321 §4.1.1.1"),
    title: "keywords of the EHLO reply are written over with X",
    help: "switch off SMTP inspection in the firewall between the two, or let the keyword pass",
    explanation: "\
In the reply to EHLO each line names an extension (RFC 5321 §4.1.1.1). A firewall with SMTP
inspection (Cisco PIX and ASA, \"inspect esmtp\") writes X over the keywords that it does not know
or does not like, letter by letter, as in \"250-XXXXXXXA\" for STARTTLS; the server is not to blame.
The client does without what it cannot see: mail goes in clear where STARTTLS was hidden, cannot be
submitted without AUTH, is recoded without 8BITMIME. A client that requires TLS does not deliver
at all. In a recording between server and firewall the keywords are still there.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250-XXXXXXXA
s< 250 8BITMIME
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-SIZE 10240000
s< 250-XEXCH50
s< 250 8BITMIME
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Reply(Fact::OddOffers, check),
};

fn check(answer: &Answer<'_>) -> Option<Hit> {
    // One that was not accepted offers nothing.
    let is_hello = matches!(answer.request()?, Request::Command(Verb::Ehlo | Verb::Lhlo));
    if !is_hello || answer.code() != Some(250) {
        return None;
    }
    let lines = answer.lines().enumerate().skip(1);
    let mut masked = lines.filter_map(|(number, line)| {
        let offer = reply::offer(ReplyLine::parse(line).text)?;
        is_surely_masked(offer.keyword).then_some((number, offer.keyword))
    });
    let (number, keyword) = masked.next()?;
    let more = masked.count();
    let text = format!(
        "{}{} is a keyword of {} letters that something between the two has written over: the \
         client cannot use what it stood for",
        shown(keyword),
        match more {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        },
        keyword.len()
    );
    Some(Hit::new(text).on(On::Reply(answer.of, number)).at(4..4 + keyword.len()).once())
}
