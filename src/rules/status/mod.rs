//! Rules about enhanced status codes (RFC 2034, RFC 3463).

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[];
