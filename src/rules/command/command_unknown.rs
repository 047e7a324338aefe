use crate::rules::prelude::*;
use crate::rules::stray::{What, strays};

pub(super) const RULE: Rule = Rule {
    id: "command-unknown",
    category: Category::Command,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §4.1.1, §4.2.4"),
    title: "a verb that neither RFC 5321 nor an offered extension has",
    help: "send only commands of RFC 5321 and of extensions that the server offers",
    explanation: "\
The verb is none of RFC 5321 §4.1.1, nor of an extension that the server offers, nor a private
one that is known here. Servers answer 500 (§4.2.4), and many close the connection after a few
such lines. Verbs that begin with X are by agreement (§4.1.5): they are told only where the
server does not know them. Usual causes: a typing error in a script or at a telnet prompt, lines
of a message that the server reads as commands since DATA was refused or a BDAT chunk was longer
than it said, a scanner. Of a run of such lines only the first are told.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> HELLO mx.example.net
s< 500 command not recognized
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 XSTATUS
c> XSTATUS
s< 250 fine
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::Stray, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let all = strays(case).into_iter().filter(|stray| stray.what == What::Unknown);
    let hits = all.map(|stray| {
        let (command, more) = (stray.step.command(), stray.and_more());
        let word = shown(command.word);
        let why = match stray.refused {
            Some(code) => format!(
                "; it comes right after DATA was refused with {code}, as does mail data that is sent all the same"
            ),
            None => ", nor of an extension that the server offers".to_owned(),
        };
        let at = command.word_at..command.word_at + command.word.len();
        Hit::new(format!("{word} is no command of RFC 5321{why}{more}"))
            .on(On::Command(stray.step.index))
            .at(at)
    });
    hits.collect()
}
