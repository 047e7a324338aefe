//! What was generated: what a report must say of the capture.

use crate::conn::Faults;
use crate::wire::Wire;

/// Counts.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    pub(crate) sessions: u64,
    pub(crate) messages: u64,
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    pub(crate) recipients: u64,
    pub(crate) recipients_accepted: u64,
    /// Octets of all messages as a report counts them.
    pub(crate) octets: u64,
    pub(crate) ends_quit: u64,
    pub(crate) ends_client_closed: u64,
    pub(crate) ends_reset: u64,
    pub(crate) ends_no_answer: u64,
    pub(crate) noise_flows: u64,
    pub(crate) smtp_bytes: u64,
    pub(crate) faults: Faults,
}

impl Truth {
    /// As one line of JSON.
    pub(crate) fn json(&self, wire: &Wire) -> String {
        let counts = [
            ("sessions", self.sessions + self.ends_no_answer),
            ("messages", self.messages),
            ("accepted", self.accepted),
            ("rejected", self.rejected),
            ("recipients", self.recipients),
            ("recipients_accepted", self.recipients_accepted),
            ("message_octets", self.octets),
            ("ends_quit", self.ends_quit),
            ("ends_client_closed", self.ends_client_closed),
            ("ends_reset", self.ends_reset),
            ("ends_no_answer", self.ends_no_answer),
            ("noise_flows", self.noise_flows),
            ("smtp_bytes", self.smtp_bytes),
            ("retransmitted", self.faults.retransmitted),
            ("late", self.faults.late),
            ("reordered", self.faults.reordered),
            ("lost", self.faults.lost),
            ("clock_jumps", wire.clock_jumps),
            ("packets", wire.packets),
            ("bytes", wire.bytes()),
        ];
        let fields: Vec<_> = counts.iter().map(|(key, n)| format!("\"{key}\":{n}")).collect();
        format!("{{{}}}", fields.join(","))
    }
}
