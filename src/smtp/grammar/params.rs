//! The grammar of each parameter that an extension adds to MAIL or RCPT.
//!
//! In: a parameter's value. Out: what it says, or what is wrong with it. The table in `extension.rs`
//! names which keyword is whose. Those whose RFC is not at hand are written from memory: of
//! RFC 1845, 2852, 3865, 3885, 4141, 4405, 4865, 4954, 5336, 6533, 6710 and 7293 the number alone
//! is cited.

use super::class::{ALPHA, ATEXT, LET_DIG, all, is};
use super::param::Fault;
use super::text::{date_time, number, visible_fault, xtext_fault};
use crate::smtp::defect::Defect;
use std::ops::Range;

/// What a parameter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Its keyword says it.
    Flag,
    /// SIZE: octets.
    Size(u128),
    /// BODY.
    Body(Body),
    /// RET.
    Ret(Ret),
    /// NOTIFY.
    Notify(Notify),
    /// ORCPT: the address type, and the address in xtext.
    Orcpt(&'a [u8], &'a [u8]),
    /// BY.
    By(By),
    /// HOLDFOR: seconds.
    HoldFor(u32),
    /// HOLDUNTIL: seconds since 1970.
    HoldUntil(i64),
    /// MT-PRIORITY.
    Priority(i8),
    /// RRVS: seconds since 1970, and whether the server is to reject rather than continue.
    Rrvs(i64, Option<bool>),
    /// Text, as written.
    Text(&'a [u8]),
}

/// BODY (RFC 1652 §2, RFC 3030 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    /// `7BIT`.
    SevenBit,
    /// `8BITMIME`.
    EightBitMime,
    /// `BINARYMIME`.
    BinaryMime,
}

/// RET (RFC 3461 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ret {
    /// The whole message.
    Full,
    /// The header alone.
    Headers,
}

/// NOTIFY (RFC 3461 §4.1); none of them for NEVER.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Notify {
    /// `SUCCESS`.
    pub success: bool,
    /// `FAILURE`.
    pub failure: bool,
    /// `DELAY`.
    pub delay: bool,
}

/// BY (RFC 2852).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct By {
    /// Seconds.
    pub seconds: i32,
    /// Mode R: return the message if it cannot be delivered in time. Else mode N: notify.
    pub is_return: bool,
    /// Whether relays are to be reported.
    pub trace: bool,
}

/// The octets of a whole ORCPT and ENVID parameter (RFC 3461 §4.2, §4.4, §5.4).
const ORCPT: usize = 500;
const ENVID: usize = 100;

fn fault<'a>(defect: Defect, expected: &'static str) -> Result<Value<'a>, Fault> {
    Err(Fault { defect, range: None, expected })
}

fn fault_at<'a>(
    defect: Defect,
    range: Range<usize>,
    expected: &'static str,
) -> Result<Value<'a>, Fault> {
    Err(Fault { defect, range: Some(range), expected })
}

/// No value at all.
fn flag(value: Option<&[u8]>, defect: Defect) -> Result<Value<'_>, Fault> {
    match value {
        None => Ok(Value::Flag),
        Some(_) => fault(defect, "no value"),
    }
}

fn is_word(value: &[u8], word: &str) -> bool {
    value.eq_ignore_ascii_case(word.as_bytes())
}

/// SIZE (RFC 1870 §3): `1*20DIGIT`.
pub(in crate::smtp) fn size(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    match number(value.unwrap_or_default(), 20) {
        Some(size) => Ok(Value::Size(size)),
        None => fault(Defect::SizeInvalid, "1 to 20 digits"),
    }
}

/// BODY (RFC 1652 §2, RFC 3030 §3).
pub(in crate::smtp) fn body(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    let is = |word| value.is_some_and(|value| is_word(value, word));
    let body = match () {
        () if is("8BITMIME") => Body::EightBitMime,
        () if is("7BIT") => Body::SevenBit,
        () if is("BINARYMIME") => Body::BinaryMime,
        () => return fault(Defect::BodyInvalid, "7BIT, 8BITMIME or BINARYMIME"),
    };
    Ok(Value::Body(body))
}

