//! Rules about mail data (RFC 5321 §4.1.1.4).

mod data_after_dot_residue;
mod data_dot_not_stuffed;
mod data_duplicate_risk;
mod data_empty_message;
mod data_final_reply_invalid;
mod data_final_reply_missing;
mod data_gap;
mod data_line_too_long;
mod data_nul_byte;
mod data_rejected;
mod data_repeated_unconfirmed;
mod data_reply_before_terminator;
mod data_reply_not_354;
mod data_sent_after_rejection;
mod data_terminator_missing;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &data_after_dot_residue::RULE,
    &data_dot_not_stuffed::RULE,
    &data_duplicate_risk::RULE,
    &data_empty_message::RULE,
    &data_final_reply_invalid::RULE,
    &data_final_reply_missing::RULE,
    &data_gap::RULE,
    &data_line_too_long::RULE,
    &data_nul_byte::RULE,
    &data_rejected::RULE,
    &data_repeated_unconfirmed::RULE,
    &data_reply_before_terminator::RULE,
    &data_reply_not_354::RULE,
    &data_sent_after_rejection::RULE,
    &data_terminator_missing::RULE,
];
