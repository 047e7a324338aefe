use super::{attempt_of, in_words, is_one_of};
use crate::rules::prelude::*;
use crate::smtp::sasl;

pub(super) const RULE: Rule = Rule {
    id: "auth-challenge-base64-invalid",
    category: Category::Auth,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 4954 §4"),
    title: "the challenge of a 334 reply is not base64",
    help: "send nothing behind 334 and the blank but the challenge in base64",
    explanation: "\
The text of 334 is the mechanism's challenge in base64, \"any text other than the BASE64 encoded
challenge\" must not stand there, and a client that cannot decode it must give up with * (RFC 4954
§4). So a strict client cannot log in. Usual causes: a prompt for people (334 Username:), an
enhanced status code in front, a code 334 chosen by hand. \"334 NTLM supported\" and \"334 GSSAPI
supported\", with which old servers of Microsoft begin, are known and not told here.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH LOGIN
c> AUTH LOGIN
s< 334 Username:
c> *
s< 501 5.7.0 cancelled
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 AUTH NTLM
c> AUTH NTLM
s< 334 NTLM supported
c> *
s< 501 5.7.0 cancelled
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Reply(Fact::Auth, check),
};

fn check(answer: &Answer<'_>) -> Option<Hit> {
    if answer.code() != Some(334) || answer.reply.cut || answer.reply.lines != 1 {
        return None;
    }
    let is_auth = matches!(answer.request()?, Request::Command(Verb::Auth) | Request::AuthLine);
    let line = answer.first();
    let text = line.get(4..).unwrap_or_default();
    let fault = sasl::base64_fault(text)?;
    // What a secret was replaced by, or what stands for a challenge in a transcript.
    let is_veiled = text.contains(&b'*')
        || !answer.case.is_packets()
            && (text.iter().any(|octet| b"<>[](){}".contains(octet)) || text.ends_with(b".."));
    if !is_auth || is_veiled {
        return None;
    }
    let Of::Exchange(index) = answer.of else { return None };
    let attempt = attempt_of(answer.case, index);
    let is_old = attempt.is_some_and(|one| {
        one.exchange == Some(index)
            && is_one_of(answer.case, one, &["NTLM", "GSSAPI", "GSS-SPNEGO", "MSN"])
    });
    let octets = u32::try_from(text.len()).unwrap_or(u32::MAX);
    (!is_old).then(|| {
        let (text, what) = (shown(text), in_words(fault, octets));
        let start = line.len() - octets as usize;
        Hit::new(format!(
            "{text} behind 334 is not base64: {what}; a client that cannot decode it must give up"
        ))
        .at(start..line.len())
    })
}
