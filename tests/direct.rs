//! The text of a session, which is written directly, is what serde makes of its model: of all
//! sessions of `testdata` and, where they are, of the shared captures.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used)]

use smtp_audit::limits::Limits;
use smtp_audit::pipeline::{self, Audited, Source, Work};
use smtp_audit::place::Places;
use smtp_audit::report::{self, Entry, Format, Renderer, model};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Makes two texts of each session.
struct Both {
    renderer: Renderer,
    inputs: Vec<String>,
}

impl Work for Both {
    type Made = (String, String);

    fn session(&mut self, audited: Audited, places: &Places) -> (String, String) {
        let entry = Entry {
            session: &audited.session,
            slot: audited.slot,
            places,
            findings: &audited.findings,
            not_judged: &audited.not_judged,
            transcript: None,
        };
        let (mut direct, _) = self.renderer.session(&entry);
        self.renderer.seal(std::iter::once(&mut direct));
        let model =
            serde_json::to_string(&model::Session::new(&entry, &self.inputs, false)).unwrap();
        (String::from_utf8(direct.bytes().to_vec()).unwrap(), model)
    }
}

#[test]
fn sessions_are_written_as_serde_writes_their_models() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["testdata/captures", "testdata/transcripts", "../shared/captures"] {
        files_in(&root.join(folder), &mut files);
    }
    let mut compared = 0;
    for path in &files {
        let inputs = vec![path.display().to_string()];
        let options = Arc::new(report::Options::new(None, Limits::default(), &inputs));
        let work = Arc::new(move || {
            let inputs = options.inputs.clone();
            Both { renderer: Renderer::new(Format::Ndjson, &options), inputs }
        });
        let sources = vec![Source::bytes("input", fs::read(path).unwrap())];
        let mut deliver = |done: pipeline::Done<(String, String)>| {
            let (direct, model) = done.made;
            assert_eq!(format!(r#"{{"type":"session","id":0{direct}"#), model);
            compared += 1;
            ControlFlow::Continue(())
        };
        let options = pipeline::Options::default();
        pipeline::run(&options, sources, work, &mut deliver, &mut || {});
    }
    assert!(compared > 40, "only {compared} sessions");
}

fn files_in(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files_in(&path, files);
        } else {
            files.push(path);
        }
    }
}
