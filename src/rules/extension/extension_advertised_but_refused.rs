use crate::rules::prelude::*;
use crate::rules::standing::{Standing, extension_of, is, standing};
use crate::smtp::command;
use crate::smtp::extension::{self, Extension};

pub(super) const RULE: Rule = Rule {
    id: "extension-advertised-but-refused",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Server,
    needs: &[Need::Client, Need::Server, Need::Start, Need::Offers],
    rfc: Some("RFC 5321 §2.2.1, §4.2.4"),
    title: "the server offers an extension and refuses its command or parameter as unknown",
    help: "take the extension out of the EHLO reply, or switch its command on",
    explanation: "\
RFC 5321 §4.2.4: servers \"MUST NOT list capabilities in response to EHLO for which they will
return 502 (or 500) replies\". A client that relies on the EHLO reply fails here, and mail waits
or bounces. Usual causes: a command that is switched off in one place and still listed in
another, a proxy or balancer that offers more than the server behind it, or a filter that does
not let the command through. Refusals by policy (530, 535, 550, 4yz, or X.7.z) are not meant,
nor replies to malformed commands.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 ETRN
c> ETRN example.org
s< 502 5.5.1 command not implemented
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250 ETRN
c> ETRN example.org
s< 458 4.3.0 unable to queue messages
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Refused, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let mut said: Vec<&str> = Vec::new();
    let mut hits = Vec::new();
    for step in case.steps() {
        if let Some(answer) = step.answer()
            && matches!(answer.code(), Some(500 | 502 | 504 | 555))
            && let Some(row) = refused(&step, &answer)
            && !said.contains(&row.keyword)
        {
            said.push(row.keyword);
            hits.push(
                Hit::new(format!(
                    "{} to {}, although the EHLO reply offers {}: a server must not list what it \
                     does not take, and a client that relies on the list fails",
                    answer.shown(),
                    step.shown(),
                    row.keyword
                ))
                .on_answer(&answer),
            );
        }
    }
    hits
}

/// The extension that was offered before `step` and is surely what `answer` refuses.
fn refused(step: &Step<'_>, answer: &Answer<'_>) -> Option<&'static Extension> {
    let row = match step.verb()? {
        verb @ (Verb::Mail | Verb::Rcpt) => refused_param(step, verb, answer),
        verb => refused_verb(step, verb, answer),
    }?;
    matches!(standing(step, row.keyword), Standing::Offered(_)).then_some(row)
}

fn refused_verb(step: &Step<'_>, verb: Verb, answer: &Answer<'_>) -> Option<&'static Extension> {
    let word = step.command().word;
    let row = extension::all().iter().find(|row| {
        let mut others = row.other_verbs.iter();
        row.verbs.contains(&verb) || verb == Verb::Other && others.any(|other| is(word, other))
    })?;
    let (before, code) = (step.exchange.before, answer.code()?);
    // Where the command is out of place, that may be why.
    let is_in_place = match verb {
        Verb::Starttls => !before.tls,
        Verb::Auth => !before.authenticated && !before.mail && is_mechanism_offered(step),
        Verb::Bdat | Verb::Burl => before.mail && before.rcpt_accepted > 0,
        Verb::Etrn => !before.mail,
        // RFC 2645 §5: only for clients that have authenticated.
        Verb::Atrn => false,
        _ => true,
    };
    let is_unknown = match code {
        502 => true,
        // A line that is too long (RFC 4954 §4) is a syntax error, too.
        500 => {
            step.exchange.octets <= 512
                && !answer.enhanced().is_some_and(|one| one.ends_with(b".5.6"))
        }
        // HELP has no more on a topic, VRFY does not take this argument: the command works.
        504 => matches!(verb, Verb::Auth | Verb::Bdat),
        _ => false,
    };
    // A secret hides the line; what is left of it shows the mechanism.
    let flaws = step.parsed().map(|parsed| parsed.flaws.as_slice());
    let is_legal = match flaws {
        Some(flaws) => {
            flaws.iter().all(|flaw| flaw.defect == Defect::StringIsMailbox && code == 502)
        }
        None => step.exchange.masked.is_some() && code != 500,
    };
    // X.7.z: by policy, or for lack of TLS.
    let is_policy = answer
        .enhanced()
        .is_some_and(|one| one.get(1..4) == Some(b".7.") && !one.ends_with(b".7.4"));
    (is_in_place && !is_policy && is_unknown && is_legal && !step.exchange.cut).then_some(row)
}

/// Whether the mechanism of AUTH is one that the server lists.
fn is_mechanism_offered(step: &Step<'_>) -> bool {
    let mechanism = command::auth(step.command().argument).mechanism;
    step.offered().offers().any(|offer| {
        is(offer.keyword, "AUTH") && offer.params().any(|one| one.eq_ignore_ascii_case(mechanism))
    })
}

/// The extension of the parameter of MAIL or RCPT that `answer` refuses: it names it.
fn refused_param(step: &Step<'_>, verb: Verb, answer: &Answer<'_>) -> Option<&'static Extension> {
    if !matches!(answer.code(), Some(504 | 555)) || !step.parsed()?.flaws.is_empty() {
        return None;
    }
    let mut params = step.envelope()?.params();
    let named = params.find(|param| {
        let is_same = |word: &[u8]| word.eq_ignore_ascii_case(param.keyword);
        answer.texts().any(|text| text.split(|octet| !is_of_keyword(*octet)).any(is_same))
    })?;
    extension_of(verb, &named)
}

fn is_of_keyword(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-'
}
