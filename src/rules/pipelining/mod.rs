//! Rules about command pipelining (RFC 2920).

mod pipelining_group_exceeds_window;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[&pipelining_group_exceeds_window::RULE];
