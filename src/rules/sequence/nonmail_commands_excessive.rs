use crate::rules::prelude::*;

/// Five times NOOP.
macro_rules! five {
    () => {
        "c> NOOP\ns< 250 2.0.0 ok\nc> NOOP\ns< 250 2.0.0 ok\nc> NOOP\ns< 250 2.0.0 ok\n\
         c> NOOP\ns< 250 2.0.0 ok\nc> NOOP\ns< 250 2.0.0 ok\n"
    };
}

/// Ten times NOOP.
macro_rules! ten {
    () => {
        concat!(five!(), five!())
    };
}

pub(super) const RULE: Rule = Rule {
    id: "nonmail-commands-excessive",
    category: Category::Sequence,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §7.8"),
    title: "many commands in a row that send no mail",
    help: "send NOOP, RSET, VRFY and EXPN only where they are needed",
    explanation: "\
More than 25 of NOOP, RSET, VRFY, EXPN and HELP came in a row with no MAIL between. They keep a
process of the server busy at no cost for the client, or look for addresses; RFC 5321 §7.8 lets
servers \"detect such attacks and take action to defend themselves\". Exim closes after ten such
commands (smtp_accept_max_nonmail), Postfix adds a delay after a hundred
(smtpd_junk_command_limit). Usual causes: VRFY of whole lists, connections that are kept open
with NOOP for too long.",
    bad: concat!(
        "s< 220 mx.example.net ESMTP\n",
        "c> EHLO client.example.org\n",
        "s< 250 mx.example.net\n",
        ten!(),
        ten!(),
        five!(),
        "c> NOOP\n",
        "s< 250 2.0.0 ok\n",
        "c> QUIT\n",
        "s< 221 2.0.0 bye\n",
    ),
    good: concat!(
        "s< 220 mx.example.net ESMTP\n",
        "c> EHLO client.example.org\n",
        "s< 250 mx.example.net\n",
        ten!(),
        ten!(),
        five!(),
        "c> QUIT\n",
        "s< 221 2.0.0 bye\n",
    ),
    check: Check::Session(Fact::Long, check),
};

/// So many in a row are none too many.
const MOST: usize = 25;

fn check(case: Case<'_>) -> Vec<Hit> {
    let (mut begun, mut longest) = (0, (0, 0));
    for (index, one) in case.session.exchanges.iter().enumerate() {
        let is_junk = matches!(
            one.request,
            Request::Command(Verb::Noop | Verb::Rset | Verb::Vrfy | Verb::Expn | Verb::Help)
        );
        if !is_junk {
            begun = index + 1;
        }
        longest = longest.max((index + 1 - begun, begun));
    }
    let (count, begun) = longest;
    if count <= MOST {
        return Vec::new();
    }
    let text =
        format!("{count} commands in a row that send no mail: servers may close after fewer");
    vec![Hit::new(text).on(On::Command(u32::try_from(begun).unwrap_or(u32::MAX)))]
}