/// SMTPUTF8 (RFC 6531 §3.4).
pub(in crate::smtp) fn smtputf8(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    flag(value, Defect::SmtpUtf8HasValue)
}

/// REQUIRETLS (RFC 8689 §2).
pub(in crate::smtp) fn requiretls(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    flag(value, Defect::RequireTlsHasValue)
}

/// A parameter without a value: CONPERM, CONNEG (RFC 4141), PRDR.
pub(in crate::smtp) fn no_value(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    flag(value, Defect::ParamValueInvalid)
}

/// A private parameter whose grammar is its vendor's: XVERP, XOORG.
// A check like the others.
#[allow(clippy::unnecessary_wraps)]
pub(in crate::smtp) fn private(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    Ok(value.map_or(Value::Flag, Value::Text))
}

/// RET (RFC 3461 §4.3).
pub(in crate::smtp) fn ret(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    match value {
        Some(value) if is_word(value, "FULL") => Ok(Value::Ret(Ret::Full)),
        Some(value) if is_word(value, "HDRS") => Ok(Value::Ret(Ret::Headers)),
        _ => fault(Defect::RetInvalid, "FULL or HDRS"),
    }
}

/// ENVID (RFC 3461 §4.4).
pub(in crate::smtp) fn envid(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    let Some(value) = value else { return fault(Defect::EnvidInvalid, "a value in xtext") };
    if let Some(range) = xtext_fault(value, true) {
        return fault_at(Defect::EnvidInvalid, range, "xtext of printable ASCII");
    }
    if value.len() + "ENVID=".len() > ENVID {
        return fault(Defect::EnvidInvalid, "at most 100 octets");
    }
    Ok(Value::Text(value))
}

/// NOTIFY (RFC 3461 §4.1): a list of RFC 822, which may have empty elements.
pub(in crate::smtp) fn notify(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    const WORDS: &str = "NEVER, or SUCCESS, FAILURE, DELAY with commas between";
    let value = value.unwrap_or_default();
    let (mut notify, mut never, mut others) = (Notify::default(), None, 0);
    let mut at = 0;
    for word in value.split(|&octet| octet == b',') {
        let range = at..at + word.len();
        at = range.end + 1;
        match () {
            () if word.is_empty() => continue,
            () if is_word(word, "SUCCESS") => notify.success = true,
            () if is_word(word, "FAILURE") => notify.failure = true,
            () if is_word(word, "DELAY") => notify.delay = true,
            () if is_word(word, "NEVER") && never.is_none() => {
                never = Some(range);
                continue;
            }
            () if is_word(word, "NEVER") => {}
            () => return fault_at(Defect::NotifyInvalid, range, WORDS),
        }
        others += 1;
    }
    match never {
        Some(range) if range.len() < value.len() => {
            fault_at(Defect::NotifyNeverCombined, range, "NEVER by itself")
        }
        None if others == 0 => fault(Defect::NotifyInvalid, WORDS),
        _ => Ok(Value::Notify(notify)),
    }
}

/// ORCPT (RFC 3461 §4.2): `addr-type ";" xtext`; of type utf-8 also with letters beyond ASCII
/// (RFC 6533).
pub(in crate::smtp) fn orcpt(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    let value = value.unwrap_or_default();
    let Some(semicolon) = value.iter().position(|&octet| octet == b';') else {
        return fault(Defect::OrcptInvalid, "an address type, a semicolon and an address");
    };
    let (kind, address) = value.split_at(semicolon);
    let address = address.get(1..).unwrap_or_default();
    if !all(kind, ATEXT) {
        return fault_at(Defect::OrcptInvalid, 0..semicolon, "an address type");
    }
    let fault_of =
        if is_word(kind, "utf-8") { visible_fault } else { |t: &_| xtext_fault(t, true) };
    if let Some(Range { start, end }) = fault_of(address) {
        let range = semicolon + 1 + start..semicolon + 1 + end;
        return fault_at(Defect::OrcptInvalid, range, "xtext of printable ASCII");
    }
    if value.len() + "ORCPT=".len() > ORCPT {
        return fault(Defect::OrcptInvalid, "at most 500 octets");
    }
    Ok(Value::Orcpt(kind, address))
}

