use crate::rules::prelude::*;
// rules.tsv: needs N, which no transcript has.

pub(super) const RULE: Rule = Rule {
    id: "transcript-line-unprefixed",
    category: Category::Input,
    severity: Severity::Warning,
    party: Party::Capture,
    needs: &[],
    rfc: None,
    title: "a line inside a dialog does not say who sent it",
    help: "put c> or s< before each line of the dialog, and # before comments",
    explanation: "\
Between two marked lines of one dialog stands a line without a mark. It was left out. If it is a
comment, write # before it; if it is part of the dialog (the rest of a line that was wrapped, a
line of a message, a reply that goes on), the dialog is not whole without it, and findings that
follow may be wrong. Prose before a dialog, after it or between two of them is no matter.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
wrapped by the editor
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
A dialog from the manual:
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
That was all.
",
    check: Check::Input(check),
};

fn check(input: &Recording<'_>) -> Option<Hit> {
    let unmarked = input.lines.unmarked;
    let (times, first) = (unmarked.times, unmarked.first);
    (times > 0).then(|| {
        Hit::new(format!(
            "{} inside a dialog without a mark, left out (first: line {first})",
            count(times, "line"),
        ))
        .first_at(first)
    })
}
