//! Rules about service extensions.

mod size_exceeds_declared;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[&size_exceeds_declared::RULE];
