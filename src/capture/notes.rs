//! What a pcapng file carries beside packets: TLS secrets and names of addresses
//! (draft-ietf-opsawg-pcapng, Decryption Secrets Block and Name Resolution Block).
//!
//! In: the bodies of those blocks. Out: what they say, within its limits. It does not read the
//! secrets.

use super::interface::Options;
use super::{Order, size};
use crate::limits::Limits;
use crate::trouble::Trouble;
use pcap_parser::{NameRecordType, SecretsType};
use std::net::IpAddr;

/// What a capture carries beside packets.
pub(super) struct Notes {
    pub(super) secrets: Vec<Vec<u8>>,
    /// Bytes of secrets that may still be added.
    secrets_room: usize,
    pub(super) names: Vec<(IpAddr, String)>,
    most_names: usize,
}

impl Notes {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            secrets: Vec::new(),
            secrets_room: limits.secrets_bytes,
            names: Vec::new(),
            most_names: limits.names,
        }
    }

    /// A Decryption Secrets Block.
    pub(super) fn add_secret(&mut self, order: Order, block: &[u8]) -> Result<(), Trouble> {
        let kind = order.u32(block, 0).map(SecretsType);
        let length = order.u32(block, 4).ok_or(Trouble::BadBlock)?;
        let secret = block.get(8..).and_then(|rest| rest.get(..size(length)));
        let secret = secret.ok_or(Trouble::BadBlock)?;
        if kind != Some(SecretsType::TlsKeyLog) {
            return Ok(());
        }
        // An empty one still costs its place.
        let cost = secret.len() + size_of::<Vec<u8>>();
        self.secrets_room = match self.secrets_room.checked_sub(cost) {
            Some(room) => room,
            None => return Err(Trouble::DroppedNote),
        };
        self.secrets.push(secret.to_vec());
        Ok(())
    }

    /// A Name Resolution Block.
    pub(super) fn add_names(&mut self, order: Order, block: &[u8]) -> Result<(), Trouble> {
        for (code, value) in Options(order, block) {
            let (addr, names) = match NameRecordType(code.0) {
                NameRecordType::Ipv4 => match value.split_first_chunk::<4>() {
                    Some((addr, names)) => (IpAddr::from(*addr), names),
                    None => return Err(Trouble::BadBlock),
                },
                NameRecordType::Ipv6 => match value.split_first_chunk::<16>() {
                    Some((addr, names)) => (IpAddr::from(*addr), names),
                    None => return Err(Trouble::BadBlock),
                },
                _ => continue,
            };
            for name in names.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
                if self.names.len() == self.most_names || name.len() > 255 {
                    return Err(Trouble::DroppedNote);
                }
                self.names.push((addr, String::from_utf8_lossy(name).into_owned()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn secret(notes: &mut Notes, kind: [u8; 4], text: &[u8]) -> Result<(), Trouble> {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        notes.add_secret(Order::Big, &[&kind, &length, text, &[0; 3]].concat())
    }

    #[test]
    fn tls_secrets_are_kept_within_their_limit() {
        let limits = Limits { secrets_bytes: 100, ..Limits::default() };
        let mut notes = Notes::new(&limits);
        secret(&mut notes, *b"TLSK", b"CLIENT_RANDOM 00 11\n").unwrap();
        secret(&mut notes, *b"WGKL", b"wireguard").unwrap();
        secret(&mut notes, *b"TLSK", b"second").unwrap();
        assert_eq!(secret(&mut notes, *b"TLSK", b"third"), Err(Trouble::DroppedNote));
        assert_eq!(notes.secrets, [&b"CLIENT_RANDOM 00 11\n"[..], b"second"]);
        let long = [&b"TLSK"[..], &[0, 0, 0, 9], b"too short"].concat();
        assert_eq!(notes.add_secret(Order::Big, &long[..12]), Err(Trouble::BadBlock));
    }

    #[test]
    fn names_are_kept_within_their_limit() {
        let four = b"\x01\0\x10\0\xc0\0\x02\x01mx.a\0mail.a\0";
        let six = [&b"\x02\0\x13\0"[..], &Ipv6Addr::LOCALHOST.octets(), b"me\0\0"].concat();
        let block = [&four[..], &six, &[0; 4], &four[..]].concat();
        let limits = Limits { names: 3, ..Limits::default() };
        let mut notes = Notes::new(&limits);
        assert_eq!(notes.add_names(Order::Little, &block), Ok(()));
        let mx = Ipv4Addr::new(192, 0, 2, 1).into();
        let named = [(mx, "mx.a"), (mx, "mail.a"), (Ipv6Addr::LOCALHOST.into(), "me")];
        assert_eq!(notes.names, named.map(|(addr, name)| (addr, name.to_owned())));
        assert_eq!(notes.add_names(Order::Little, &block), Err(Trouble::DroppedNote));
        let short = b"\x02\0\x04\0\x01\x02\x03\x04";
        assert_eq!(notes.add_names(Order::Little, short), Err(Trouble::BadBlock));
    }
}
