//! The command line: what was typed → what is meant.

mod audit;
mod catalogue;
mod config;
mod diff;
mod filter;
mod inputs;
mod lint;
mod progress;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, ValueEnum};
use smtp_audit::limits::LEAST_MEMORY;
use smtp_audit::report::Format;
use smtp_audit::transcript::Dialect;
use std::path::PathBuf;
use std::process::ExitCode;

/// Offline SMTP analyzer: what happened in a capture or transcript, where, and whose fault.
///
/// Reads packet captures (pcap, pcapng; plain, gzip or zstd) and saved transcripts (`c> ` and
/// `s< ` lines), rebuilds every SMTP dialog and reports sessions, messages, errors, extensions
/// and timing. What an input is, is told from its content, never its name.
#[derive(Debug, Parser)]
#[command(name = "smtp-audit", version, about, long_about, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(override_usage = "smtp-audit [OPTIONS] INPUT...\n       smtp-audit <COMMAND>")]
#[command(
    after_help = "Exit status: 0 done; 1 --check found something that reaches --fail-on, or \
    diff a difference; \
    2 usage error, or an input that could not be read to its end (the rest is still reported); \
    130 interrupted (what was read is reported). The highest one that applies counts."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    subcommand: Option<Subcommand>,

    /// Captures and transcripts, in any mix; `-` is standard input, a directory stands for its files
    #[arg(required_unless_present = "dialect", value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    /// The form of the report [default: table; with --check, findings as a compiler shows them]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<FormatName>,

    #[command(flatten)]
    lint: lint::LintArguments,

    /// A timeline of each session instead of the summary; in json and ndjson, beside the rest
    #[arg(long, conflicts_with = "check")]
    events: bool,

    /// Write the report there, all of it or nothing
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Server ports taken as SMTP
    #[arg(long, value_delimiter = ',', default_value = "25,465,587,2525", value_name = "LIST")]
    ports: Vec<u16>,

    /// Also take connections that speak SMTP on other ports
    #[arg(long)]
    any_port: bool,

    /// How to read transcripts, instead of telling from their content; `list` shows all
    #[arg(long, value_parser = dialect, value_name = "NAME")]
    dialect: Option<DialectName>,

    #[command(flatten)]
    rules: config::RuleArguments,

    /// Findings that are known and accepted; written if it is not there
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Write the baseline anew: what this run finds is accepted
    #[arg(long)]
    update_baseline: bool,

    /// With `--format transcript`: a first column of times
    #[arg(long)]
    timestamps: bool,

    /// Do not mask credentials
    #[arg(long)]
    show_secrets: bool,

    /// Mask addresses, names of people and hosts, and mail data, each consistently
    #[arg(long, conflicts_with_all = ["show_secrets", "client", "server", "from", "rcpt"])]
    redact: bool,

    /// Threads that analyze, beside those that read and write [default: one for each core]
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<usize>,

    /// Bound the memory, as `512M` or `4G`: connections that were idle longest are given up first
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    max_memory: Option<usize>,

    /// Show no progress bar
    #[arg(long)]
    no_progress: bool,

    /// Say nothing on standard error but errors
    #[arg(long)]
    quiet: bool,

    #[command(flatten)]
    filter: filter::FilterArguments,
}

/// What else there is to do. An INPUT of the same name is given as `./name`.
#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// One rule: what it finds, why it matters, how to mend it, and an example
    Explain {
        /// Its id
        rule: String,
    },
    /// All rules
    Rules {
        /// The form
        #[arg(long, value_enum, default_value_t = CatalogueFormat::Table, value_name = "FORMAT")]
        format: CatalogueFormat,
    },
    Diff(diff::DiffArguments),
    /// Completions for a shell, to standard output
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// The manual page, to standard output
    Man,
}

