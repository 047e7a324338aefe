//! Rules about the recording itself: never a peer's fault, but for the port.

mod capture_block_invalid;
mod capture_clock_backwards;
mod capture_file_truncated;
mod capture_linktype_unsupported;
mod capture_no_smtp;
mod capture_snaplen_short;
mod non_standard_port;
mod session_midstream;
pub(super) mod session_one_sided;
mod session_unfinished;
mod transcript_dialect_unknown;
mod transcript_line_endings_lost;
mod transcript_line_unprefixed;
mod transcript_redacted;
mod transcript_time_missing;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &capture_block_invalid::RULE,
    &capture_clock_backwards::RULE,
    &capture_file_truncated::RULE,
    &capture_linktype_unsupported::RULE,
    &capture_no_smtp::RULE,
    &capture_snaplen_short::RULE,
    &non_standard_port::RULE,
    &session_midstream::RULE,
    &session_one_sided::RULE,
    &session_unfinished::RULE,
    &transcript_dialect_unknown::RULE,
    &transcript_line_endings_lost::RULE,
    &transcript_line_unprefixed::RULE,
    &transcript_redacted::RULE,
    &transcript_time_missing::RULE,
];
