//! Rules about the recording itself: never a peer's fault.

mod session_midstream;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[&session_midstream::RULE];
