//! Sessions one after the other, each as its text says it.
//!
//! In: texts of sessions in any order. Out: the texts in order of number, an empty line between
//! two of them; or that there is none.

use super::human::count;
use super::lines::numbered;
use super::render::Note;
use super::sheet::Text;
use super::spool::Spool;
use super::summary::Summary;
use super::{InputReport, Options, Writer};
use crate::place::Slot;
use std::io::{self, Write};

/// Writes texts when all are there.
pub(super) struct Pages {
    out: Box<dyn Write>,
    spool: Spool<u64>,
}

impl Pages {
    pub(super) fn new(out: Box<dyn Write>, options: &Options) -> Self {
        Self { out, spool: Spool::new(options.limits.spool_bytes) }
    }
}

impl Writer for Pages {
    fn session(&mut self, id: u64, _: Slot, text: Text, _: Note) -> io::Result<()> {
        self.spool.push(id, &[&numbered(text.bytes(), id)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: Summary, inputs: &[InputReport]) -> io::Result<()> {
        if self.spool.is_empty() {
            let inputs = count(inputs.len() as u64, "input");
            let text = match summary.all_sessions() {
                0 => format!("No SMTP session in {inputs}.\n"),
                all => format!("No such session: {inputs} with {}.\n", count(all, "session")),
            };
            self.out.write_all(text.as_bytes())?;
        }
        self.spool.write(&mut self.out, |_, _| b"\n")?;
        self.out.flush()
    }
}
