use crate::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "greeting-own-name",
    category: Category::Reply,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Start],
    rfc: Some("RFC 5321 §4.1.1.1"),
    title: "the server greeted with the client's own name, and the client left",
    help: "look why mail for this domain is routed to the host itself: MX records, relay host, hosts file",
    explanation: "\
Client and server announce the same name: the client has most likely connected to itself, as a
relay that finds itself in the MX records of a domain that it does not take for its own. Postfix
then leaves with \"host greeted me with my own hostname\" and bounces the mail, as it would loop
for ever. It may be innocent: two hosts of a cluster with one name, or a probe. Where the client
goes on to send mail, it is taken to use a name that is not its own, which helo-name-is-server
tells.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO mx.example.net
s< 250 mx.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    good: "\
s< 220 mx2.example.net ESMTP
c> EHLO mx.example.net
s< 250 mx2.example.net
c> QUIT
s< 221 mx.example.net closing
# end quit
",
    check: Check::Session(Fact::Unfinished, check),
};

fn check(case: Case<'_>) -> Vec<Hit> {
    let session = case.session;
    // Who sends mail is not one that notices where it is.
    let is_short = !session.exchanges.is_empty()
        && session.messages.is_empty()
        && session.exchanges.iter().all(|one| {
            let Request::Command(verb) = one.request else { return false };
            matches!(verb, Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Quit)
        });
    if !is_short || !matches!(session.end, End::Quit | End::ClientClosed) {
        return Vec::new();
    }
    let (Some(greeting), Some(helo)) = (case.greeting(), session.helo) else { return Vec::new() };
    let host = greeting.texts().next().unwrap_or_default();
    let host = host.split(|&octet| octet == b' ').next().unwrap_or_default();
    let own = session.bytes(helo);
    let is_name = own.contains(&b'.') && !own.starts_with(b"[") && !own.starts_with(b"localhost");
    if !is_name || greeting.code() != Some(220) || !host.eq_ignore_ascii_case(own) {
        return Vec::new();
    }
    let message = format!(
        "the server greeted with the name that the client has itself, {}, and the client left: it \
         may have connected to itself, and mail would loop",
        shown(own)
    );
    vec![Hit::new(message).on_answer(&greeting).at(4..4 + host.len())]
}
