use super::{BOTH, faults, in_words};
use crate::dialog::session::AuthWrong;
use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "auth-response-base64-invalid",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 4954 §4"),
    title: "a response of AUTH is not base64",
    help: "encode the response in base64, with its padding, without blanks or line breaks",
    explanation: "\
Responses are sent in base64. Servers must reject \"any character not explicitly allowed by the
BASE64 alphabet\", and a pad character anywhere but at the end (RFC 4954 §4), with 501 5.5.2: the
login fails whatever the password is. Usual causes: a password or user name that was not encoded,
the URL-safe alphabet (- and _), padding that was left out, an encoder that breaks long lines, user
and password given as two words. The response is not shown, as it is a secret, but where it is
wrong. A client that gives up with a command instead of * is told here, too.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH LOGIN
c> AUTH LOGIN
s< 334 VXNlcm5hbWU6
c> alice-at-example
s< 501 5.5.2 cannot decode response
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH LOGIN
c> AUTH LOGIN
s< 334 VXNlcm5hbWU6
c> YWxpY2VAZXhhbXBsZS5vcmc=
s< 454 4.7.0 temporary authentication failure
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Step(BOTH, Fact::Auth, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let ((fault, octets), range) = faults(step).find_map(|(what, range)| match what {
        AuthWrong::Base64(octets, fault) => Some(((fault, octets), range)),
        AuthWrong::Mechanism | AuthWrong::Empty => None,
    })?;
    let what = in_words(fault, octets);
    let end = match step.code() {
        Some(501) => "the server had to refuse it",
        Some(235 | 334) => "this server took it, others must refuse it",
        _ => "a server must refuse it with 501",
    };
    Some(Hit::new(format!("the response is not base64: {what}; {end}")).at(range))
}
