//! Rules about time: who was slow, who gave up (RFC 5321 §4.5.3.2).

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[];
