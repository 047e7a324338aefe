use super::{chunk, chunk_before};
use crate::rules::prelude::*;
use crate::rules::stray::{What, strays};

pub(super) const RULE: Rule = Rule {
    id: "bdat-unmatched-end",
    category: Category::Bdat,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 3030 §2"),
    title: "an end of data was sent where no data was open",
    help: "end chunks with LAST, and send the dot only after DATA and 354",
    explanation: "\
A line with a dot alone ends the mail data of DATA. Here none was open: the server reads the dot
as a command and answers 500. Behind chunks without LAST the message is not ended by it (RFC 3030
§2: \"the optional LAST parameter ... indicates that this is the last chunk\"): the client may believe
that it was sent, and it never will be. Usual causes: DATA and BDAT mixed in a client, a reply
to DATA that was not read, a second dot. Directly behind the last chunk bdat-needless-final-dot
speaks instead.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26
c> Subject: report
c>
c> hello
s< 250 2.0.0 26 octets
c> .
s< 500 5.5.2 what?
c> RSET
s< 250 2.0.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 CHUNKING
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> BDAT 26
c> Subject: report
c>
c> hello
s< 250 2.0.0 26 octets
c> BDAT 0 LAST
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Stray, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let dots = strays(case).into_iter().filter(|stray| stray.what == What::Dot);
    let hits = dots.map(|stray| {
        let open = chunk_before(&stray.step).filter(Step::is_accepted);
        let open = open.filter(|before| chunk(before).is_some_and(|chunk| !chunk.last));
        let why = match open {
            Some(open) => format!("after {} only LAST ends the message", open.shown()),
            None => "no mail data was open".to_owned(),
        };
        let text = format!("a dot alone ends the mail data of DATA, but {why}{}", stray.and_more());
        Hit::new(text).on(On::Command(stray.step.index))
    });
    hits.collect()
}
