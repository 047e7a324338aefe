//! Rules about enhanced status codes (RFC 2034, RFC 3463).

mod enhanced_code_class_mismatch;
mod enhanced_code_inconsistent;
mod enhanced_code_malformed;
mod enhanced_code_missing;
mod enhanced_code_not_offered;
mod enhanced_code_on_ehlo;
mod enhanced_code_unregistered;
mod syntax_error_accepted;

use super::{Answer, Of, Rule, Step};
use crate::dialog::session::Request;
use crate::smtp::command::Verb;

/// All of them, by id.
pub(super) const RULES: &[&Rule] = &[
    &enhanced_code_class_mismatch::RULE,
    &enhanced_code_inconsistent::RULE,
    &enhanced_code_malformed::RULE,
    &enhanced_code_missing::RULE,
    &enhanced_code_not_offered::RULE,
    &enhanced_code_on_ehlo::RULE,
    &enhanced_code_unregistered::RULE,
    &syntax_error_accepted::RULE,
];

/// The EHLO keyword of what they are about.
const KEYWORD: &str = "ENHANCEDSTATUSCODES";

/// The step to which what was offered then applies: not that of EHLO itself, or of what brings a
/// new greeting. `None` if it cannot be known.
fn follows_extensions<'s>(answer: &Answer<'s>) -> Option<Step<'s>> {
    let step = match answer.of {
        Of::Exchange(_) | Of::Delivery(..) => answer.case.step(answer.exchange()?)?,
        Of::Greeting | Of::Unsolicited(_) => return None,
    };
    let greets = matches!(
        step.exchange.request,
        Request::Command(Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Xclient)
    );
    (!greets).then_some(step)
}
