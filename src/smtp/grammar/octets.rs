//! Octets that no command may have: found once, so that the rest of a line can be judged as if
//! they were not there.
//!
//! In: a line. Out: a copy of the same length with neutral letters in their places, and where they
//! were.

use super::Charset;
use crate::smtp::defect::{Defect, Flaw};
use std::ops::Range;

/// A line whose octets are fit to be judged.
pub(super) struct Clean {
    /// The line: HTAB is SP, and other octets that are wrong by themselves are zeros, which fit
    /// where a letter does and where a digit does.
    pub(super) text: Vec<u8>,
    /// What was wrong by itself. Of HTAB its neighbours decide.
    wrong: Vec<(Defect, Range<usize>)>,
}

impl Clean {
    pub(super) fn new(line: &[u8], charset: Charset) -> Self {
        let mut clean = Self { text: Vec::with_capacity(line.len()), wrong: Vec::new() };
        for chunk in line.utf8_chunks() {
            for letter in chunk.valid().chars() {
                clean.letter(letter, charset);
            }
            for _ in chunk.invalid() {
                clean.fault(Defect::InvalidUtf8, 1);
            }
        }
        clean
    }

    fn letter(&mut self, letter: char, charset: Charset) {
        match letter {
            '\t' => self.text.push(b' '),
            '\0' => self.fault(Defect::Nul, 1),
            '\r' => self.fault(Defect::BareCr, 1),
            '\x01'..='\x1f' | '\x7f' => self.fault(Defect::Control, 1),
            letter if letter.is_ascii() || charset == Charset::Utf8 => {
                let mut octets = [0; 4];
                self.text.extend_from_slice(letter.encode_utf8(&mut octets).as_bytes());
            }
            letter => self.fault(Defect::EightBit, letter.len_utf8()),
        }
    }

    /// Puts a neutral letter for each of `length` octets.
    fn fault(&mut self, defect: Defect, length: usize) {
        let at = self.text.len();
        self.text.resize(at + length, b'0');
        match self.wrong.last_mut() {
            // Neighbours of one kind are one fault.
            Some((last, range)) if *last == defect && range.end == at => range.end = at + length,
            _ => self.wrong.push((defect, at..at + length)),
        }
    }

    /// What was wrong, as flaws; `address` is where letters beyond ASCII are those of an address.
    pub(super) fn flaws(&self, address: &Range<usize>, flaws: &mut Vec<Flaw>) {
        for (defect, range) in self.wrong.clone() {
            let (defect, expected) = match defect {
                Defect::EightBit if address.contains(&range.start) => {
                    (Defect::AddressUtf8NotNegotiated, "ASCII, as SMTPUTF8 is not in force")
                }
                Defect::EightBit => (defect, "ASCII"),
                Defect::InvalidUtf8 => (defect, "UTF-8"),
                defect => (defect, "printable ASCII"),
            };
            flaws.push(Flaw { defect, range, expected });
        }
    }
}
