//! Rules about line ends (RFC 5321 §2.3.8).

mod command_bare_cr;
mod command_bare_lf;
mod data_bare_cr;
mod data_bare_lf;
mod line_ending_cr_cr_lf;
mod line_ending_mixed;
mod reply_bare_cr;
mod reply_bare_lf;
mod smuggle_bdat_to_data;
mod smuggle_commands_follow;
mod smuggle_cr_dot_cr;
mod smuggle_cr_dot_crlf;
mod smuggle_cr_dot_lf;
mod smuggle_crcrlf_dot_crcrlf;
mod smuggle_crlf_dot_cr;
mod smuggle_crlf_dot_crcrlf;
mod smuggle_crlf_dot_lf;
mod smuggle_dot_with_space;
mod smuggle_lf_dot_cr;
mod smuggle_lf_dot_crlf;
mod smuggle_lf_dot_lf;
mod smuggle_nul_after_dot;
mod smuggle_nul_before_dot;
mod smuggle_relay_preserved;
mod smuggle_server_accepted;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &command_bare_cr::RULE,
    &command_bare_lf::RULE,
    &data_bare_cr::RULE,
    &data_bare_lf::RULE,
    &line_ending_cr_cr_lf::RULE,
    &line_ending_mixed::RULE,
    &reply_bare_cr::RULE,
    &reply_bare_lf::RULE,
    &smuggle_bdat_to_data::RULE,
    &smuggle_commands_follow::RULE,
    &smuggle_cr_dot_cr::RULE,
    &smuggle_cr_dot_crlf::RULE,
    &smuggle_cr_dot_lf::RULE,
    &smuggle_crcrlf_dot_crcrlf::RULE,
    &smuggle_crlf_dot_cr::RULE,
    &smuggle_crlf_dot_crcrlf::RULE,
    &smuggle_crlf_dot_lf::RULE,
    &smuggle_dot_with_space::RULE,
    &smuggle_lf_dot_cr::RULE,
    &smuggle_lf_dot_crlf::RULE,
    &smuggle_lf_dot_lf::RULE,
    &smuggle_nul_after_dot::RULE,
    &smuggle_nul_before_dot::RULE,
    &smuggle_relay_preserved::RULE,
    &smuggle_server_accepted::RULE,
];
