//! Rules about TCP and IP under the dialog (RFC 9293).

mod ip_fragment_missing;
mod ip_fragment_overlap;
mod tcp_asymmetric;
mod tcp_closed_mid_line;
mod tcp_data_after_fin;
mod tcp_data_after_reset;
mod tcp_duplicate_packets;
mod tcp_gap;
mod tcp_gap_acked;
mod tcp_handshake_missing;
mod tcp_keepalive;
mod tcp_out_of_order;
mod tcp_overlap_conflict;
mod tcp_port_reuse;
mod tcp_reset;
mod tcp_retransmission;
mod tcp_retransmission_spurious;
mod tcp_zero_window;

use super::Rule;
use super::case::Case;
use super::count;
use crate::dialog::session::{GapAt, Mark};

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &ip_fragment_missing::RULE,
    &ip_fragment_overlap::RULE,
    &tcp_asymmetric::RULE,
    &tcp_closed_mid_line::RULE,
    &tcp_data_after_fin::RULE,
    &tcp_data_after_reset::RULE,
    &tcp_duplicate_packets::RULE,
    &tcp_gap::RULE,
    &tcp_gap_acked::RULE,
    &tcp_handshake_missing::RULE,
    &tcp_keepalive::RULE,
    &tcp_out_of_order::RULE,
    &tcp_overlap_conflict::RULE,
    &tcp_port_reuse::RULE,
    &tcp_reset::RULE,
    &tcp_retransmission::RULE,
    &tcp_retransmission_spurious::RULE,
    &tcp_zero_window::RULE,
];

/// How much of which side is missing, and where first; the sentence goes on.
fn missing<'s>(case: Case<'s>, gaps: impl Iterator<Item = &'s GapAt>) -> Option<(String, Mark)> {
    let (mut first, mut bytes, mut places) = (None::<&GapAt>, 0_u64, 0_u64);
    for gap in gaps {
        first.get_or_insert(gap);
        bytes = bytes.saturating_add(gap.gap.bytes);
        places += 1;
    }
    let first = first?;
    let octets = if bytes == 0 { "octets".to_owned() } else { count(bytes, "octet") };
    let be = if bytes == 1 { "is" } else { "are" };
    let during = case.during(first.mark);
    let where_to =
        if places > 1 { format!("{places} places, first {during}") } else { during.to_string() };
    Some((format!("{octets} (of the {}, {where_to}) {be}", first.side.name()), first.mark))
}
