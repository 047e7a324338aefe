//! Which rules are asked, and which of their findings are kept.

use super::finding::{Confidence, Finding};
use super::set::Set;
use crate::dialog::session::Session;

/// Which rules are asked, and which of their findings are kept.
#[derive(Clone, Debug)]
pub struct Choice {
    rules: Set,
    /// The least sure findings that are kept.
    confidence: Confidence,
}

impl Default for Choice {
    /// All rules; findings that are at least likely.
    fn default() -> Self {
        Self { rules: Set::all(), confidence: Confidence::Likely }
    }
}

impl Choice {
    /// The rules that are asked.
    #[must_use]
    pub fn rules(&self) -> &Set {
        &self.rules
    }

    /// Keeps only findings that are at least so sure.
    #[must_use]
    pub fn sure(self, confidence: Confidence) -> Self {
        Self { confidence, ..self }
    }

    /// Whether a finding in `session` is kept.
    #[must_use]
    pub fn takes(&self, _session: &Session, finding: &Finding) -> bool {
        self.keeps(finding)
    }

    /// Whether a finding about an input as a whole is kept.
    #[must_use]
    pub fn keeps(&self, finding: &Finding) -> bool {
        finding.confidence >= self.confidence
    }
}
