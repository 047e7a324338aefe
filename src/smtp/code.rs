//! The table of reply codes: which ones a command's reply may carry.
//!
//! In: a command's verb and a code. Out: whether an RFC lists the two together. A code that is
//! not listed is still a reply (RFC 5321 §4.3.2): its first digit says what it means.

use super::command::Verb;

/// What a reply's first digit says (RFC 5321 §4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// 2yz: done.
    Completion,
    /// 3yz: go on.
    Intermediate,
    /// 4yz: not done, try again later.
    Transient,
    /// 5yz: not done, do not try this again.
    Permanent,
}

/// Codes that any command may get (RFC 5321 §4.3.2), with 503 for what is out of order
/// (§4.1.4), 530 before STARTTLS or AUTH (RFC 3207 §4, RFC 4954 §6) and 554 for lack of
/// security (RFC 3207 §4.1).
const ANY: &[u16] = &[421, 500, 501, 503, 530, 554];

/// The first reply of a connection (RFC 5321 §3.1, §4.3.2; 521 is RFC 7504 §3).
const GREETING: &[u16] = &[220, 421, 521, 554];

/// The reply to the end of mail data (RFC 5321 §4.3.2; one for each recipient in LMTP, RFC 2033
/// §4.2; 550 and 553 also RFC 6531 §3.7.4.2; 353 is PRDR's).
const CONTENT: &[u16] = &[250, 353, 421, 450, 451, 452, 550, 552, 553, 554];

/// Replies to HELO, EHLO and LHLO (RFC 5321 §4.3.2).
const HELLO: &[u16] = &[250, 502, 504, 550];

/// Replies to SEND, SOML and SAML (RFC 821 §4.3).
const TERMINAL: &[u16] = &[250, 450, 451, 452, 502, 550, 552];

/// Codes that some RFC gives a meaning, whatever they answer. Beyond those above: 355 is RFC
/// 1845's; 422, 523, 524 and 525 are those that IANA's registry of enhanced status codes names
/// beside RFC 5248's and RFC 4954's.
const REGISTERED: &[u16] = &[
    211, 214, 220, 221, 235, 250, 251, 252, 253, 334, 353, 354, 355, 421, 422, 432, 450, 451, 452,
    453, 454, 455, 458, 459, 500, 501, 502, 503, 504, 521, 523, 524, 525, 530, 534, 535, 538, 550,
    551, 552, 553, 554, 555, 556,
];

/// A bit for each of [`REGISTERED`].
const REGISTERED_BITS: [u64; 16] = {
    let mut bits = [0; 16];
    let mut rest = REGISTERED;
    while let [code, tail @ ..] = rest {
        // No code is 1024 or more.
        if let Some((_, at)) = bits.split_at_mut_checked(*code as usize / 64)
            && let Some(word) = at.first_mut()
        {
            *word |= 1_u64 << (*code % 64);
        }
        rest = tail;
    }
    bits
};

/// Whether any RFC gives `code` a meaning.
#[must_use]
pub fn is_registered(code: u16) -> bool {
    let word = REGISTERED_BITS.get(usize::from(code / 64)).copied().unwrap_or(0);
    word >> (code % 64) & 1 == 1
}

/// What class `code` is of; `None` outside 200 to 599, which no server may send
/// (RFC 5321 §4.3.2).
#[must_use]
pub fn class(code: u16) -> Option<Class> {
    match code {
        200..=299 => Some(Class::Completion),
        300..=399 => Some(Class::Intermediate),
        400..=499 => Some(Class::Transient),
        500..=599 => Some(Class::Permanent),
        _ => None,
    }
}

/// Whether an RFC lists `code` among the replies to `verb`. For DATA these are the replies that
/// come before the mail data, for AUTH those of the whole exchange. Of [`Verb::Other`] no RFC
/// speaks: any code counts as listed.
#[must_use]
pub fn listed(verb: Verb, code: u16) -> bool {
    verb == Verb::Other || ANY.contains(&code) || own(verb).contains(&code)
}

/// Whether an RFC lists `code` as a greeting.
#[must_use]
pub fn listed_greeting(code: u16) -> bool {
    GREETING.contains(&code)
}

/// Whether an RFC lists `code` among the replies to the end of mail data.
#[must_use]
pub fn listed_content(code: u16) -> bool {
    CONTENT.contains(&code)
}

