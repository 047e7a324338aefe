use crate::rules::prelude::*;
use crate::smtp::command::envelope;
use crate::smtp::extension;

pub(super) const RULE: Rule = Rule {
    id: "vendor-extension-used",
    category: Category::Extension,
    severity: Severity::Note,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Offers],
    rfc: Some("RFC 5321 §4.1.5"),
    title: "a private extension was used",
    help: "nothing, if the two sides agreed on it; else switch it off",
    explanation: "\
RFC 5321 §4.1.5: commands that begin with X \"may be used by bilateral agreement between the
client (sending) and server (receiving) SMTP agents.\" No RFC describes them, nor the others
named here, so that a reader of the dialog may take them for errors: each is explained once in a
session. It is harmless between servers of one site or one product. From a stranger it deserves
a look: XCLIENT and XFORWARD let a client claim another address, and XEXCH50 and X-LINK2STATE
were used in attacks on old servers.",
    bad: "\
s< 220 mx.example.net ESMTP
c> EHLO client.example.org
s< 250-mx.example.net
s< 250-PIPELINING
s< 250-SIZE 10240000
s< 250 XVERP
c> MAIL FROM:<a@example.org> XVERP
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
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
s< 250 XVERP
c> MAIL FROM:<a@example.org>
s< 250 2.1.0 ok
c> RCPT TO:<b@example.net>
s< 250 2.1.5 ok
c> DATA
s< 354 go on
c> hello
c> .
s< 250 2.0.0 queued
c> QUIT
s< 221 2.0.0 bye
# end quit
",
    check: Check::Session(Fact::Vendor, check),
};

/// What each is, with the name under which it is offered.
const EXPLAINED: &[(&str, &str)] = &[
    (
        "XCLIENT",
        "Postfix: a proxy says for which client it speaks, and the server then treats it as \
                 that client",
    ),
    (
        "XFORWARD",
        "Postfix: a filter passes on what is known of the first client, for the log alone",
    ),
    (
        "XVERP",
        "Postfix: each recipient gets a return address of its own, so that bounces tell whose \
               they are",
    ),
    ("PRDR", "Exim: the server answers the end of data once for each recipient"),
    (
        PIPE_CONNECT,
        "Exim: the client sends commands before the EHLO reply, as it remembers the last \
                    one",
    ),
    ("X-EXPS", "Exchange: authentication between servers of one organisation"),
    ("XEXCH50", "Exchange: properties of a message that its headers cannot carry"),
    ("X-LINK2STATE", "Exchange: servers tell each other the state of their links"),
    (
        "X-ANONYMOUSTLS",
        "Exchange: TLS between servers of one organisation, without certificates \
                        that others would trust",
    ),
    ("XSHADOW", "Exchange: a second server keeps a copy until the message is delivered"),
    ("XPROXY", "Exchange: a front-end server says for which client it speaks"),
    ("XOORG", "Exchange: the organisation from which the message comes"),
    ("XADR", "Sun and Oracle: asks how the server rewrites and routes an address"),
    ("XSTA", "Sun and Oracle: asks for the state of a channel"),
    ("XCIR", "Sun and Oracle: asks for the state of circuit checks"),
    ("XGEN", "Sun and Oracle: asks whether the compiled configuration is up to date"),
];

/// The name of the extension that shows in no command.
const PIPE_CONNECT: &str = "PIPE_CONNECT";

fn check(case: Case<'_>) -> Vec<Hit> {
    let private = |index: &u8| extension::by_index(*index).is_some_and(|row| !row.registered);
    let mut used: Vec<u8> = case.session.used.indices().filter(private).collect();
    let mut hits = Vec::new();
    // Most sessions use none.
    for step in case.steps() {
        if used.is_empty() {
            break;
        }
        if step.verb().is_none() {
            continue;
        }
        let command = step.command();
        let here = extension::used_by(&command, envelope(&command).as_ref());
        used.retain(|&index| {
            let is_here = here >> index & 1 == 1;
            // Of an address that was supplied, another rule speaks.
            let is_address = matches!(command.verb, Verb::Xclient | Verb::Xforward);
            let is_ours = is_here && (!is_address || step.is_refused());
            if is_ours && let Some(row) = extension::by_index(index) {
                hits.push(hit(row.keyword, step.index));
            }
            !is_here
        });
    }
    hits.extend(pipe_connect(case));
    hits
}

/// The client went on before the reply to its EHLO, and the server offers that.
fn pipe_connect(case: Case<'_>) -> Option<Hit> {
    let early = case.step(1).filter(|step| step.exchange.pipelined)?;
    let hello = case.session.hellos.first().filter(|hello| hello.exchange == 0)?;
    let is_offered = ["PIPECONNECT", PIPE_CONNECT, "X_PIPE_CONNECT"]
        .into_iter()
        .any(|keyword| Offered::By(case, hello).offer(keyword).is_some());
    is_offered.then(|| hit(PIPE_CONNECT, early.index))
}

fn hit(keyword: &str, exchange: u32) -> Hit {
    let explained = EXPLAINED.iter().find(|(name, _)| *name == keyword);
    let what = explained.map_or("a private extension", |(_, what)| *what);
    Hit::new(format!("{keyword} ({what})")).on(On::Command(exchange))
}
