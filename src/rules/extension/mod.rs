//! Rules about service extensions.

pub(super) mod size_exceeds_declared;
