//! Rules about command lines (RFC 5321 §4.1).

pub(super) mod path_space_after_colon;
