use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ehlo-auth-equals-form",
    category: Category::Reply,
    severity: Severity::Note,
    party: Party::Server,
    needs: &[Need::Server, Need::Replies, Need::Offers],
    rfc: Some("RFC 4954 §3"),
    title: "AUTH is offered in the form with an equals sign",
    help: "offer AUTH with a blank behind it, and no other form of it",
    explanation: "\
Before RFC 2554, drafts wrote \"AUTH=LOGIN\"; some old clients look for that only, and servers
offer it beside the standard form for their sake. It is no ehlo-keyword (RFC 5321 §4.1.1.1), but
does no harm where the line \"AUTH …\" is there as well. Postfix writes it with
broken_sasl_auth_clients = yes.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-AUTH PLAIN LOGIN
s< 250-AUTH=PLAIN LOGIN
s< 250 HELP
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-AUTH PLAIN LOGIN
s< 250 HELP
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Grammar(check),
};

fn check(flawed: &Flawed<'_, '_>) -> Option<Hit> {
    let answer = flawed.answer()?;
    let has_standard = answer
        .texts()
        .skip(1)
        .any(|text| text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"AUTH ")));
    let what = if has_standard {
        "beside the standard form"
    } else {
        "without the standard form, so that clients of today may not find it"
    };
    Some(Hit::new(format!("{}: the form from before RFC 2554, {what}", shown(flawed.line))))
}
