//! Rules about chunks (RFC 3030).

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[];
