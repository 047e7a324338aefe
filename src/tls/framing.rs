//! Where the TLS records of a side begin and end, to the end of its stream.
//!
//! In: the bytes of one side. Out: whether they end inside a record, which nobody ends there on
//! purpose.

/// Where the bytes of a side stand in its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Framing {
    /// The header of the record, as far as it is there.
    head: [u8; 5],
    len: u8,
    /// Octets of the record, and those of them that are still to come.
    octets: u16,
    left: u16,
    /// Bytes are missing, or are no records.
    is_lost: bool,
}

/// A record that is not all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Octets of it that were sent, without its header.
    pub sent: u16,
    /// Octets that it should have; `None` if its header is cut.
    pub octets: Option<u16>,
}

impl Framing {
    /// Takes the next bytes.
    pub fn read(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !self.is_lost && !rest.is_empty() {
            let here = usize::from(self.left).min(rest.len());
            rest = rest.get(here..).unwrap_or_default();
            self.left -= u16::try_from(here).unwrap_or(self.left);
            if let Some((&byte, after)) = rest.split_first() {
                rest = after;
                self.add(byte);
            }
        }
    }

    /// Takes a byte of a header.
    fn add(&mut self, byte: u8) {
        if let Some(place) = self.head.get_mut(usize::from(self.len)) {
            *place = byte;
            self.len += 1;
        }
        if self.len == 5 {
            let [kind, major, _, high, low] = self.head;
            self.is_lost = !(20..=24).contains(&kind) || major != 3;
            self.octets = u16::from_be_bytes([high, low]);
            (self.left, self.len) = (self.octets, 0);
        }
    }

    /// Bytes are missing.
    pub fn lose(&mut self) {
        self.is_lost = true;
    }

    /// The record in which the bytes end, if they end in one.
    #[must_use]
    pub fn cut(&self) -> Option<Cut> {
        if self.is_lost {
            return None;
        }
        let in_head = || (self.len > 0).then_some(Cut { sent: 0, octets: None });
        let in_body = Cut { sent: self.octets - self.left, octets: Some(self.octets) };
        if self.left > 0 { Some(in_body) } else { in_head() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_end_where_they_say() {
        let records = [&[23, 3, 3, 0, 3][..], b"abc", &[21, 3, 3, 0, 2, 1, 0]].concat();
        for step in 1..records.len() {
            let mut framing = Framing::default();
            records.chunks(step).for_each(|piece| framing.read(piece));
            assert_eq!(framing.cut(), None, "{step}");
        }
        let of = |bytes: &[u8]| {
            let mut framing = Framing::default();
            framing.read(bytes);
            framing.cut()
        };
        assert_eq!(of(&records[..7]), Some(Cut { sent: 2, octets: Some(3) }));
        assert_eq!(of(&records[..10]), Some(Cut { sent: 0, octets: None }));
        assert_eq!(of(&records[..5]), Some(Cut { sent: 0, octets: Some(3) }));
        // What is no TLS ends anywhere.
        assert_eq!(of(b"250 ok"), None);
    }

    #[test]
    fn after_a_gap_nothing_is_known() {
        let mut framing = Framing::default();
        framing.read(&[23, 3, 3, 0, 9, 1]);
        framing.lose();
        framing.read(&[23, 3, 3]);
        assert_eq!(framing.cut(), None);
    }
}
