//! Rules about time: who was slow, who gave up (RFC 5321 §4.5.3.2).

mod client_timeout_block_short;
mod connect_refused;
mod connect_slow;
mod session_idle_close;
mod stall_in_data;
mod stall_path_mtu;
mod stall_retransmission_timeout;
mod stall_zero_window;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &client_timeout_block_short::RULE,
    &connect_refused::RULE,
    &connect_slow::RULE,
    &session_idle_close::RULE,
    &stall_in_data::RULE,
    &stall_path_mtu::RULE,
    &stall_retransmission_timeout::RULE,
    &stall_zero_window::RULE,
];
