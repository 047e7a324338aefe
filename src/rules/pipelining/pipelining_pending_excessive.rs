use crate::rules::prelude::*;

/// Five transactions that are begun and given up.
macro_rules! five {
    () => {
        concat!(one!(), one!(), one!(), one!(), one!())
    };
}

/// A transaction that is begun and given up.
macro_rules! one {
    () => {
        "c> MAIL FROM:<a@example.org>\nc> RSET\n"
    };
}

/// The replies to that, five times.
macro_rules! replies {
    () => {
        "s< 250 2.1.0 ok\ns< 250 2.0.0 ok\ns< 250 2.1.0 ok\ns< 250 2.0.0 ok\n\
         s< 250 2.1.0 ok\ns< 250 2.0.0 ok\ns< 250 2.1.0 ok\ns< 250 2.0.0 ok\n\
         s< 250 2.1.0 ok\ns< 250 2.0.0 ok\n"
    };
}

/// The beginning and the end of a session.
macro_rules! session {
    ($($middle:expr),*) => {
        concat!(
            "s< 220 mx.example.net ESMTP\n",
            "c> EHLO client.example.org\n",
            "s< 250-mx.example.net\n",
            "s< 250 PIPELINING\n",
            $($middle,)*
            "c> QUIT\n",
            "s< 221 2.0.0 bye\n",
        )
    };
}

pub(super) const RULE: Rule = Rule {
    id: "pipelining-pending-excessive",
    category: Category::Pipelining,
    severity: Severity::Warning,
    party: Party::Client,
    needs: &[Need::Client, Need::Server, Need::Whole],
    rfc: Some("RFC 2920 §3.1"),
    title: "very many commands were sent without a reply to any of them",
    help: "read the replies while sending, and send smaller groups",
    explanation: "\
RFC 2920 sets no bound to a group, but asks clients that do not read while they write to \"make
sure that each group of commands fits entirely within the window\" (§3.1): else both sides wait for
each other's buffers for ever. Here more than 50 commands other than RCPT and BDAT, or more than
1000 in all, had been sent to which no reply had even left the server. A server does all their
work for a client that may not care for the answers. Mail to many recipients, and chunks, come in
large groups quite rightly and are counted only for the second bound. Usual causes: a client that
never reads replies, load tests, an attack on the server's memory.",
    bad: session!(
        five!(),
        five!(),
        five!(),
        five!(),
        five!(),
        one!(),
        replies!(),
        replies!(),
        replies!(),
        replies!(),
        replies!(),
        "s< 250 2.1.0 ok\ns< 250 2.0.0 ok\n"
    ),
    good: session!(
        five!(),
        five!(),
        five!(),
        replies!(),
        replies!(),
        replies!(),
        five!(),
        five!(),
        one!(),
        replies!(),
        replies!(),
        "s< 250 2.1.0 ok\ns< 250 2.0.0 ok\n"
    ),
    check: Check::Session(Fact::Burst, check),
};

/// So many commands may be open, RCPT and BDAT not counted.
const MOST: usize = 50;

/// So many commands may be open in all.
const MOST_OF_ALL: usize = 1000;

fn check(case: Case<'_>) -> Vec<Hit> {
    let all = &case.session.exchanges;
    if all.len() <= MOST {
        return Vec::new();
    }
    let is_counted = |one: &Exchange| {
        !matches!(one.request, Request::Command(Verb::Rcpt | Verb::Bdat | Verb::Other))
    };
    // Where a reply had begun when the next was sent, its command is closed, and those before it:
    // some have no reply of their own.
    let mut answered = (0..).zip(all).filter(|(_, one)| one.reply.is_some()).peekable();
    let (mut from, mut counted) = (0, 0);
    let mut worst = (0, 0, 0);
    for (index, one) in (0..).zip(all) {
        let is_closed = |(at, other): &(usize, &Exchange)| {
            let reply = other.reply.filter(|_| *at < index);
            reply.is_some_and(|reply| reply.begun.place < one.asked.place)
        };
        while let Some((at, _)) = answered.next_if(is_closed) {
            let closed = all.get(from..=at).unwrap_or_default();
            counted -= closed.iter().filter(|&one| is_counted(one)).count();
            from = at + 1;
        }
        let open = index + 1 - from;
        counted += usize::from(is_counted(one));
        if (counted > MOST || open > MOST_OF_ALL) && open > worst.0 {
            worst = (open, counted, index);
        }
    }
    let (open, counted, index) = worst;
    if open == 0 {
        return Vec::new();
    }
    let text = format!(
        "when this was sent, {open} commands ({counted} besides RCPT and BDAT) were waiting for a \
         reply, and none to them had left the server"
    );
    vec![Hit::new(text).on(On::Command(u32::try_from(index).unwrap_or(u32::MAX)))]
}
