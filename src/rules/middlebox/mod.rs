//! Rules about what something between client and server has done.

mod middlebox_banner_masked;
mod middlebox_command_masked;
mod middlebox_keyword_masked;
mod middlebox_proxy_header;
mod middlebox_xclient;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &middlebox_banner_masked::RULE,
    &middlebox_command_masked::RULE,
    &middlebox_keyword_masked::RULE,
    &middlebox_proxy_header::RULE,
    &middlebox_xclient::RULE,
];
