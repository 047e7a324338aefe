use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "tcp-handshake-missing",
    category: Category::Transport,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[Need::Packets],
    rfc: None,
    title: "the dialog is there from its start, but not the connection's handshake",
    help: "look at the capture's filter and start: it has no SYN of this connection",
    explanation: "\
The recording has the server's greeting, but not the SYNs before it: it started in that moment, or
its filter leaves them out. The dialog is whole as far as it can be seen; how long the connection
took, and whether something came before the greeting, cannot be known, and rules that need the
beginning are not judged. A connection that was joined later, in the middle of its dialog, has
session-midstream instead.",
    bad: "\
# calm
# midstream
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    good: "\
# calm
# midstream
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
# end server-closed
",
    check: Check::Session(Fact::Midstream, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    if !case.begins_with_greeting() {
        return Vec::new();
    }
    vec![Hit::new("the recording has the greeting, but not the handshake of this connection")]
}
