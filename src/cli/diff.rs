//! `diff`: two captures or transcripts compared.

use super::audit::{complain, on_interrupt};
use super::config::{Config, RuleArguments};
use super::inputs::Inputs;
use super::progress::Progress;
use clap::{Args, ValueEnum};
use smtp_audit::job;
use smtp_audit::pipeline::Options;
use smtp_audit::ports::Ports;
use smtp_audit::report::diff::{Difference, Tally};
use smtp_audit::report::status::{FOUND, INTERRUPTED, TROUBLE};
use smtp_audit::rules::Choice;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

/// Two captures or transcripts compared: what is offered, answered, found and taken, and how long
/// it took.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 nothing differs but times; 1 something does; \
    2 usage error, or an input could not be read to its end; 130 interrupted.")]
pub(super) struct DiffArguments {
    /// A capture, a transcript, or a directory that stands for its files
    before: PathBuf,

    /// What is compared with it
    after: PathBuf,

    /// The form of the report
    #[arg(long, value_enum, default_value_t = DiffFormat::Table, value_name = "FORMAT")]
    format: DiffFormat,

    #[command(flatten)]
    rules: RuleArguments,

    /// Server ports taken as SMTP
    #[arg(long, value_delimiter = ',', default_value = "25,465,587,2525", value_name = "LIST")]
    ports: Vec<u16>,

    /// Also take connections that speak SMTP on other ports
    #[arg(long)]
    any_port: bool,

    /// Say nothing on standard error but errors
    #[arg(long)]
    quiet: bool,
}

/// The forms of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// Tables for a person
    Table,
    /// One JSON object
    Json,
}

/// Compares two inputs.
pub(super) fn run(arguments: &DiffArguments) -> ExitCode {
    let wanted = Config::find(arguments.rules.config.as_deref())
        .and_then(|(config, path)| config.choice(path.as_deref(), &arguments.rules));
    let choice = match wanted {
        Ok((choice, _)) => choice,
        Err(error) => {
            complain(&error);
            return ExitCode::from(TROUBLE);
        }
    };
    let before = read(arguments, &arguments.before, &choice);
    let after = read(arguments, &arguments.after, &choice);
    let difference =
        Difference::between((&before.tally, &before.paths), (&after.tally, &after.paths));
    let text = match arguments.format {
        DiffFormat::Table => difference.table(width()),
        DiffFormat::Json => difference.json(),
    };
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("standard output: {error}"));
            return ExitCode::from(TROUBLE);
        }
        Ok(()) | Err(_) => {}
    }
    ExitCode::from(if before.is_partial || after.is_partial {
        INTERRUPTED
    } else if before.has_failed || after.has_failed {
        TROUBLE
    } else if difference.differs() {
        FOUND
    } else {
        0
    })
}

/// What was read of one of the two.
struct Half {
    tally: Tally,
    paths: Vec<String>,
    has_failed: bool,
    is_partial: bool,
}

fn read(arguments: &DiffArguments, path: &Path, choice: &Choice) -> Half {
    let inputs = Inputs::find(&[path.to_owned()]);
    let (paths, skipped) = (inputs.paths(), inputs.skipped.clone());
    let options = Options {
        ports: Ports::new(&arguments.ports, arguments.any_port),
        choice: choice.clone(),
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        ..Options::default()
    };
    on_interrupt(&options.stop);
    let sources = inputs.sources(&Progress::new(None, true));
    let (tally, facts) = job::tally(&options, sources);
    for error in facts.iter().filter_map(|facts| facts.error.as_ref()) {
        complain(&error.to_string());
    }
    if !arguments.quiet {
        for path in skipped {
            complain(&format!("{path}: skipped: neither a capture nor a transcript"));
        }
        for (facts, path) in facts.iter().zip(&paths) {
            for problem in facts.troubles.lines() {
                complain(&format!("{path}: {problem}"));
            }
        }
    }
    let has_failed =
        facts.iter().any(|facts| facts.error.is_some() || facts.troubles.hides_the_rest());
    let is_partial = options.stop.load(Ordering::Relaxed);
    Half { tally, paths, has_failed, is_partial }
}

fn width() -> Option<u16> {
    let is_terminal = io::stdout().is_terminal();
    terminal_size::terminal_size().filter(|_| is_terminal).map(|(width, _)| width.0)
}
