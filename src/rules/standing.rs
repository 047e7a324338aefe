//! How an extension stands where a command was sent: offered, surely not offered, or offered only
//! before TLS.

use super::case::{Case, Offered, Step, shown};
use crate::dialog::session::{Hello, Message, Protocol, Request, Transfer};
use crate::escape::push_escaped;
use crate::smtp::command::{Param, Verb};
use crate::smtp::extension::{self, Extension};
use crate::smtp::reply::{Offer, ReplyLine};
use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::ops::Range;

/// How an extension stands where a command was sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Standing<'s> {
    /// This EHLO or LHLO reply offers it.
    Offered(&'s Hello),
    /// Nothing offers it, for this reason.
    Lacking(&'static str),
    /// Only an EHLO reply before TLS offers it.
    Stale,
    /// What is in the input does not say.
    Unknown,
}

/// How the extension with this EHLO keyword stands at `step`.
pub(super) fn standing<'s>(step: &Step<'s>, keyword: &str) -> Standing<'s> {
    let (case, before) = (step.case, step.exchange.before);
    if before.inferred {
        return Standing::Unknown;
    }
    let is_tls = |hello: &Hello| {
        let exchange = case.session.exchanges.get(hello.exchange as usize);
        exchange.is_some_and(|exchange| exchange.before.tls)
    };
    let earlier = || case.session.hellos.iter().rev().filter(|one| one.exchange < step.index);
    // HELO after EHLO does not unsay what the server can.
    if let Some(hello) = earlier().find(|hello| is_tls(hello) == before.tls) {
        if offer(case, hello, keyword).is_some() {
            return Standing::Offered(hello);
        }
        if !is_whole(case, hello, keyword) {
            return Standing::Unknown;
        }
    } else if before.hello != Protocol::Smtp && before.hello != Protocol::Unknown
        || !before.greeted
        || has_unanswered(step)
    {
        return Standing::Unknown;
    }
    let mut in_clear = earlier().filter(|hello| !is_tls(hello));
    if before.tls && in_clear.any(|hello| offer(case, hello, keyword).is_some()) {
        return Standing::Stale;
    }
    Standing::Lacking(match before.hello {
        Protocol::Smtp => "after HELO nothing is offered",
        Protocol::Unknown => "no EHLO was accepted before",
        Protocol::Esmtp | Protocol::Lmtp => "the last EHLO reply does not offer it",
    })
}

/// The offer of the extension with this keyword in the reply to `hello`; also one that is glued
/// to its parameter, as in `SIZE=1000`.
fn offer<'s>(case: Case<'s>, hello: &'s Hello, keyword: &str) -> Option<Offer<'s>> {
    Offered::By(case, hello).offers_like(keyword).find(|offer| {
        let word = offer.keyword.split_at_checked(keyword.len());
        word.is_some_and(|(name, rest)| {
            let is_end = !rest.first().is_some_and(|&b| b.is_ascii_alphanumeric() || b == b'-');
            is_end && name.eq_ignore_ascii_case(keyword.as_bytes())
        })
    })
}

/// Whether the reply to `hello` is all there, and does not offer this extension in its first line,
/// where it does not belong. Some transcripts give its last line alone, or all of it as one: what
/// is said to offer nothing must look so.
fn is_whole(case: Case<'_>, hello: &Hello, keyword: &str) -> bool {
    is_kept(case, hello) && {
        let mut lines = case.session.bytes(hello.reply).split(|&octet| octet == b'\n');
        let first = ReplyLine::parse(lines.next().unwrap_or_default()).text;
        let mut words = first.split(|&octet| octet == b' ');
        if lines.next().is_some() {
            return !words.any(|word| is(word, keyword));
        }
        let is_name = words.next().is_some_and(|name| name.contains(&b'.'));
        is_name && words.all(|word| extension::position(word).is_none())
    }
}

/// Whether every line of the reply to `hello` was seen and kept.
pub(super) fn is_kept(case: Case<'_>, hello: &Hello) -> bool {
    let Some(answer) = case.step(hello.exchange).and_then(|step| step.answer()) else {
        return false;
    };
    answer.code() == Some(250)
        && !answer.reply.cut
        && answer.lines().count() == answer.reply.lines as usize
}

/// Whether an EHLO or LHLO before `step` has no reply that can be read.
fn has_unanswered(step: &Step<'_>) -> bool {
    let before = step.case.session.exchanges.get(..step.index as usize);
    before.unwrap_or_default().iter().any(|one| {
        matches!(one.request, Request::Command(Verb::Ehlo | Verb::Lhlo))
            && one.reply.is_none_or(|reply| reply.code.is_none())
    })
}

