//! Rules about the order of commands and replies.

mod data_before_rcpt;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[&data_before_rcpt::RULE];
