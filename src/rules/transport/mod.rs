//! Rules about TCP and IP under the dialog (RFC 9293).

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[];
