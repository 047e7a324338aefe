//! Rules about limits that servers must not set too low (RFC 5321 §4.5.3).

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[];
