//! Alerts in clear (RFC 8446 §6).

use crate::chunk::Side;
use crate::place::Place;

/// An alert that was sent in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Who sent it.
    pub side: Side,
    /// 1 is a warning, 2 is fatal.
    pub level: u8,
    /// What it says: the number of its description.
    pub description: u8,
    /// The frame that completed it.
    pub place: Place,
}

impl Alert {
    /// Whether its sender sends nothing more: it is fatal, or `close_notify` (RFC 8446 §6.1).
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.level == 2 || self.description == 0
    }

    /// `warning` or `fatal`; `None` for any other number.
    #[must_use]
    pub fn level_name(&self) -> Option<&'static str> {
        match self.level {
            1 => Some("warning"),
            2 => Some("fatal"),
            _ => None,
        }
    }

    /// The name of its description, as IANA registers it (TLS Alerts).
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        Some(match self.description {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            21 => "decryption_failed",
            22 => "record_overflow",
            30 => "decompression_failure",
            40 => "handshake_failure",
            41 => "no_certificate",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            60 => "export_restriction",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            109 => "missing_extension",
            110 => "unsupported_extension",
            111 => "certificate_unobtainable",
            112 => "unrecognized_name",
            113 => "bad_certificate_status_response",
            114 => "bad_certificate_hash_value",
            115 => "unknown_psk_identity",
            116 => "certificate_required",
            120 => "no_application_protocol",
            121 => "ech_required",
            _ => return None,
        })
    }
}
