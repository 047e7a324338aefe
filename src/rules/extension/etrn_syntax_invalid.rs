use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "etrn-syntax-invalid",
    category: Category::Extension,
    severity: Severity::Error,
    party: Party::Client,
    needs: &[Need::Client],
    rfc: Some("RFC 1985"),
    title: "the argument of ETRN is no domain, and no @domain or #queue",
    help: "send ETRN and a domain, @ and a domain for its subdomains, or # and a queue",
    explanation: "\
ETRN takes one argument (RFC 1985): a domain, or @ and a domain for all its subdomains too, or #
and the name of a queue that the two sides agreed on. A server answers 501 or 459 to anything
else and delivers nothing, so that mail stays in its queue. Usual causes: an address or a URL
instead of a domain, two domains in one command, or an underscore in the name of a host.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 ETRN
c> ETRN postmaster@example.org
s< 501 5.5.4 syntax error in parameters
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 ETRN
c> ETRN @example.org
s< 250 2.0.0 queuing started
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Grammar(plain),
};
