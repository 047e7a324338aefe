//! Punycode (RFC 3492): whether what stands behind `xn--` can be decoded.
//!
//! In: the part of a label behind its prefix. Out: yes or no. Whether the letters are permitted
//! in names (RFC 5892) is not known here.

/// RFC 3492 §5.
const BASE: u32 = 36;
const FIRST: u32 = 128;

/// Whether `code` decodes to text with at least one letter beyond ASCII.
pub(super) fn is_valid(code: &[u8]) -> bool {
    let (basic, mut digits) = match code.iter().rposition(|&octet| octet == b'-') {
        Some(at) => (code.split_at(at).0, code.get(at + 1..).unwrap_or_default()),
        None => (&b""[..], code),
    };
    let mut count = u32::try_from(basic.len()).unwrap_or(u32::MAX);
    let (mut n, mut i, mut bias) = (FIRST, 0_u32, 72);
    if digits.is_empty() {
        return false;
    }
    while !digits.is_empty() {
        let before = i;
        let Some((delta, rest)) = delta(digits, bias) else { return false };
        digits = rest;
        let (Some(sum), Some(more)) = (i.checked_add(delta), count.checked_add(1)) else {
            return false;
        };
        count = more;
        bias = adapt(sum - before, count, before == 0);
        let Some(next) = n.checked_add(sum / count) else { return false };
        n = next;
        // Surrogates are no characters.
        if char::from_u32(n).is_none() {
            return false;
        }
        i = sum % count + 1;
    }
    true
}

/// The generalized variable-length integer at the start of `digits` (RFC 3492 §3.3), and what
/// follows it.
fn delta(digits: &[u8], bias: u32) -> Option<(u32, &[u8])> {
    let (mut value, mut weight, mut k) = (0_u32, 1_u32, BASE);
    let mut rest = digits;
    loop {
        let (&first, after) = rest.split_first()?;
        rest = after;
        let digit = match first {
            b'a'..=b'z' => first - b'a',
            b'A'..=b'Z' => first - b'A',
            b'0'..=b'9' => first - b'0' + 26,
            _ => return None,
        };
        let digit = u32::from(digit);
        value = value.checked_add(digit.checked_mul(weight)?)?;
        let threshold = k.saturating_sub(bias).clamp(1, 26);
        if digit < threshold {
            return Some((value, rest));
        }
        weight = weight.checked_mul(BASE - threshold)?;
        k += BASE;
    }
}

/// RFC 3492 §6.1.
fn adapt(delta: u32, count: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > (BASE - 1) * 26 / 2 {
        delta /= BASE - 1;
        k += BASE;
    }
    k + BASE * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decodes_and_what_does_not() {
        // Those of RFC 3492 §7.1 and some names.
        for good in [
            "mnchen-3ya",
            "bcher-kva",
            "ihqwcrb4cv8a8dqg056pqjye",
            "egbpdaj6bu4bxfgehfvwxn",
            "Proprostnemluvesky-uyb24dma41a",
            "4dbcagdahymbxekheh6e0a7fei0b",
            "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n",
            "fiqs8s",
        ] {
            assert!(is_valid(good.as_bytes()), "{good}");
        }
        for bad in ["", "abc-", "99999999", "zzzzzzzzzzzzzzz", "mnchen-3", "\u{fc}", "a b"] {
            assert!(!is_valid(bad.as_bytes()), "{bad}");
        }
    }
}