/// BY (RFC 2852): `["-" / "+"] 1*9DIGIT ";" ("N" / "R") ["T"]`, positive with R.
pub(in crate::smtp) fn by(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    const FORM: &str = "seconds, a semicolon, N or R, and perhaps T";
    let value = value.unwrap_or_default();
    let Some(semicolon) = value.iter().position(|&octet| octet == b';') else {
        return fault(Defect::DeliverByInvalid, FORM);
    };
    let (time, mode) = value.split_at(semicolon);
    let (is_negative, digits) = match time {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let Some(seconds) = number(digits, 9).and_then(|n| i32::try_from(n).ok()) else {
        return fault_at(Defect::DeliverByInvalid, 0..semicolon, "1 to 9 digits");
    };
    let (mode, trace) = match mode {
        [b';', mode] => (mode, false),
        [b';', mode, b'T' | b't'] => (mode, true),
        _ => return fault_at(Defect::DeliverByInvalid, semicolon..value.len(), FORM),
    };
    let is_return = match mode {
        b'N' | b'n' => false,
        b'R' | b'r' => true,
        _ => return fault_at(Defect::DeliverByInvalid, semicolon + 1..value.len(), "N or R"),
    };
    let seconds = if is_negative { -seconds } else { seconds };
    if is_return && seconds <= 0 {
        return fault_at(Defect::DeliverByInvalid, 0..semicolon, "a positive time with R");
    }
    Ok(Value::By(By { seconds, is_return, trace }))
}

/// HOLDFOR (RFC 4865): 1 to 9 digits, the first not 0.
pub(in crate::smtp) fn hold_for(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    let value = value.filter(|value| value.first() != Some(&b'0')).unwrap_or_default();
    match number(value, 9).and_then(|seconds| u32::try_from(seconds).ok()) {
        Some(seconds) => Ok(Value::HoldFor(seconds)),
        None => fault(Defect::HoldInvalid, "1 to 9 digits, the first not 0"),
    }
}

/// HOLDUNTIL (RFC 4865 and its erratum 2040): a date-time of RFC 3339.
pub(in crate::smtp) fn hold_until(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    match date_time(value.unwrap_or_default()) {
        Some(seconds) => Ok(Value::HoldUntil(seconds)),
        None => fault(Defect::HoldInvalid, "a date and time as in RFC 3339"),
    }
}

/// MT-PRIORITY (RFC 6710): -9 to 9, without plus sign and leading zero.
pub(in crate::smtp) fn priority(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    let digit = |octet: u8| i8::try_from(octet - b'0').unwrap_or_default();
    match value {
        Some([b'-', octet @ b'1'..=b'9']) => Ok(Value::Priority(-digit(*octet))),
        Some([octet @ b'0'..=b'9']) => Ok(Value::Priority(digit(*octet))),
        _ => fault(Defect::PriorityInvalid, "-9 to 9"),
    }
}

/// RRVS (RFC 7293): a date-time of RFC 3339, and perhaps `;C` or `;R`.
pub(in crate::smtp) fn rrvs(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    let value = value.unwrap_or_default();
    let (date, action) = match value {
        [date @ .., b';', b'C' | b'c'] => (date, Some(false)),
        [date @ .., b';', b'R' | b'r'] => (date, Some(true)),
        date => (date, None),
    };
    match date_time(date) {
        Some(seconds) => Ok(Value::Rrvs(seconds, action)),
        None => fault(Defect::RrvsInvalid, "a date and time as in RFC 3339, perhaps ;C or ;R"),
    }
}

/// AUTH (RFC 2554 §5, RFC 4954): an address in xtext, or `<>`, which is xtext, too.
pub(in crate::smtp) fn mail_auth(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    const FORM: &str = "an address in xtext, or <>";
    match value {
        None => fault(Defect::MailAuthInvalid, FORM),
        Some(value) => match xtext_fault(value, false) {
            Some(range) => fault_at(Defect::MailAuthInvalid, range, FORM),
            None => Ok(Value::Text(value)),
        },
    }
}

/// SOLICIT (RFC 3865): keywords with commas between, at most 1000 octets.
pub(in crate::smtp) fn solicit(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    let value = value.unwrap_or_default();
    match solicit_fault(value) {
        Some(range) => fault_at(Defect::SolicitInvalid, range, "keywords with commas between"),
        None => Ok(Value::Text(value)),
    }
}

/// The first of the solicitation keywords in `text` that is none (RFC 3865).
pub(super) fn solicit_fault(text: &[u8]) -> Option<Range<usize>> {
    let mut at = 0;
    for word in text.split(|&octet| octet == b',') {
        let range = at..at + word.len();
        at = range.end + 1;
        let is_more =
            |&octet: &u8| is(octet, LET_DIG) || matches!(octet, b'.' | b'-' | b'_' | b':');
        let is_word = word
            .split_first()
            .is_some_and(|(&first, more)| is(first, ALPHA) && more.iter().all(is_more));
        if !is_word {
            return Some(range);
        }
    }
    (text.len() > 1000).then_some(1000..text.len())
}

/// MTRK (RFC 3885): a certifier in base64, whose padding no esmtp-value can have, and perhaps a
/// colon and 1 to 9 digits.
pub(in crate::smtp) fn mtrk(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    let value = value.unwrap_or_default();
    let mut parts = value.split(|&octet| octet == b':');
    let certifier = parts.next().unwrap_or_default();
    let is_letter = |&octet: &u8| is(octet, LET_DIG) || matches!(octet, b'+' | b'/');
    let is_certifier = !certifier.is_empty() && certifier.iter().all(is_letter);
    let is_timeout = parts.next().is_none_or(|timeout| number(timeout, 9).is_some());
    if is_certifier && is_timeout && parts.next().is_none() {
        return Ok(Value::Text(value));
    }
    fault(Defect::ParamValueInvalid, "base64, and perhaps a colon and 1 to 9 digits")
}

/// TRANSID (RFC 1845): `<` local part `@` domain `>`, at most 80 octets.
pub(in crate::smtp) fn transid(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    let value = value.unwrap_or_default();
    let is_id = matches!(value, [b'<', inner @ .., b'>'] if inner.contains(&b'@'));
    if is_id && value.len() <= 80 {
        return Ok(Value::Text(value));
    }
    fault(Defect::ParamValueInvalid, "<local-part@domain> of at most 80 octets")
}

/// SUBMITTER (RFC 4405) and ALT-ADDRESS (RFC 5336): an address in xtext, the latter also with
/// letters beyond ASCII.
pub(in crate::smtp) fn address(value: Option<&[u8]>) -> Result<Value<'_>, Fault> {
    const FORM: &str = "an address in xtext";
    let Some(value) = value else { return fault(Defect::ParamValueInvalid, FORM) };
    let is_ascii = value.is_ascii();
    let range = if is_ascii { xtext_fault(value, false) } else { visible_fault(value) };
    match range {
        Some(range) => fault_at(Defect::ParamValueInvalid, range, FORM),
        None => Ok(Value::Text(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::grammar::param::Check;

    #[test]
    fn values_are_read() {
        let by_of = |seconds, is_return, trace| Value::By(By { seconds, is_return, trace });
        let told = |success, failure, delay| Value::Notify(Notify { success, failure, delay });
        let cases: [(Check, &str, Value<'_>); 27] = [
            (size, "0", Value::Size(0)),
            (size, "99999999999999999999", Value::Size(99_999_999_999_999_999_999)),
            (body, "8bitmime", Value::Body(Body::EightBitMime)),
            (body, "7BIT", Value::Body(Body::SevenBit)),
            (body, "BinaryMIME", Value::Body(Body::BinaryMime)),
            (ret, "hdrs", Value::Ret(Ret::Headers)),
            (ret, "FULL", Value::Ret(Ret::Full)),
            (envid, "QQ314+2B159", Value::Text(b"QQ314+2B159")),
            (notify, "never", told(false, false, false)),
            (notify, "SUCCESS,delay", told(true, false, true)),
            (notify, "FAILURE,,FAILURE", told(false, true, false)),
            (orcpt, "rfc822;a+2Bb@c", Value::Orcpt(b"rfc822", b"a+2Bb@c")),
            (orcpt, "utf-8;\u{fc}@c", Value::Orcpt(b"utf-8", "\u{fc}@c".as_bytes())),
            (by, "120;R", by_of(120, true, false)),
            (by, "-1;nt", by_of(-1, false, true)),
            (by, "+000000000;N", by_of(0, false, false)),
            (hold_for, "999999999", Value::HoldFor(999_999_999)),
            (hold_until, "1970-01-01T00:01:00Z", Value::HoldUntil(60)),
            (priority, "-9", Value::Priority(-9)),
            (priority, "0", Value::Priority(0)),
            (rrvs, "1970-01-01T00:01:00Z", Value::Rrvs(60, None)),
            (rrvs, "1970-01-01T00:01:00Z;R", Value::Rrvs(60, Some(true))),
            (mail_auth, "<>", Value::Text(b"<>")),
            (mail_auth, "e+3Dmc2@example.com", Value::Text(b"e+3Dmc2@example.com")),
            (solicit, "net.example:ADV,a", Value::Text(b"net.example:ADV,a")),
            (mtrk, "aGk:60", Value::Text(b"aGk:60")),
            (transid, "<1@a.example>", Value::Text(b"<1@a.example>")),
        ];
        for (check, text, value) in cases {
            assert_eq!(check(Some(text.as_bytes())), Ok(value), "{text}");
        }
        assert_eq!(smtputf8(None), Ok(Value::Flag));
        assert_eq!(private(Some(b"x")), Ok(Value::Text(b"x")));
    }

    #[test]
    fn faults_are_found() {
        let long = "x".repeat(495);
        let cases: [(Check, &str, Defect); 33] = [
            (size, "abc", Defect::SizeInvalid),
            (size, "-1", Defect::SizeInvalid),
            (size, "999999999999999999999", Defect::SizeInvalid),
            (body, "8BIT", Defect::BodyInvalid),
            (smtputf8, "1", Defect::SmtpUtf8HasValue),
            (requiretls, "1", Defect::RequireTlsHasValue),
            (no_value, "1", Defect::ParamValueInvalid),
            (ret, "ALL", Defect::RetInvalid),
            (envid, "a+2b", Defect::EnvidInvalid),
            (envid, &long, Defect::EnvidInvalid),
            (notify, "ALWAYS", Defect::NotifyInvalid),
            (notify, ",", Defect::NotifyInvalid),
            (notify, "NEVER,DELAY", Defect::NotifyNeverCombined),
            (notify, "NEVER,NEVER", Defect::NotifyNeverCombined),
            (orcpt, "a@b", Defect::OrcptInvalid),
            (orcpt, ";a@b", Defect::OrcptInvalid),
            (orcpt, "rfc822;a+b", Defect::OrcptInvalid),
            (orcpt, &long, Defect::OrcptInvalid),
            (by, "120", Defect::DeliverByInvalid),
            (by, "0;R", Defect::DeliverByInvalid),
            (by, "-5;R", Defect::DeliverByInvalid),
            (by, "1234567890;N", Defect::DeliverByInvalid),
            (by, "1;X", Defect::DeliverByInvalid),
            (hold_for, "0", Defect::HoldInvalid),
            (hold_until, "tomorrow", Defect::HoldInvalid),
            (priority, "+3", Defect::PriorityInvalid),
            (priority, "10", Defect::PriorityInvalid),
            (rrvs, "1970-01-01T00:01:00Z;X", Defect::RrvsInvalid),
            (mail_auth, "a=b", Defect::MailAuthInvalid),
            (solicit, "1a", Defect::SolicitInvalid),
            (mtrk, "a:b", Defect::ParamValueInvalid),
            (transid, "a@b", Defect::ParamValueInvalid),
            (address, "+", Defect::ParamValueInvalid),
        ];
        for (check, text, defect) in cases {
            let fault = check(Some(text.as_bytes())).unwrap_err();
            assert_eq!(fault.defect, defect, "{text}");
            assert!(fault.range.is_none_or(|range| range.end <= text.len()), "{text}");
        }
        for check in [size as Check, body, ret, envid, notify, orcpt, by, hold_for, rrvs] {
            assert!(check(None).is_err());
        }
    }
}
