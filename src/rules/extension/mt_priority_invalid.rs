use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "mt-priority-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 6710"),
    title: "MT-PRIORITY is not a whole number from -9 to 9",
    help: "send MT-PRIORITY= with -9 to 9, without plus sign and leading zero",
    explanation: "\
RFC 6710 gives a message one of 19 priorities, from -9 to 9; a plus sign and leading zeros are
not part of its grammar. A server that checks the value answers 501 and the mail is not sent;
one that ignores it sends the message at ordinary priority. Usual causes: the scale of another
system (1 to 5 of X-Priority, 0 to 100), or a word such as high.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 MT-PRIORITY MIXER
c> MAIL FROM:<a@example.org> MT-PRIORITY=10
s< 501 5.5.4 bad MT-PRIORITY parameter syntax
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 MT-PRIORITY MIXER
c> MAIL FROM:<a@example.org> MT-PRIORITY=-9
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let hit = plain(flawed)?;
    Some(Hit {
        message: format!("{}; the server may refuse the mail with 501", hit.message),
        ..hit
    })
}
