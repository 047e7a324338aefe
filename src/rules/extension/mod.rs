//! Rules about service extensions.

mod body_8bit_needless;
mod body_8bit_not_offered;
mod body_8bit_undeclared;
mod body_binary_undeclared;
mod body_binary_with_data;
mod body_invalid;
mod body_not_advertised;
mod extension_advertised_but_refused;
mod extension_list_changed;
mod extension_list_changed_after_tls;
mod extension_not_advertised;
mod invalid_parameter_accepted;
mod size_declared_over_limit;
mod size_exceeds_declared;
mod size_exceeds_limit;
mod size_invalid;
mod size_limit_enforced_late;
mod size_not_advertised;
mod smtputf8_has_value;
mod smtputf8_header_undeclared;
mod smtputf8_needless;
mod smtputf8_not_advertised;
mod smtputf8_refusal_code;
mod stale_extension_used;

use super::Rule;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &body_8bit_needless::RULE,
    &body_8bit_not_offered::RULE,
    &body_8bit_undeclared::RULE,
    &body_binary_undeclared::RULE,
    &body_binary_with_data::RULE,
    &body_invalid::RULE,
    &body_not_advertised::RULE,
    &extension_advertised_but_refused::RULE,
    &extension_list_changed::RULE,
    &extension_list_changed_after_tls::RULE,
    &extension_not_advertised::RULE,
    &invalid_parameter_accepted::RULE,
    &size_declared_over_limit::RULE,
    &size_exceeds_declared::RULE,
    &size_exceeds_limit::RULE,
    &size_invalid::RULE,
    &size_limit_enforced_late::RULE,
    &size_not_advertised::RULE,
    &smtputf8_has_value::RULE,
    &smtputf8_header_undeclared::RULE,
    &smtputf8_needless::RULE,
    &smtputf8_not_advertised::RULE,
    &smtputf8_refusal_code::RULE,
    &stale_extension_used::RULE,
];
