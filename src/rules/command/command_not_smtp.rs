use crate::rules::prelude::*;
use crate::rules::stray::{What, strays};
use crate::rules::tls::is_expected_in_clear;

pub(super) const RULE: Rule = Rule {
    id: "command-not-smtp",
    category: Category::Command,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 5321 §3.1"),
    title: "the client speaks another protocol",
    help: "find out what sends this to the port of a mail server",
    explanation: "\
Once connected, client and server exchange commands and replies of SMTP (RFC 5321 §3.1). These
bytes are of another protocol. Postfix and others close the connection at once, as a browser or
proxy may be abused to send commands to a mail server in the body of an HTTP request. Usual
causes: a scanner, a health check or proxy set to the wrong port, a client set to \"TLS\" where
the port begins in clear and wants STARTTLS. Of a request of several lines, only the first is
told.",
    bad: "\
s< 220 mx.example.net ESMTP
c> GET / HTTP/1.1
c> Host: mx.example.net
s< 500 command not recognized
s< 500 command not recognized
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250 mx.example.net
c> HELP GET
s< 214 see RFC 5321
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::Stray, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let hits = strays(case).into_iter().filter_map(|stray| {
        let What::Protocol(name) = stray.what else { return None };
        // A wrong port is told by implicit-tls-on-starttls-port.
        if name == "TLS" && stray.step.index == 0 && is_expected_in_clear(case.session) {
            return None;
        }
        let (line, more) = (stray.step.shown(), stray.and_more());
        let why = if name == "TLS" {
            "and the server expects commands in clear here, and STARTTLS before TLS"
        } else {
            "not SMTP: the server answers it with errors, or closes the connection"
        };
        let message = format!("{line} is {name}, {why}{more}");
        Some(Hit::new(message).on(On::Command(stray.step.index)))
    });
    hits.collect()
}
