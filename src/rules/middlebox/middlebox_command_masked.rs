use crate::rules::prelude::*;
use crate::rules::stray::is_written_over;

pub(super) const RULE: Rule = Rule {
    id: "middlebox-command-masked",
    category: Category::Middlebox,
    severity: Severity::Warning,
    party: Party::Middlebox,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §4.1.1"),
    title: "a command is written over with X",
    help: "switch off SMTP inspection in the firewall between the two, or let the command pass",
    explanation: "\
A firewall with SMTP inspection (Cisco PIX and ASA) writes X over the letters of a command that it
does not let pass, so that the server answers \"500 unknown command\". The client, which sent EHLO,
STARTTLS or AUTH, sees only the refusal: it falls back to HELO, to mail in clear, or gives up.
Neither of the two is to blame. It shows only in recordings between the firewall and the server; on
the other side, a 500 to a command that the server offers is all there is to see. Replies may be
masked, too (see middlebox-keyword-masked).",
    bad: "\
s< 220 mx.example.net ESMTP
c> XXXX client.example.org
s< 500 5.5.1 command unrecognized
c> HELO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
s< 220 mx.example.net ESMTP
c> XHLO client.example.org
s< 500 5.5.1 command unrecognized
c> HELO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Step(&[Request::Command(Verb::Other)], Fact::Stray, check),
};

fn check(step: &Step<'_>) -> Option<Hit> {
    let one = step.exchange;
    let command = step.command();
    let word = command.word;
    if !is_written_over(step) || one.cut || one.masked.is_some() {
        return None;
    }
    let sure = match step.code() {
        Some(500..=502) => Confidence::Certain,
        None if one.reply.is_none() && !one.before.inferred => Confidence::Likely,
        // A server that takes it knows what it is.
        _ => return None,
    };
    // Among lines of text, such as those of content, it is one of them.
    let is_text = step.previous().is_some_and(|before| {
        before.verb() == Some(Verb::Other)
            || before.verb() == Some(Verb::Data)
            || before.exchange.request == Request::AuthLine
    });
    if is_text {
        return None;
    }
    let text = format!(
        "{} is no command of any client: something between the two has written over one of {} \
         letters, so that the server refuses it",
        shown(word),
        word.len()
    );
    let range = command.word_at..command.word_at + word.len();
    Some(Hit::new(text).at(range).sure(sure).once())
}