/// The codes of `verb` beyond [`ANY`] (RFC 5321 §4.3.2 if nothing else is said).
fn own(verb: Verb) -> &'static [u16] {
    match verb {
        Verb::Helo | Verb::Ehlo | Verb::Lhlo => HELLO,
        Verb::Mail => &[250, 450, 451, 452, 455, 550, 552, 553, 555],
        // 556: RFC 7504 §4.
        Verb::Rcpt => &[250, 251, 450, 451, 452, 455, 550, 551, 552, 553, 555, 556],
        // 451: RFC 2821 §4.3.2.
        Verb::Data => &[354, 450, 451, 550],
        // RFC 3030 §2: what the end of mail data gets, already for a chunk.
        Verb::Bdat => &[250, 353, 450, 451, 452, 550, 552, 553],
        Verb::Rset | Verb::Noop => &[250],
        Verb::Quit => &[221],
        Verb::Vrfy => &[250, 251, 252, 502, 504, 550, 551, 553],
        Verb::Expn => &[250, 252, 502, 504, 550],
        Verb::Help => &[211, 214, 502, 504],
        // RFC 3207 §4; 502 where it is switched off (RFC 5321 §4.2.4).
        Verb::Starttls => &[220, 454, 502],
        // RFC 4954 §4, §6; 538 is RFC 2554 §6.
        Verb::Auth => &[235, 334, 432, 454, 502, 504, 534, 535, 538],
        // RFC 1985 §5.
        Verb::Etrn => &[250, 251, 252, 253, 458, 459, 502],
        // RFC 2645 §5.
        Verb::Atrn => &[250, 450, 451, 453, 502],
        // RFC 821 §4.3.
        Verb::Turn => &[250, 502],
        // RFC 4468 §3.
        Verb::Burl => &[250, 354, 450, 451, 452, 454, 502, 550, 552],
        // Postfix's documents: a new greeting, or a refusal.
        Verb::Xclient => &[220, 502, 550],
        Verb::Xforward => &[250, 502, 550],
        Verb::Send | Verb::Soml | Verb::Saml => TERMINAL,
        Verb::Other => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_table(codes: &[u16]) -> bool {
        codes.is_sorted_by(|a, b| a < b) && codes.iter().all(|&code| class(code).is_some())
    }

    #[test]
    fn the_tables_are_sorted_and_legal() {
        for codes in [ANY, GREETING, CONTENT] {
            assert!(is_table(codes), "{codes:?}");
        }
        for verb in Verb::ALL {
            assert!(is_table(own(verb)), "{verb:?}");
            assert!(own(verb).iter().all(|code| !ANY.contains(code)), "{verb:?}");
            let succeeds = |code: &u16| *code < 400;
            assert!(own(verb).iter().any(succeeds), "{verb:?} can never succeed");
        }
    }

    #[test]
    fn replies_that_fit_and_that_do_not() {
        for (verb, code) in [
            (Verb::Mail, 250),
            (Verb::Rcpt, 550),
            (Verb::Data, 354),
            (Verb::Quit, 221),
            (Verb::Quit, 421),
        ] {
            assert!(listed(verb, code), "{verb:?} {code}");
        }
        for (verb, code) in [
            (Verb::Rcpt, 354),
            (Verb::Mail, 220),
            (Verb::Data, 250),
            (Verb::Quit, 250),
            (Verb::Noop, 550),
        ] {
            assert!(!listed(verb, code), "{verb:?} {code}");
        }
        assert!(listed(Verb::Other, 299));
        assert!(listed_greeting(220) && !listed_greeting(250));
        assert!(listed_content(250) && !listed_content(354));
    }

    #[test]
    fn what_is_listed_is_registered() {
        for code in 0..=u16::MAX {
            let is_own = |verb: &Verb| own(verb.to_owned()).contains(&code);
            let is_listed = Verb::ALL.iter().any(is_own)
                || ANY.contains(&code)
                || listed_greeting(code)
                || listed_content(code);
            assert_eq!(is_registered(code), REGISTERED.contains(&code), "{code}");
            assert!(is_registered(code) || !is_listed, "{code}");
        }
        assert!(!is_registered(472) && !is_registered(260));
    }

    #[test]
    fn the_first_digit_is_the_class() {
        assert_eq!(class(199), None);
        assert_eq!(class(250), Some(Class::Completion));
        assert_eq!(class(354), Some(Class::Intermediate));
        assert_eq!(class(421), Some(Class::Transient));
        assert_eq!(class(554), Some(Class::Permanent));
        assert_eq!(class(600), None);
    }
}
