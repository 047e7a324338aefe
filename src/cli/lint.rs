//! The options of `--check`, and of how findings look.

use clap::{Args, ValueEnum};
use serde::Deserialize;
use smtp_audit::report::{Lint, Threshold};
use std::env;

/// The options of `--check`.
#[derive(Debug, Args)]
pub(super) struct LintArguments {
    /// Show only findings, as a compiler does; exit status 1 if one reaches --fail-on
    #[arg(long)]
    check: bool,

    /// Which findings fail the run under --check, and a case of junit [default: error]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<ThresholdName>,

    /// Colours in the text of --check and of a single session; auto: on a terminal, unless `NO_COLOR` is set
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ThresholdName {
    /// Errors
    Error,
    /// Errors and warnings
    Warning,
    /// Anything
    Note,
    /// Nothing
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl LintArguments {
    /// Whether findings are all that is wanted.
    pub(super) fn is_check(&self) -> bool {
        self.check
    }

    /// What they ask for, of a report that goes to a terminal or not; they outrank what the
    /// configuration says.
    pub(super) fn lint(&self, is_terminal: bool, configured: Option<ThresholdName>) -> Lint {
        let color = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && takes_colors(),
        };
        let fail_on = match self.fail_on.or(configured).unwrap_or(ThresholdName::Error) {
            ThresholdName::Error => Threshold::Error,
            ThresholdName::Warning => Threshold::Warning,
            ThresholdName::Note => Threshold::Note,
            ThresholdName::Never => Threshold::Never,
        };
        Lint { check: self.check, fail_on, color }
    }
}

/// Whether the user and the terminal want colours: no-color.org.
fn takes_colors() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != "dumb")
}
