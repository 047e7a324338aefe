//! Rules about service extensions.

mod body_8bit_needless;
mod body_8bit_not_offered;
mod body_8bit_undeclared;
mod body_binary_undeclared;
mod body_binary_with_data;
mod body_invalid;
mod body_not_advertised;
mod burl_not_advertised;
mod deliverby_below_minimum;
mod deliverby_invalid;
mod dsn_envid_invalid;
mod dsn_not_advertised;
mod dsn_notify_invalid;
mod dsn_notify_never_combined;
mod dsn_orcpt_invalid;
mod dsn_param_repeated;
mod dsn_ret_invalid;
mod etrn_not_advertised;
mod etrn_syntax_invalid;
mod extension_advertised_but_refused;
mod extension_list_changed;
mod extension_list_changed_after_tls;
mod extension_not_advertised;
mod futurerelease_conflict;
mod futurerelease_out_of_range;
mod invalid_parameter_accepted;
mod limits_ignored_as_malformed;
mod limits_mailmax_exceeded;
mod limits_not_honoured;
mod limits_rcptdomainmax_exceeded;
mod limits_rcptmax_exceeded;
mod mail_auth_param_invalid;
mod mt_priority_invalid;
mod mt_priority_not_advertised;
mod no_soliciting_invalid;
mod requiretls_has_value;
mod requiretls_in_clear;
mod requiretls_not_advertised;
mod rrvs_invalid;
mod rrvs_not_advertised;
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
mod vendor_extension_used;

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
    &burl_not_advertised::RULE,
    &deliverby_below_minimum::RULE,
    &deliverby_invalid::RULE,
    &dsn_envid_invalid::RULE,
    &dsn_not_advertised::RULE,
    &dsn_notify_invalid::RULE,
    &dsn_notify_never_combined::RULE,
    &dsn_orcpt_invalid::RULE,
    &dsn_param_repeated::RULE,
    &dsn_ret_invalid::RULE,
    &etrn_not_advertised::RULE,
    &etrn_syntax_invalid::RULE,
    &extension_advertised_but_refused::RULE,
    &extension_list_changed::RULE,
    &extension_list_changed_after_tls::RULE,
    &extension_not_advertised::RULE,
    &futurerelease_conflict::RULE,
    &futurerelease_out_of_range::RULE,
    &invalid_parameter_accepted::RULE,
    &limits_ignored_as_malformed::RULE,
    &limits_mailmax_exceeded::RULE,
    &limits_not_honoured::RULE,
    &limits_rcptdomainmax_exceeded::RULE,
    &limits_rcptmax_exceeded::RULE,
    &mail_auth_param_invalid::RULE,
    &mt_priority_invalid::RULE,
    &mt_priority_not_advertised::RULE,
    &no_soliciting_invalid::RULE,
    &requiretls_has_value::RULE,
    &requiretls_in_clear::RULE,
    &requiretls_not_advertised::RULE,
    &rrvs_invalid::RULE,
    &rrvs_not_advertised::RULE,
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
    &vendor_extension_used::RULE,
];
