//! The main job: inputs in, report out.

use super::config::{Config, Wanted};
use super::inputs::{Inputs, is_standard, shown};
use super::progress::Progress;
use super::{Arguments, DialectName};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use smtp_audit::dialog::Settings;
use smtp_audit::error::Error;
use smtp_audit::job::{self, Job, Ran};
use smtp_audit::limits::Limits;
use smtp_audit::pipeline::Options;
use smtp_audit::ports::Ports;
use smtp_audit::redact::Redactor;
use smtp_audit::report::Format;
use smtp_audit::report::status::{FOUND, INTERRUPTED, TROUBLE};
use smtp_audit::transcript::Dialect;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tempfile::NamedTempFile;

/// Columns of a report that is not shown on a terminal.
const PLAIN: Option<u16> = None;

/// Runs the main job.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    if let Some(DialectName::List) = arguments.dialect {
        return list_dialects();
    }
    let wanted = Config::find(arguments.rules.config.as_deref())
        .and_then(|(config, path)| config.wanted(path.as_deref(), arguments));
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(error) => {
            complain(&error);
            return ExitCode::from(TROUBLE);
        }
    };
    match report(arguments, &wanted) {
        Ok(status) => ExitCode::from(status),
        Err(Error::Write { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(TROUBLE)
        }
    }
}

fn report(arguments: &Arguments, wanted: &Wanted) -> Result<u8, Error> {
    let output = Output::open(arguments.output.as_deref())?;
    let inputs = Inputs::find(&arguments.inputs);
    let (paths, skipped) = (inputs.paths(), inputs.skipped.clone());
    let limits = Limits::default();
    let limits = arguments.max_memory.map_or(limits, |bytes| limits.within(bytes));
    let settings = Settings {
        show_secrets: arguments.show_secrets,
        limits,
        events: arguments.events,
        redact: arguments.redact.then(|| Arc::new(Redactor::new())),
    };
    let run = Options {
        settings: Arc::new(settings),
        ports: Ports::new(&arguments.ports, arguments.any_port),
        dialect: match arguments.dialect {
            Some(DialectName::Of(dialect)) => Some(dialect),
            Some(DialectName::List) | None => None,
        },
        choice: wanted.choice.clone(),
        threads: arguments.threads.unwrap_or_else(cores),
        ..Options::default()
    };
    on_interrupt(&run.stop);
    let by_default = if arguments.lint.is_check() { Format::Lint } else { Format::Table };
    let format = match arguments.format.map_or(by_default, Format::from) {
        Format::Table if arguments.events => Format::Events,
        Format::Table if arguments.filter.is_single() => Format::Ladder,
        format => format,
    };
    // A bar between the lines of a report would spoil both.
    let is_mixed = output.is_terminal() && format == Format::Ndjson;
    let quiet = arguments.quiet || arguments.no_progress || is_mixed;
    let progress = Progress::new(inputs.bytes(), quiet);
    let lint = arguments.lint.lint(output.is_terminal(), wanted.fail_on);
    let (width, timestamps) = (output.width(), arguments.timestamps);
    let (filter, events) = (Arc::new(arguments.filter.filter()), arguments.events);
    let is_open = filter.is_open();
    let job = Job { run, format, width, timestamps, lint, filter, events };
    let sources = inputs.sources(&progress);
    let out = output.writer()?;
    let written = job::run(job, sources, &mut || progress.finish(), out);
    progress.finish();
    let Ran { facts, mut status, sessions: (reported, all) } =
        written.map_err(|error| output.failed(error))?;
    output.keep()?;
    for error in facts.iter().filter_map(|facts| facts.error.as_ref()) {
        complain(&error.to_string());
    }
    let mut remarks = wanted.remarks();
    if !is_open {
        remarks.push(format!("{reported} of {all} session(s) reported"));
    }
    // What was found is accepted from now on.
    if wanted.accepts_all() && status == FOUND {
        status = 0;
    }
    match wanted.keep() {
        Ok(remark) => remarks.extend(remark),
        Err(error) => {
            complain(&error);
            status = TROUBLE;
        }
    }
    if !arguments.quiet {
        for remark in remarks {
            complain(&remark);
        }
        for path in skipped {
            complain(&format!("{path}: skipped: neither a capture nor a transcript"));
        }
        for (facts, path) in facts.iter().zip(&paths) {
            for problem in facts.troubles.lines() {
                complain(&format!("{path}: {problem}"));
            }
        }
    }
    Ok(status)
}

