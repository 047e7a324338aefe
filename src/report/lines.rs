//! Texts whose numbers come later: where a session's number goes, and what is put to whole lines
//! when all are there.

use std::io::{self, Write};

/// Stands in a text where the session's number goes: no printable text has it, and no form of
/// report writes it in another way.
pub(super) const NUMBER: char = '\u{7f}';

/// `text` with the session's number in its places.
pub(super) fn numbered(text: &[u8], id: u64) -> Vec<u8> {
    let mut number = itoa::Buffer::new();
    let number = number.format(id).as_bytes();
    let mut out = Vec::with_capacity(text.len() + 64);
    for (n, part) in text.split(|&byte| byte == NUMBER as u8).enumerate() {
        if n > 0 {
            out.extend_from_slice(number);
        }
        out.extend_from_slice(part);
    }
    out
}

/// Cuts what is written to it into lines, and gives each, without its line end, to `each`.
pub(super) struct Lines<F> {
    line: Vec<u8>,
    each: F,
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Lines<F> {
    pub(super) fn new(each: F) -> Self {
        Self { line: Vec::new(), each }
    }
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Write for Lines<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
            if self.line.is_empty() {
                (self.each)(line)?;
            } else {
                self.line.extend_from_slice(line);
                (self.each)(&self.line)?;
                self.line.clear();
            }
            rest = after.get(1..).unwrap_or_default();
        }
        self.line.extend_from_slice(rest);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_goes_to_each_of_its_places() {
        assert_eq!(numbered(b"\x7f a \x7f\n", 12), b"12 a 12\n");
        assert_eq!(numbered(b"", 12), b"");
    }

    #[test]
    fn lines_are_whole_however_they_are_written() {
        let text = b"one\n\ntwo three\n";
        for size in 1..=text.len() {
            let mut seen = Vec::new();
            let mut lines = Lines::new(|line: &[u8]| {
                seen.push(line.to_vec());
                Ok(())
            });
            for piece in text.chunks(size) {
                lines.write_all(piece).unwrap();
            }
            assert_eq!(seen, [&b"one"[..], b"", b"two three"]);
        }
    }
}
