//! Numbers, durations and sizes as a person reads them.

use crate::time::Lapse;

/// A number with its digits in groups of three.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun, which gets an `s` unless it is one.
pub(super) fn count(times: u64, noun: &str) -> String {
    let plural = if times == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(times))
}

/// A duration, to three or four digits.
pub(super) fn lapse(lapse: Lapse) -> String {
    let mut out = String::new();
    push_lapse(&mut out, lapse);
    out
}

/// Appends a duration, to three or four digits.
pub(super) fn push_lapse(out: &mut String, lapse: Lapse) {
    if lapse.nanos() < 0 {
        out.push('-');
    }
    push_micros(out, lapse.nanos().unsigned_abs() / 1000);
}

/// A duration in microseconds, to three or four digits.
pub(super) fn micros(micros: u64) -> String {
    let mut out = String::new();
    push_micros(&mut out, micros);
    out
}

/// Appends a duration in microseconds, to three or four digits. Stories have many: no formatter.
fn push_micros(out: &mut String, micros: u64) {
    let millis = micros / 1000;
    let seconds = millis / 1000;
    let mut put = |number: u64, unit: &str| {
        out.push_str(itoa::Buffer::new().format(number));
        out.push_str(unit);
    };
    match micros {
        0..1000 => put(micros, " µs"),
        1000..10_000 => {
            put(millis, ".");
            put(micros % 1000 / 100, "");
            put(micros % 100 / 10, " ms");
        }
        10_000..100_000 => {
            put(millis, ".");
            put(micros % 1000 / 100, " ms");
        }
        100_000..1_000_000 => put(millis, " ms"),
        1_000_000..60_000_000 => {
            let mut buffer = itoa::Buffer::new();
            let digits = buffer.format(millis);
            let (seconds, rest) = digits.split_at_checked(digits.len() - 3).unwrap_or_default();
            out.push_str(seconds);
            out.push('.');
            out.push_str(rest);
            out.push_str(" s");
        }
        60_000_000..3_600_000_000 => {
            put(seconds / 60, " min ");
            put(seconds % 60, " s");
        }
        3_600_000_000..86_400_000_000 => {
            put(seconds / 3600, " h ");
            put(seconds / 60 % 60, " min");
        }
        _ => {
            out.push_str(&number(seconds / 86_400));
            out.push_str(" d ");
            out.push_str(itoa::Buffer::new().format(seconds / 3600 % 24));
            out.push_str(" h");
        }
    }
}

/// A size in bytes, to two or three digits.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    match UNITS.into_iter().find(|&(unit, _)| bytes >= unit) {
        Some((unit, name)) if bytes / unit < 10 => {
            format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10))
        }
        Some((unit, name)) => format!("{} {name}", number(bytes / unit)),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 200_000, 1_234_567].map(number),
            ["0", "999", "1,000", "200,000", "1,234,567"]
        );
        assert_eq!(
            (count(1, "session"), count(0, "session")),
            ("1 session".into(), "0 sessions".into())
        );
    }

    #[test]
    fn durations_are_short_at_every_scale() {
        let texts =
            [0, 120, 1234, 12_345, 123_456, 1_234_567, 252_000_000, 11_100_000_000, 1 << 62];
        assert_eq!(
            texts.map(micros),
            [
                "0 µs",
                "120 µs",
                "1.23 ms",
                "12.3 ms",
                "123 ms",
                "1.234 s",
                "4 min 12 s",
                "3 h 5 min",
                "53,375,995 d 14 h",
            ]
        );
        assert_eq!(lapse(Lapse::from_nanos(-2_500_000)), "-2.50 ms");
    }

    #[test]
    fn sizes_are_short_at_every_scale() {
        let texts = [0, 999, 1000, 9999, 12_345, 581_000_000, 2_500_000_000_000];
        assert_eq!(
            texts.map(size),
            ["0 B", "999 B", "1.0 kB", "9.9 kB", "12 kB", "581 MB", "2.5 TB"]
        );
    }
}