/// Whether the client had seen the reply to `hello` when it sent `step`.
pub(super) fn had_seen(step: &Step<'_>, hello: &Hello) -> bool {
    let since = hello.exchange as usize + 1..step.index as usize + 1;
    let since = step.case.session.exchanges.get(since).unwrap_or_default();
    since.iter().any(|exchange| !exchange.pipelined)
}

/// The maximum size of a message that the EHLO reply in force at `step` states (RFC 1870 §4), if
/// it states one and the client had seen it. 0 states none.
pub(super) fn size_limit(step: &Step<'_>) -> Option<u128> {
    let Standing::Offered(hello) = standing(step, "SIZE") else { return None };
    let limit = offer(step.case, hello, "SIZE")?.params().next()?;
    let limit = str::from_utf8(limit).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let limit = limit?.parse().ok().filter(|&limit| limit > 0)?;
    had_seen(step, hello).then_some(limit)
}

/// The number of octets that the SIZE parameter of `mail` declares, with that parameter.
pub(super) fn declared_size<'s>(mail: &Step<'s>) -> Option<(u128, Param<'s>)> {
    let param = mail.param(b"SIZE")?;
    let digits = str::from_utf8(param.value?).ok().filter(|text| text.len() <= 20)?;
    let digits = digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits)?;
    Some((digits.parse().ok()?, param))
}

/// The extension that `param`, given with `verb`, is of.
pub(super) fn extension_of(verb: Verb, param: &Param<'_>) -> Option<&'static Extension> {
    extension::all().iter().find(|row| {
        let forms = if verb == Verb::Rcpt { row.rcpt } else { row.mail };
        forms.iter().any(|parameter| match parameter.form.split_once('=') {
            Some((keyword, value)) => {
                is(param.keyword, keyword) && param.value.is_some_and(|given| is(given, value))
            }
            None => is(param.keyword, parameter.form),
        })
    })
}

/// The step whose reply decides what becomes of the content of `message`: its end of data, or the
/// last of its chunks.
pub(super) fn end_of_content<'s>(case: Case<'s>, message: &Message) -> Option<Step<'s>> {
    let own = case.mail(message)?.exchange.message?;
    let wanted = match message.transfer? {
        Transfer::Data => Request::EndOfData,
        Transfer::Bdat => Request::Command(Verb::Bdat),
    };
    case.steps()
        .rev()
        .find(|step| step.exchange.request == wanted && step.exchange.message == Some(own))
}

/// Whether `word` is this one, in any case.
pub(super) fn is(word: &[u8], other: &str) -> bool {
    word.eq_ignore_ascii_case(other.as_bytes())
}

/// Where `step` makes use of `row`, in words and as a place in its line, if it does.
pub(super) fn use_of(step: &Step<'_>, row: &Extension) -> Option<(String, Range<usize>)> {
    let verb = step.verb()?;
    let (line, command) = (step.line(), step.command());
    let is_own = match verb {
        Verb::Other => row.other_verbs.iter().any(|other| is(command.word, other)),
        verb => row.verbs.contains(&verb),
    };
    if is_own {
        let range = command.word_at..command.word_at + command.word.len();
        return Some((shown(command.word), range));
    }
    // Few commands have parameters.
    if !matches!(verb, Verb::Mail | Verb::Rcpt) {
        return None;
    }
    let is_of = |param: &Param<'_>| {
        extension_of(verb, param).is_some_and(|other| other.keyword == row.keyword)
    };
    let param = step.envelope()?.params().find(is_of)?;
    Some((shown(line.get(param.range.clone())?), param.range))
}

