use crate::rules::prelude::*;
use crate::smtp::defect::Flaw;

pub(super) const RULE: Rule = Rule {
    id: "syntax-error-accepted",
    category: Category::Status,
    severity: Severity::Warning,
    party: Party::Server,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 5321 §4.2.4, §4.3.2"),
    title: "the server accepted a command that breaks the grammar",
    help: "answer 500 or 501 to what does not follow the command's syntax",
    explanation: "\
A command that breaks its grammar is answered with 500 or 501 (RFC 5321 §4.2.4, §4.3.2). A
server that takes it makes up its own meaning, and the next host a different one: addresses with
stray characters are how mail filters are passed by, and how a bounce goes to the wrong place.
What nearly all servers tolerate is not counted: blanks at the end (§4.1.1 asks for that) or
around the colon, a path without brackets, an address without a domain, odd names in EHLO, an
underscore in a domain. The client's fault has a finding of its own.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO:<b@example.net> please
s< 501 what?
c> RCPT TO:<b@@example.net>
s< 250 ok
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> MAIL FROM:<a@example.org>
s< 250 ok
c> RCPT TO: <b@example.net>
s< 250 ok
c> RCPT TO:<b@@example.net>
s< 501 what?
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Step(
        &[
            Request::Command(Verb::Mail),
            Request::Command(Verb::Rcpt),
            Request::Command(Verb::Data),
            Request::Command(Verb::Rset),
            Request::Command(Verb::Quit),
            Request::Command(Verb::Vrfy),
            Request::Command(Verb::Expn),
            Request::Command(Verb::Ehlo),
            Request::Command(Verb::Helo),
            Request::Command(Verb::Starttls),
            Request::Command(Verb::Other),
        ],
        Fact::Unplain,
        check,
    ),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let parsed = step.parsed()?;
    if parsed.flaws.is_empty() {
        return None;
    }
    let is_taken = match step.class()? {
        Class::Completion => true,
        Class::Intermediate => step.verb() == Some(Verb::Data),
        Class::Transient | Class::Permanent => false,
    };
    let line = step.line();
    let flaw = parsed
        .flaws
        .iter()
        .find(|flaw| flaw.defect.breaks_abnf() && !is_tolerated(flaw, line, step.verb()))?;
    if !is_taken {
        return None;
    }
    let seen = line.get(flaw.range.clone()).unwrap_or_default();
    let what = if seen.is_empty() { "what is missing in it".to_owned() } else { shown(seen) };
    let message = format!(
        "the server answered {} to {} despite {what}: 501 belongs there, as another host will read \
         it otherwise",
        step.code()?,
        step.shown()
    );
    let answer = step.answer()?;
    Some(Hit::new(message).on_answer(&answer).once())
}

/// Whether nearly all servers take a line with this flaw, or RFC 5321 lets them.
fn is_tolerated(flaw: &Flaw, line: &[u8], verb: Option<Verb>) -> bool {
    let seen = line.get(flaw.range.clone()).unwrap_or_default();
    match flaw.defect {
        // §4.1.1: "servers SHOULD reject" RSET, DATA and QUIT with parameters.
        Defect::UnexpectedArgument => {
            !matches!(verb, Some(Verb::Rset | Verb::Data | Verb::Quit | Verb::Starttls))
        }
        Defect::LocalPartInvalid => {
            seen.iter().all(|&octet| octet == b'.' || octet.is_ascii_alphanumeric())
        }
        Defect::DomainInvalid => {
            let is_letter = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_.".contains(octet);
            seen.iter().all(is_letter)
        }
        Defect::MissingArgument
        | Defect::LabelMissing
        | Defect::EmptyLine
        | Defect::Nul
        | Defect::BareCr
        | Defect::Control
        | Defect::EightBit
        | Defect::InvalidUtf8
        | Defect::Unbalanced
        | Defect::TrailingGarbage
        | Defect::LeadingGarbage
        | Defect::LiteralInvalid
        | Defect::NullForwardPath
        | Defect::AddressUtf8NotNegotiated
        | Defect::ParamMalformed => false,
        _ => true,
    }
}