/// Lets the first Ctrl-C end the run with what was read so far, and the next one end the program.
pub(super) fn on_interrupt(stop: &Arc<AtomicBool>) {
    for signal in [SIGINT, SIGTERM] {
        // Where signals cannot be caught, they end the program as ever.
        let status = i32::from(INTERRUPTED);
        let _ = flag::register_conditional_shutdown(signal, status, Arc::clone(stop));
        let _ = flag::register(signal, Arc::clone(stop));
    }
}

/// Threads that can run at once here.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Where the report goes.
enum Output {
    Standard,
    /// A file that takes its place only when the report is whole.
    File {
        temporary: NamedTempFile,
        path: PathBuf,
    },
    /// A device or a pipe, which no file may replace.
    Device {
        file: File,
        path: PathBuf,
    },
}

impl Output {
    fn open(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path.filter(|path| !is_standard(path)) else { return Ok(Self::Standard) };
        Self::open_at(path).map_err(|source| Error::Write { path: shown(path), source })
    }

    fn open_at(path: &Path) -> io::Result<Self> {
        let target = target(path);
        match target.metadata() {
            Ok(found) if found.is_dir() => {
                return Err(io::Error::other("is a directory; expected a file"));
            }
            Ok(found) if !found.is_file() => {
                let file = File::options().write(true).open(path)?;
                return Ok(Self::Device { file, path: path.to_owned() });
            }
            Ok(_) | Err(_) => {}
        }
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut temporary = tempfile::Builder::new();
        // As any new file, not private as temporary ones are.
        #[cfg(unix)]
        temporary.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = temporary.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        Ok(Self::File { temporary, path: path.to_owned() })
    }

    /// Whether a terminal shows the report.
    fn is_terminal(&self) -> bool {
        matches!(self, Self::Standard) && io::stdout().is_terminal()
    }

    /// Columns of the terminal that shows the report.
    fn width(&self) -> Option<u16> {
        if !self.is_terminal() {
            return PLAIN;
        }
        terminal_size::terminal_size().map(|(width, _)| width.0)
    }

    /// A writer to it.
    fn writer(&self) -> Result<Box<dyn Write>, Error> {
        Ok(match self {
            Self::Standard => Box::new(BufWriter::with_capacity(1 << 16, io::stdout())),
            Self::File { temporary, .. } => self.file(temporary.as_file())?,
            Self::Device { file, .. } => self.file(file)?,
        })
    }

    fn file(&self, file: &File) -> Result<Box<dyn Write>, Error> {
        let file = file.try_clone().map_err(|error| self.failed(error))?;
        Ok(Box::new(BufWriter::with_capacity(1 << 16, file)))
    }

    fn failed(&self, source: io::Error) -> Error {
        let path = match self {
            Self::Standard => "standard output".to_owned(),
            Self::File { path, .. } | Self::Device { path, .. } => shown(path),
        };
        Error::Write { path, source }
    }

    /// The report is whole.
    fn keep(self) -> Result<(), Error> {
        match self {
            Self::Standard | Self::Device { .. } => Ok(()),
            Self::File { temporary, path } => {
                let failed = |source| Error::Write { path: shown(&path), source };
                temporary.persist(target(&path)).map(|_| ()).map_err(|error| failed(error.error))
            }
        }
    }
}

/// What `path` leads to: a link stays, and its target is replaced.
fn target(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn list_dialects() -> ExitCode {
    let all = Dialect::all();
    let widest = all.iter().map(|dialect| dialect.name().len()).max().unwrap_or_default();
    let line = |dialect: &Dialect| format!("{:widest$}  {}", dialect.name(), dialect.title());
    let lines: Vec<String> = all.iter().map(line).collect();
    match writeln!(io::stdout(), "{}", lines.join("\n")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(TROUBLE),
    }
}

/// One line to standard error.
pub(super) fn complain(line: &str) {
    // Where standard error is closed, nobody listens.
    let _ = writeln!(io::stderr(), "smtp-audit: {line}");
}