/// The forms of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CatalogueFormat {
    /// A table for a person
    Table,
    /// A JSON array
    Json,
    /// The reference page
    Markdown,
}

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// Tables for a person
    Table,
    /// One JSON object
    Json,
    /// One JSON object a line: a session as it ends, the summary last
    Ndjson,
    /// The dialogs as `c> ` and `s< ` lines
    Transcript,
    /// Rows for a spreadsheet: commands with their replies; with --check, findings
    Csv,
    /// A page to paste into an issue
    Markdown,
    /// SARIF 2.1.0: findings for code scanning and editors
    Sarif,
    /// JUnit XML: a suite for each input, a case for each session, failed by what reaches --fail-on
    Junit,
}

/// What `--dialect` says.
#[derive(Clone, Copy, Debug)]
enum DialectName {
    /// Show all dialects.
    List,
    /// Read so.
    Of(Dialect),
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Table => Self::Table,
            FormatName::Json => Self::Json,
            FormatName::Ndjson => Self::Ndjson,
            FormatName::Transcript => Self::Transcript,
            FormatName::Csv => Self::Csv,
            FormatName::Markdown => Self::Markdown,
            FormatName::Sarif => Self::Sarif,
            FormatName::Junit => Self::Junit,
        }
    }
}

fn threads(number: &str) -> Result<usize, String> {
    match number.parse() {
        Ok(0) | Err(_) => Err(String::from("not a number of threads; expected 1 or more")),
        Ok(number) => Ok(number),
    }
}

fn memory(size: &str) -> Result<usize, String> {
    let digits = size.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match size.get(digits.len()..).unwrap_or_default() {
        "" | "B" => 0,
        "k" | "K" | "kB" | "KB" | "KiB" => 10,
        "M" | "MB" | "MiB" => 20,
        "G" | "GB" | "GiB" => 30,
        _ => return Err(String::from("not a size; expected a number with K, M or G")),
    };
    let bytes = digits.parse().ok().and_then(|number: usize| number.checked_mul(1 << unit));
    match bytes {
        None => Err(String::from("not a size; expected a number with K, M or G")),
        Some(bytes) if bytes < LEAST_MEMORY => {
            Err(format!("too little to work with; expected at least {}M", LEAST_MEMORY >> 20))
        }
        Some(bytes) => Ok(bytes),
    }
}

fn dialect(name: &str) -> Result<DialectName, String> {
    if name == "list" {
        return Ok(DialectName::List);
    }
    let names = || Dialect::all().into_iter().map(Dialect::name).collect::<Vec<_>>();
    let known = || names().join(", ");
    Dialect::from_name(name)
        .map(DialectName::Of)
        .ok_or_else(|| format!("not a dialect; known are {}, and `list`", known()))
}

/// Does what the command line says.
pub(crate) fn run() -> ExitCode {
    let parsed = Arguments::try_parse().and_then(|arguments| {
        // `--dialect list` alone needs no input.
        let is_list = matches!(arguments.dialect, Some(DialectName::List));
        if arguments.inputs.is_empty() && !is_list && arguments.subcommand.is_none() {
            let missing = ErrorKind::MissingRequiredArgument;
            return Err(Arguments::command().error(missing, "an INPUT is required"));
        }
        let format = arguments.format.unwrap_or(FormatName::Table);
        let has_events = [FormatName::Table, FormatName::Json, FormatName::Ndjson];
        if arguments.events && !has_events.contains(&format) {
            let conflict = "--events goes with --format table, json and ndjson";
            return Err(Arguments::command().error(ErrorKind::ArgumentConflict, conflict));
        }
        Ok(arguments)
    });
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no failure.
            let status = u8::try_from(error.exit_code()).unwrap_or(2);
            let _ = error.print();
            return ExitCode::from(status);
        }
    };
    match &arguments.subcommand {
        None => audit::run(&arguments),
        Some(Subcommand::Diff(arguments)) => diff::run(arguments),
        Some(subcommand) => match catalogue::run(subcommand) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                audit::complain(&error);
                ExitCode::from(2)
            }
        },
    }
}
