//! Rules about command pipelining (RFC 2920).

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[];
