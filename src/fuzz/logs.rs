//! Logs: any bytes, read as each dialect, are sessions that begin and end.

use super::{input, limits};
use crate::chunk::{Consume as _, What};
use crate::dialog::{Dialog, Settings};
use crate::limits::Limits;
use crate::transcript::{Dialect, Event, Reader, recognise};
use crate::trouble::Troubles;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A file of text, read as the log of each tool, whatever it looks like.
pub fn logs(data: &[u8]) {
    // What is recognised must be among those that can be asked for.
    let found = recognise(data).map(Dialect::name);
    assert!(found.is_none_or(|name| Dialect::from_name(name).is_some()), "{found:?}");
    for dialect in Dialect::all() {
        if matches!(dialect, Dialect::Foreign(_)) {
            log(data, dialect.of_file(data), &limits());
        }
    }
}

fn log(data: &[u8], dialect: Dialect, limits: &Limits) {
    let Ok(input) = input(data, limits) else { return };
    let (most, line_bytes) = (limits.log_sessions, limits.line_bytes);
    let mut reader = Reader::new(input, 0, dialect, limits);
    let settings = Arc::new(Settings { limits: *limits, ..Settings::default() });
    let mut troubles = Troubles::default();
    let mut open = BTreeMap::new();
    let mut ended = 0;
    while let Some((session, event)) = reader.next(&mut troubles) {
        match event {
            Event::Begin(opening) => {
                let dialog = Dialog::new(&opening, Arc::clone(&settings), None);
                assert!(open.insert(session, dialog).is_none(), "a session begins once");
                assert!(open.len() <= most, "sessions are bounded");
            }
            Event::Chunk(chunk) => {
                if let What::Data(text) = chunk.what {
                    assert!(text.len() <= line_bytes + 2, "lines are bounded");
                    assert!(text.ends_with(b"\r\n"), "lines have an end");
                }
                let dialog = open.get_mut(&session);
                assert!(dialog.is_some(), "chunks belong to sessions");
                if let Some(dialog) = dialog {
                    dialog.push(&chunk);
                }
            }
            Event::Masked { bytes } => {
                let dialog = open.get_mut(&session);
                assert!(dialog.is_some(), "secrets belong to sessions");
                if let Some(dialog) = dialog {
                    dialog.masked(bytes);
                }
            }
            Event::End(ending) => {
                let dialog = open.remove(&session);
                assert!(dialog.is_some(), "only what has begun can end");
                if let Some(dialog) = dialog {
                    let (session, _) = dialog.finish(ending, None, None);
                    assert_eq!(session.ending, ending, "it ends as it was said to");
                    ended += 1;
                }
            }
        }
    }
    assert!(open.is_empty(), "every session ends");
    assert!(ended <= reader.facts().marked, "a session has a line");
}
