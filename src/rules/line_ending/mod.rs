//! Rules about line ends (RFC 5321 §2.3.8).

mod command_bare_cr;
mod reply_bare_cr;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[&command_bare_cr::RULE, &reply_bare_cr::RULE];
