//! Rules about STARTTLS and TLS (RFC 3207, RFC 8314).

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[];
