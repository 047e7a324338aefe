//! TLS records of both sides, in pieces of any size.

use super::bytes::Bytes;
use crate::chunk::Side;
use crate::place::Place;
use crate::tls::{Facts, Reader};

/// Records: for each piece two bytes that hold its length and its side, and the piece.
pub fn tls(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let limits = super::limits();
    let (mut whole, mut facts) = (Reader::new(&limits), Facts::default());
    let (mut slow, mut slow_facts) = (Reader::new(&limits), Facts::default());
    let mut given = 0;
    while !bytes.is_empty() {
        let head = bytes.number(2);
        let side = if head & 0x8000 == 0 { Side::Client } else { Side::Server };
        let piece = bytes.take(usize::try_from(head & 0x3fff).unwrap_or_default());
        given += piece.len();
        if head & 0x4000 != 0 {
            whole.gap(side, &mut facts);
            slow.gap(side, &mut slow_facts);
        }
        whole.read(side, Place::new(1), piece, &mut facts);
        for byte in piece.chunks(1) {
            slow.read(side, Place::new(1), byte, &mut slow_facts);
        }
        let most = given.min(2 * limits.tls_handshake_bytes);
        assert!(whole.held() <= 4 * most, "what is held is bounded, and no more than was sent");
    }
    assert_eq!(facts, slow_facts, "cuts make no difference");
    assert_eq!(whole.is_done(), slow.is_done(), "cuts make no difference");
    assert!(facts.held() <= 4096 + 8 * given, "facts are no longer than what they are of");
    let _ = (facts.version_name(), facts.cipher(), facts.completed());
}
