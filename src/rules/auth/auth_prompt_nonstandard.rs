use super::{attempt_of, is_one_of};
use crate::rules::prelude::*;
use crate::smtp::sasl;

// rules.tsv: an Internet-Draft has no section to cite.
pub(super) const RULE: Rule = Rule {
    id: "auth-prompt-nonstandard",
    category: Category::Auth,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies],
    rfc: Some("RFC 4954 §4"),
    title: "a prompt of AUTH LOGIN other than Username: or Password:",
    help: "send VXNlcm5hbWU6 and UGFzc3dvcmQ6 (Username: and Password:), as others do",
    explanation: "\
No RFC describes LOGIN; an expired Internet-Draft has the prompts \"User Name\" and \"Password\", and
in practice they are \"Username:\" and \"Password:\". Clients should not look at them, and some do:
they then send nothing, or the password in place of the name. Either case of the letters is taken
as usual here. Usual causes: a home-made server, a translated one.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-STARTTLS
s< 250 AUTH LOGIN
c> AUTH LOGIN
s< 334 QmVudXR6ZXI6
c> YWxpY2VAZXhhbXBsZS5vcmc=
s< 334 UGFzc3dvcmQ6
c> c2VjcmV0
s< 235 2.7.0 ok
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
s< 334 dXNlcm5hbWU6
c> YWxpY2VAZXhhbXBsZS5vcmc=
s< 334 UGFzc3dvcmQ6
c> c2VjcmV0
s< 235 2.7.0 ok
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Reply(Fact::Auth, check),
};

fn check(answer: &Answer<'_>) -> Option<Hit> {
    if answer.code() != Some(334) || answer.reply.cut {
        return None;
    }
    let Of::Exchange(index) = answer.of else { return None };
    let is_auth = matches!(answer.request()?, Request::Command(Verb::Auth) | Request::AuthLine);
    let attempt = attempt_of(answer.case, index).filter(|_| is_auth)?;
    if !is_one_of(answer.case, attempt, &["LOGIN"]) {
        return None;
    }
    // What is no base64 is told elsewhere.
    let line = answer.first();
    let prompt = sasl::decoded(line.get(4..)?)?;
    (!sasl::is_usual_prompt(&prompt)).then(|| {
        let text = format!(
            "the prompt is {} where clients know \"Username:\" and \"Password:\"",
            shown(&prompt)
        );
        Hit::new(text).at(4..line.len()).once()
    })
}
