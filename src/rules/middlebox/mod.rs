//! Rules about what something between client and server has done.

mod middlebox_banner_masked;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[&middlebox_banner_masked::RULE];
