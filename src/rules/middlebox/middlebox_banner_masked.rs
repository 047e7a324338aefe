use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "middlebox-banner-masked",
    category: Category::Middlebox,
    severity: Severity::Warning,
    party: Party::Middlebox,
    needs: &[Need::Server],
    rfc: Some("RFC 5321 §4.2"),
    title: "the text of the greeting is starred out",
    help: "switch off SMTP inspection in the firewall between the two",
    explanation: "\
A firewall between client and server (SMTP inspection of the Cisco PIX and its descendants) puts
stars in place of the greeting's text, to hide what the server is. The greeting then does not
begin with the server's name, as RFC 5321 §4.2 asks; the server is not to blame. Where this is
done, EHLO and its extensions are often masked or cut as well, so that STARTTLS, 8BITMIME and
PIPELINING are lost, and long lines or ends of data that are split over packets break mail.",
    bad: "\
s< 220 ****************************************
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net **** all use is logged
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    // A frame of stars around a greeting is the server's own.
    let On::Reply(of, _) = flawed.on else { return None };
    let answer = flawed.case.answer(of)?;
    if answer.texts().any(|text| text.iter().any(u8::is_ascii_alphabetic)) {
        return None;
    }
    let stars = memchr::memchr_iter(b'*', flawed.line).count();
    Some(Hit::new(format!(
        "{stars} stars stand where the greeting has the server's name: a firewall between the two \
         rewrites the dialog"
    )))
}
