use crate::rules::prelude::*;
// rules.tsv: needs N, which no transcript has.

pub(super) const RULE: Rule = Rule {
    id: "transcript-line-endings-lost",
    category: Category::Input,
    severity: Severity::Note,
    party: Party::Capture,
    needs: &[],
    rfc: None,
    title: "a transcript does not show how lines ended on the wire",
    help: "to look for smuggled messages, capture packets: tcpdump -s 0 port 25",
    explanation: "\
A text keeps the lines of a dialog, not the octets between them: whether a line ended with CRLF,
a bare LF or a bare CR is not in it. The rules about line ends are not judged, and among them
are those about SMTP smuggling (CVE-2023-51764 and its relatives), where a message ends in the
eyes of one server and goes on in those of another: a dialog without findings here may still
have been one. Only a capture shows it.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    good: "\
# as packets
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> QUIT
s< 221 2.0.0 bye
",
    check: Check::Input(check),
};

fn check(input: &Recording<'_>) -> Option<Hit> {
    (input.is_transcript() && input.sessions > 0).then(|| {
        Hit::new(
            "a text does not show line ends: rules about them, and about smuggling, are not judged",
        )
    })
}
