use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "session-midstream",
    category: Category::Input,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "the dialog was joined after its start",
    help: "start the recording before the connections that matter",
    explanation: "\
The recording has no TCP handshake of this connection, so it started before the recording did.
The state of the dialog is inferred from what follows; rules that need its beginning are not
judged. Start the recording earlier, or use a larger ring of files.",
    bad: "\
# midstream
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
",
    good: "\
s< 220 mx.example.net ESMTP
c> HELO client.example.org
s< 250 mx.example.net
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
",
    check: Check::Session(Fact::Midstream, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    // Only the handshake is missing, as tcp-handshake-missing says.
    if case.begins_with_greeting() {
        return Vec::new();
    }
    vec![Hit::new(
        "the recording has no handshake of this connection: it was joined after its start",
    )]
}
