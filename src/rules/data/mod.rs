//! Rules about mail data (RFC 5321 §4.1.1.4).

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[];
