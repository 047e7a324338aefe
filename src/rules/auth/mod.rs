//! Rules about authentication (RFC 4954, RFC 4422).

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[];
