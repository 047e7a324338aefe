use crate::rules::prelude::*;

// rules.tsv: the second half of starttls-stripped-suspected, of which no session shows anything.
pub(super) const RULE: Rule = Rule {
    id: "starttls-stripped-across-sessions",
    category: Category::Tls,
    severity: Severity::Warning,
    party: Party::Middlebox,
    needs: &[Need::Client, Need::Server],
    rfc: Some("RFC 3207 §6"),
    title: "a server offers STARTTLS in some sessions and not in others",
    help: "see whether the server treats some clients differently; else, look at the path",
    explanation: "\
In this input the same address and port offered STARTTLS in clear in one session, and did not in
another, so that the mail of that one went in clear. RFC 3207 §6: \"A man-in-the-middle attack
can be launched by deleting the '250 STARTTLS' response from the server\"; a client that
remembers what it saw may warn. Innocent causes: the server has a list of clients without TLS
(Postfix smtpd_discard_ehlo_keyword_address_maps, Exim tls_advertise_hosts), several servers
with different settings share the address, or STARTTLS was switched on or off during the
recording.",
    bad: "\
# session 1 192.0.2.1:4242 > 192.0.2.2:25
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> QUIT
s< 221 2.0.0 bye
# end quit

# session 2 192.0.2.3:4243 > 192.0.2.2:25
s< 220 mx.example.net ESMTP
c> EHLO other.example.org
s< 250-mx.example.net
s< 250 SIZE 10240000
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    good: "\
# session 1 192.0.2.1:4242 > 192.0.2.2:25
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250 STARTTLS
c> QUIT
s< 221 2.0.0 bye
# end quit

# session 2 192.0.2.3:4243 > 192.0.2.4:25
s< 220 mx2.example.net ESMTP
c> EHLO other.example.org
s< 250-mx2.example.net
s< 250 SIZE 10240000
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Input(check),
};

fn check(recording: &Recording<'_>) -> Option<Hit> {
    let servers = recording.across.servers.iter();
    let mut mixed: Vec<_> = servers
        .filter(|(_, seen)| seen.starttls.times > 0 && seen.plain.times > 0)
        .map(|(server, seen)| (seen.plain.first, server, seen))
        .collect();
    mixed.sort_by_key(|&(first, server, _)| (first, server));
    let &(first, server, seen) = mixed.first()?;
    let more = match mixed.len() - 1 {
        0 => String::new(),
        more => format!("; so do {}", count(more as u64, "other server")),
    };
    let unit = if recording.is_capture() { "frame" } else { "line" };
    let message = format!(
        "{server} offers STARTTLS in {} and not in {} (first: {unit} {first}){more}: somebody on \
         the path may strike the offer",
        count(seen.starttls.times, "session"),
        count(seen.plain.times, "session")
    );
    Some(Hit::new(message).first_at(first).sure(Confidence::Likely))
}
