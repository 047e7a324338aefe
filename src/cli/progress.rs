//! How far a run has come, on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal as _, Read};
use std::time::Duration;

/// A bar with rate and time left, where somebody can see it.
#[derive(Clone)]
pub(super) struct Progress(ProgressBar);

/// A source whose bytes are counted as they are read.
pub(super) struct Watched {
    source: Box<dyn Read + Send>,
    progress: Progress,
}

impl Progress {
    /// A bar of so many bytes, if they are known, on standard error. With `quiet` or without a
    /// terminal there is none.
    pub(super) fn new(bytes: Option<u64>, quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr_with_hz(5));
        let form = match bytes {
            Some(_) => "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
            None => "{spinner} {bytes} {bytes_per_sec}",
        };
        // The form is ours, and right.
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        Self(bar)
    }

    /// Counts what is read of `source`.
    pub(super) fn watch(&self, source: Box<dyn Read + Send>) -> Watched {
        Watched { source, progress: self.clone() }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.progress.0.inc(read as u64);
        Ok(read)
    }
}
