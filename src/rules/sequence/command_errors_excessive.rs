use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "command-errors-excessive",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §7.8"),
    title: "many commands were refused as wrong",
    help: "read the replies, and mend the commands that the server does not understand",
    explanation: "\
Ten commands or more were refused with 500, 501, 502 or 504: the server did not understand them
or their arguments. Servers count such errors and close: Postfix after 20
(smtpd_hard_error_limit), Exim after 3 (smtp_max_synprot_errors), and RFC 5321 §7.8 permits it.
Usual causes: another protocol on the port of SMTP, a message sent as commands because the
refusal of DATA was not read, somebody who tries things out, a server or firewall that does not
know common commands.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> X0
s< 500 5.5.1 what?
c> X1
s< 500 5.5.1 what?
c> X2
s< 500 5.5.1 what?
c> X3
s< 500 5.5.1 what?
c> X4
s< 500 5.5.1 what?
c> X5
s< 500 5.5.1 what?
c> X6
s< 500 5.5.1 what?
c> X7
s< 500 5.5.1 what?
c> X8
s< 500 5.5.1 what?
c> X9
s< 500 5.5.1 what?
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> X0
s< 500 5.5.1 what?
c> X1
s< 500 5.5.1 what?
c> X2
s< 500 5.5.1 what?
c> X3
s< 500 5.5.1 what?
c> X4
s< 500 5.5.1 what?
c> X5
s< 500 5.5.1 what?
c> X6
s< 500 5.5.1 what?
c> X7
s< 500 5.5.1 what?
c> X8
s< 500 5.5.1 what?
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Session(Fact::Refused, check),
};

/// So many are too many.
const MANY: usize = 10;

fn check(case: Case<'_>) -> Vec<Hit> {
    let exchanges = &case.session.exchanges;
    let is_wrong = |one: &Exchange| {
        let code = one.reply.and_then(|reply| reply.code);
        matches!(one.request, Request::Command(_)) && matches!(code, Some(500 | 501 | 502 | 504))
    };
    // Nearly no session is refused so much.
    if exchanges.len() < MANY {
        return Vec::new();
    }
    let count = exchanges.iter().filter(|one| is_wrong(one)).count();
    let first = exchanges.iter().position(is_wrong).and_then(|first| u32::try_from(first).ok());
    let Some(first) = first.filter(|_| count >= MANY) else { return Vec::new() };
    let text = format!(
        "{count} commands of this session were refused with 500, 501, 502 or 504; this is the first"
    );
    vec![Hit::new(text).on(On::Command(first))]
}
