//! Rules about the order of commands and replies.

pub(super) mod data_before_rcpt;
