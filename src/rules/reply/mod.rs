//! Rules about replies (RFC 5321 §4.2).

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[];