/// What `second` lacks, adds and says otherwise than `first`, in words, if both are there and they
/// differ. That STARTTLS is not offered inside TLS is no difference (RFC 3207 §4.2).
pub(super) fn difference(case: Case<'_>, first: &Hello, second: &Hello) -> Option<String> {
    let texts = |hello| case.session.offers(hello);
    if texts(first).eq(texts(second)) || !is_kept(case, first) || !is_kept(case, second) {
        return None;
    }
    let is_tls =
        |hello: &Hello| case.step(hello.exchange).is_some_and(|one| one.exchange.before.tls);
    let becomes_tls = !is_tls(first) && is_tls(second);
    let old = offers_of(case, first, becomes_tls);
    let new = offers_of(case, second, false);
    let name = |keyword: &[u8], params: &BTreeSet<Vec<u8>>| {
        let words = iter::once(keyword).chain(params.iter().map(Vec::as_slice));
        let words: Vec<&[u8]> = words.collect();
        let mut text = String::new();
        push_escaped(&mut text, &words.join(&b' '));
        text
    };
    let (mut lacks, mut adds, mut says) = (Vec::new(), Vec::new(), Vec::new());
    for (keyword, params) in &old {
        match new.get(keyword) {
            None => lacks.push(name(keyword, params)),
            // What follows a private keyword may be of this moment.
            Some(other) if other != params && !keyword.starts_with(b"X") => {
                says.push(format!("{} for {}", name(keyword, other), name(keyword, params)));
            }
            Some(_) => {}
        }
    }
    for (keyword, params) in new.iter().filter(|(keyword, _)| !old.contains_key(*keyword)) {
        adds.push(name(keyword, params));
    }
    let parts = [("lacks", lacks), ("adds", adds), ("says", says)];
    let parts = parts.iter().filter(|(_, list)| !list.is_empty());
    let parts: Vec<String> =
        parts.map(|(what, list)| format!("{what} {}", list.join(", "))).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What the reply to `hello` offers: keywords in upper case, with all their parameters.
fn offers_of(
    case: Case<'_>,
    hello: &Hello,
    but_starttls: bool,
) -> BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> {
    let mut all: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for offer in Offered::By(case, hello).offers() {
        if !(but_starttls && is(offer.keyword, "STARTTLS")) {
            let params = all.entry(offer.keyword.to_ascii_uppercase()).or_default();
            params.extend(offer.params().map(<[u8]>::to_ascii_uppercase));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::pipeline::{Options, Source, collect};

    /// The rules about extensions that fire on a dialog, in order.
    fn fired(lines: &[&str]) -> Vec<&'static str> {
        let text = format!("s< 220 mx.example.net ESMTP\n{}\n# end quit\n", lines.join("\n"));
        let (sessions, _) =
            collect(&Options::default(), vec![Source::bytes("dialog", text.into_bytes())]);
        let findings = sessions.into_iter().flat_map(|one| one.findings);
        let ids = findings.map(|finding| finding.rule).filter(|rule| {
            let mine = ["extension-", "stale-", "invalid-p", "size-", "body-", "smtputf8-"];
            mine.iter().any(|start| rule.id.starts_with(start))
        });
        ids.map(|rule| rule.id).collect()
    }

    const EHLO: &str = "c> EHLO a.example\ns< 250-mx.example.net\ns< 250-PIPELINING";
    const SIZED: &str = "c> MAIL FROM:<a@example.org> SIZE=99\ns< 250 ok";
    const RCPT: &str = "c> RCPT TO:<b@example.net>\ns< 250 ok\nc> DATA\ns< 354 go on";

    #[test]
    fn what_may_have_been_offered_is_not_accused() {
        let greets = |reply: &str| fired(&["c> EHLO a.example", reply, SIZED]);
        assert_eq!(greets("s< 250 mx.example.net at your service"), ["size-not-advertised"]);
        // One line of many, all of them as one, and offers that stand where they do not belong.
        for reply in [
            "s< 250 HELP",
            "s< 250 ok",
            "s< 250 mx.example.net PIPELINING SIZE 1000 HELP",
            "s< 250-mx.example.net SIZE\ns< 250 HELP",
            "s< 250-mx.example.net\ns< 250 SIZE=1000",
            "s< 220 mx.example.net",
        ] {
            assert!(greets(reply).is_empty(), "{reply}");
        }
        // A closer rule says it.
        assert!(fired(&["c> HELO a.example", "s< 250 mx.example.net", SIZED]).is_empty());
        let again = ["c> EHLO a.example", "s< 502 no"];
        assert!(fired(&[EHLO, "s< 250 SIZE", again[0], again[1], SIZED]).is_empty());
    }

    #[test]
    fn what_only_the_clear_offers_is_stale() {
        let tls = ["c> STARTTLS", "s< 220 go ahead"];
        let found = fired(&[EHLO, "s< 250-STARTTLS\ns< 250 SIZE", tls[0], tls[1], SIZED]);
        assert_eq!(found, ["stale-extension-used"]);
        let found = fired(&[EHLO, "s< 250 STARTTLS", tls[0], tls[1], SIZED]);
        assert_eq!(found, ["size-not-advertised"]);
    }

    #[test]
    fn lists_may_change_with_who_the_client_is() {
        let between =
            |lines: &str| fired(&[EHLO, "s< 250 XCLIENT NAME", lines, EHLO, "s< 250 DSN"]);
        assert_eq!(between("c> NOOP\ns< 250 ok"), ["extension-list-changed"]);
        for lines in [
            "c> XCLIENT NAME=a\ns< 220 mx.example.net ESMTP",
            "c> AUTH PLAIN\ns< 535 no",
            "c> STARTTLS\ns< 454 not now",
        ] {
            let found = between(lines);
            assert!(!found.contains(&"extension-list-changed"), "{lines}: {found:?}");
        }
        let same = [EHLO, "s< 250 XX 1", "c> EHLO a.example"];
        let other = "s< 250-mx.example.net\ns< 250-xx 2\ns< 250 pipelining";
        assert!(fired(&[same[0], same[1], same[2], other]).is_empty());
    }

    #[test]
    fn refusals_of_other_things_do_not_show_what_is_offered() {
        let refused = |offer: &str, line: &str, reply: &str| fired(&[EHLO, offer, line, reply]);
        let mail = "c> MAIL FROM:<a@example.org> SIZE=99";
        let id = ["extension-advertised-but-refused"];
        assert_eq!(refused("s< 250 SIZE", mail, "s< 555 5.5.4 unsupported option: SIZE=99"), id);
        assert_eq!(refused("s< 250 VRFY", "c> VRFY a", "s< 502 5.5.1 disabled"), id);
        assert_eq!(refused("s< 250 AUTH LOGIN", "c> AUTH LOGIN", "s< 504 5.5.4 what?"), id);
        for (offer, line, reply) in [
            ("s< 250 SIZE", mail, "s< 504 5.5.2 need a fully qualified name"),
            ("s< 250 SIZE", mail, "s< 555 5.5.2 syntax error"),
            ("s< 250 SIZE", mail, "s< 500 5.5.2 SIZE?"),
            ("s< 250 AUTH LOGIN", "c> AUTH PLAIN", "s< 504 5.5.4 unknown mechanism"),
            ("s< 250 VRFY", "c> VRFY a", "s< 252 2.1.5 cannot say"),
            ("s< 250 CHUNKING", "c> BDAT 0 LAST", "s< 500 5.5.1 MAIL first"),
            ("s< 250 ETRN", "c> ETRN", "s< 500 5.5.2 syntax"),
        ] {
            assert!(refused(offer, line, reply).is_empty(), "{line} {reply}");
        }
    }

    #[test]
    fn sizes_are_compared_where_there_is_a_limit() {
        let sent = |offer: &str, mail: &str, reply: &str| {
            fired(&[EHLO, offer, mail, "s< 250 ok", RCPT, "c> hello\nc> .", reply])
        };
        let (plain, sized) =
            ("c> MAIL FROM:<a@example.org>", "c> MAIL FROM:<a@example.org> SIZE=7");
        let no = "s< 552 5.3.4 too big";
        assert_eq!(sent("s< 250 SIZE 6", plain, no), ["size-exceeds-limit"]);
        for offer in ["s< 250 SIZE 7", "s< 250 SIZE 0", "s< 250 SIZE", "s< 250 SIZE x"] {
            assert!(sent(offer, plain, no).is_empty(), "{offer}");
        }
        let both = ["size-declared-over-limit", "size-limit-enforced-late"];
        assert_eq!(sent("s< 250 SIZE 6", sized, no), both);
        assert_eq!(sent("s< 250 SIZE 6", sized, "s< 552 5.2.2 mailbox full"), both[..1]);
        assert_eq!(sent("s< 250 SIZE 6", sized, "s< 250 ok"), both[..1]);
    }

    #[test]
    fn each_octet_above_127_is_told_once() {
        let sent = |offer: &str, mail: &str, content: &str| {
            fired(&[EHLO, offer, mail, "s< 250 ok", RCPT, "# escaped", content, "c> .\ns< 250 ok"])
        };
        let plain = "c> MAIL FROM:<a@example.org>";
        let (eight, utf8) = (format!("{plain} BODY=8BITMIME"), format!("{plain} SMTPUTF8"));
        let header = "c> Subject: \\xe9\nc>\nc> hello";
        let body = "c> \\xe9\nc> hello";
        assert_eq!(sent("s< 250 8BITMIME", plain, header), ["smtputf8-header-undeclared"]);
        assert_eq!(sent("s< 250 8BITMIME", plain, body), ["body-8bit-undeclared"]);
        assert_eq!(sent("s< 250 HELP", plain, body), ["body-8bit-not-offered"]);
        assert!(sent("s< 250 8BITMIME", &eight, body).is_empty());
        let both = "s< 250-8BITMIME\ns< 250 SMTPUTF8";
        assert!(sent(both, &utf8, header).is_empty());
        assert!(sent(both, &utf8, body).is_empty(), "it is but possible that no part needs it");
        assert_eq!(sent(both, &utf8, "c> hello"), ["smtputf8-needless"]);
    }
}
