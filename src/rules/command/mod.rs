//! Rules about command lines (RFC 5321 §4.1).

mod path_space_after_colon;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[&path_space_after_colon::RULE];
