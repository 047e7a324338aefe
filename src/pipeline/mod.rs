//! The stages joined: inputs → capture or transcript → dialogs → sessions and findings.
//!
//! In: opened inputs, in order. Out: each session as it ends, numbered by its first packet, and
//! facts about each input. Knows no output format.

mod numbering;

use crate::capture::{self, Kind};
use crate::chunk::{Consume as _, Ending, Gap, Opening, Origin, Side};
use crate::dialog::session::Session;
use crate::dialog::{Dialog, Settings, Tap};
use crate::error::Error;
use crate::input::Input;
use crate::packet::Decoder;
use crate::ports::Ports;
use crate::rules::{self, Finding, NotJudged};
use crate::smtp::sniff::{self, Hint, Verdict};
use crate::stream::{Follow, Looks, SessionEnd, Tracker};
use crate::time::Stamp;
use crate::transcript::{self, Dialect, Event};
use crate::trouble::{Trouble, Troubles};
use numbering::Numbering;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

/// How a run is to be done.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Bounds, and whether to keep credentials.
    pub settings: Arc<Settings>,
    /// Which ports are watched.
    pub ports: Ports,
    /// How to read transcripts, where it is not to be told from their content.
    pub dialect: Option<Dialect>,
    /// Write each session as a transcript, too.
    pub transcript: Option<Transcript>,
}

/// How sessions are written as transcripts.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// With a column of times.
    pub timestamps: bool,
    /// Takes the text of sessions that grow long, so that none is held in memory.
    pub overflow: Overflow,
}

/// Takes pieces of a session's transcript before the session ends, by [`Audited::slot`].
#[derive(Clone)]
pub struct Overflow(pub Arc<Mutex<TakePiece>>);

/// Takes a piece of the session in a slot.
pub type TakePiece = dyn FnMut(u64, &[u8]) + Send;

/// A session with what the rules say of it.
#[derive(Debug)]
pub struct Audited {
    /// The session.
    pub session: Session,
    /// A number that orders sessions as their ids do and was known from the first packet.
    pub slot: u64,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What could not be judged.
    pub not_judged: Vec<NotJudged>,
    /// The (rest of the) session's transcript, if asked for.
    pub transcript: Option<Vec<u8>>,
}

/// What was read of an input.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `pcap`, `pcapng` or `transcript`.
    pub kind: Option<&'static str>,
    /// How a transcript was read.
    pub dialect: Option<&'static str>,
    /// Bytes, decompressed.
    pub bytes: u64,
    /// Packets of a capture.
    pub packets: u64,
    /// Sessions that begin in it.
    pub sessions: u64,
    /// What is wrong with it.
    pub troubles: Troubles,
}

/// Takes the sessions of a run as they end; breaks where nobody wants any more.
pub type Deliver<'a> = dyn FnMut(Audited) -> ControlFlow<()> + 'a;

/// A run over some inputs.
pub struct Run<'a> {
    options: Options,
    decoder: Decoder,
    tracker: Tracker<Dialog>,
    follower: Follower<'a>,
    facts: Vec<Facts>,
    /// Frames of all captures so far.
    frames: u64,
}

/// Makes dialogs of connections and hands on what becomes of them.
struct Follower<'a> {
    options: Options,
    numbering: Numbering,
    /// Slots of connections that have not ended, by their first packet.
    slots: HashMap<Origin, u64>,
    /// Sessions that ended before their number was known, by slot.
    unnumbered: BTreeMap<u64, Audited>,
    /// Sessions by input.
    sessions: HashMap<u32, u64>,
    deliver: &'a mut Deliver<'a>,
    /// Nobody wants any more sessions.
    is_over: bool,
}

/// Text of a transcript that is held for one session before it goes to the overflow.
const TRANSCRIPT_PIECE: usize = 64 << 10;

impl<'a> Run<'a> {
    /// A run that hands its sessions to `deliver`.
    #[must_use]
    pub fn new(options: Options, deliver: &'a mut Deliver<'a>) -> Self {
        let limits = options.settings.limits;
        Self {
            decoder: Decoder::new(options.ports.clone(), &limits),
            tracker: Tracker::new(options.ports.clone(), &limits),
            follower: Follower {
                options: options.clone(),
                numbering: Numbering::default(),
                slots: HashMap::new(),
                unnumbered: BTreeMap::new(),
                sessions: HashMap::new(),
                deliver,
                is_over: false,
            },
            facts: Vec::new(),
            frames: 0,
            options,
        }
    }

    /// Reads the next input, named `path` in errors, to its end. An input that cannot be read is
    /// an error; the run goes on without it.
    pub fn read(&mut self, path: &str, source: Box<dyn Read + Send>) -> Result<(), Error> {
        let index = u32::try_from(self.facts.len()).unwrap_or(u32::MAX);
        self.facts.push(Facts::default());
        let limits = self.options.settings.limits;
        let failed = |source| Error::Read { path: path.to_owned(), source };
        let unknown = |reason| Error::NotRecognised { path: path.to_owned(), reason };
        let mut input = Input::new(source, &limits).map_err(failed)?;
        let start = input.fill(CAPTURE_START).map_err(failed)?;
        if capture::recognise(start).is_some() {
            let reader = capture::Reader::new(input, index, &limits).map_err(unknown)?;
            self.read_capture(reader, index);
            return Ok(());
        }
        let dialect = match self.options.dialect {
            Some(dialect) => dialect,
            None => transcript_start(&mut input, limits.sniff_bytes)
                .map_err(failed)?
                .ok_or_else(|| unknown(expected(input.data())))?,
        };
        let reader = transcript::Reader::new(input, index, dialect, &limits);
        self.read_transcript(reader, index, dialect);
        Ok(())
    }

    /// Counts an input that could not be opened, so that the numbers of inputs stay theirs.
    pub fn skip(&mut self) {
        self.facts.push(Facts::default());
    }

    /// Ends the run: what is still open is handed on. Returns the facts about each input.
    #[must_use]
    pub fn finish(mut self) -> Vec<Facts> {
        let mut troubles = Troubles::default();
        self.decoder.finish(&mut troubles);
        self.tracker.finish(&mut self.follower);
        self.follower.finish();
        for (trouble, count) in troubles.iter() {
            if let Some(facts) = self.facts.get_mut(count.first.input as usize) {
                facts.troubles.add_many(trouble, count.times, count.first);
            }
        }
        for (index, facts) in (0..).zip(&mut self.facts) {
            facts.sessions = self.follower.sessions.get(&index).copied().unwrap_or(0);
        }
        self.facts
    }

    fn read_capture(&mut self, mut reader: capture::Reader, index: u32) {
        let mut troubles = Troubles::default();
        loop {
            let mut frame_troubles = Troubles::default();
            if self.follower.is_over {
                break;
            }
            let Some(frame) = reader.next(&mut troubles) else { break };
            self.frames += 1;
            if let Some(segment) = self.decoder.decode(&frame, &mut frame_troubles) {
                self.tracker.push(&segment, self.frames, &mut self.follower, &mut frame_troubles);
            }
            if !frame_troubles.is_empty() {
                troubles.merge(&frame_troubles);
            }
        }
        let facts = Facts {
            kind: Some(match reader.kind() {
                Kind::Pcap => "pcap",
                Kind::Pcapng => "pcapng",
            }),
            dialect: None,
            bytes: reader.bytes(),
            packets: reader.packets(),
            sessions: 0,
            troubles,
        };
        self.set_facts(index, facts);
    }

    fn read_transcript(&mut self, mut reader: transcript::Reader, index: u32, dialect: Dialect) {
        let mut troubles = Troubles::default();
        let mut open: Option<(u64, Opening, Dialog, Option<Stamp>)> = None;
        while let Some(event) = reader.next(&mut troubles) {
            if self.follower.is_over {
                break;
            }
            match event {
                Event::Begin(opening) => {
                    let slot = self.follower.numbering.begin();
                    self.follower.numbering.decide(slot, true);
                    let dialog = self.follower.dialog(&opening, slot);
                    open = Some((slot, opening, dialog, opening.at));
                }
                Event::Chunk(chunk) => {
                    if let Some((_, _, dialog, last)) = &mut open {
                        *last = chunk.at.or(*last);
                        dialog.push(&chunk);
                    }
                }
                Event::Masked { bytes } => {
                    if let Some((_, _, dialog, _)) = &mut open {
                        dialog.masked(bytes);
                    }
                }
                Event::End(ending) => {
                    if let Some((slot, opening, dialog, last)) = open.take() {
                        self.follower.audit(slot, &opening, dialog, ending, last, None);
                    }
                }
            }
        }
        let facts = Facts {
            kind: Some("transcript"),
            dialect: Some(dialect.name()),
            bytes: reader.bytes(),
            packets: 0,
            sessions: 0,
            troubles,
        };
        self.set_facts(index, facts);
    }

    fn set_facts(&mut self, index: u32, facts: Facts) {
        if let Some(place) = self.facts.get_mut(index as usize) {
            *place = facts;
        }
    }
}

/// Bytes that tell a capture.
const CAPTURE_START: usize = 24;

/// The dialect of a transcript, from its first bytes, as many as it takes: somebody may be typing.
fn transcript_start(input: &mut Input, most: usize) -> std::io::Result<Option<Dialect>> {
    let mut wanted = 1;
    loop {
        let start = input.fill(wanted)?;
        let dialect = transcript::recognise(start.get(..most).unwrap_or(start));
        // Bare commands may still turn out to be prose above a marked dialog.
        let is_sure = dialect == Some(Dialect::Native);
        if is_sure || start.len() < wanted || start.len() >= most {
            return Ok(dialect);
        }
        wanted = start.len() + 1;
    }
}

/// What to tell somebody whose file is neither a capture nor a transcript.
fn expected(start: &[u8]) -> String {
    let found = match start {
        [] => "the file is empty",
        [0x0a, 0x0d, 0x0d, 0x0a, ..] | [0xa1 | 0xd4 | 0x4d | 0x34, ..] => {
            "a damaged capture header"
        }
        [0x7f, b'E', b'L', b'F', ..] => "a program",
        _ if start.contains(&0) => "unknown binary data",
        _ => "text without an SMTP dialog",
    };
    format!("{found}; expected a capture (pcap, pcapng) or a transcript (lines of `c> ` and `s< `)")
}

impl Follower<'_> {
    fn dialog(&self, opening: &Opening, slot: u64) -> Dialog {
        let settings = &self.options.settings;
        let tap = self.options.transcript.as_ref().map(|transcript| {
            let digits = transcript.timestamps.then_some(opening.digits);
            Box::new(Writing {
                writer: transcript::Writer::new(digits, &settings.limits),
                slot,
                overflow: transcript.overflow.clone(),
            }) as Box<dyn Tap>
        });
        Dialog::new(opening, Arc::clone(settings), tap)
    }

    fn audit(
        &mut self,
        slot: u64,
        opening: &Opening,
        dialog: Dialog,
        ending: Ending,
        last_at: Option<Stamp>,
        transport: Option<crate::chunk::Transport>,
    ) {
        *self.sessions.entry(opening.origin.input).or_insert(0) += 1;
        let (session, transcript) = dialog.finish(ending, last_at, transport);
        let (findings, not_judged) = rules::run(&session);
        let audited = Audited { session, slot, findings, not_judged, transcript };
        self.unnumbered.insert(slot, audited);
        self.deliver_numbered();
    }

    /// Hands on the sessions whose numbers are known.
    fn deliver_numbered(&mut self) {
        while let Some(entry) = self.unnumbered.first_entry() {
            if !self.numbering.is_decided(*entry.key()) {
                break;
            }
            let (slot, mut audited) = entry.remove_entry();
            if let Some(id) = self.numbering.take(slot) {
                audited.session.id = id;
                if !self.is_over {
                    self.is_over = (self.deliver)(audited).is_break();
                }
            }
        }
    }

    fn finish(&mut self) {
        // What was never decided is no session.
        for slot in std::mem::take(&mut self.slots).into_values() {
            self.numbering.decide(slot, false);
        }
        self.deliver_numbered();
    }
}

impl Follow for Follower<'_> {
    type Dialog = Dialog;

    fn candidate(&mut self, origin: Origin, surely: bool) {
        let slot = self.numbering.begin();
        if surely {
            self.numbering.decide(slot, true);
        }
        self.slots.insert(origin, slot);
    }

    fn dismissed(&mut self, origin: Origin) {
        if let Some(slot) = self.slots.remove(&origin) {
            self.numbering.decide(slot, false);
            self.deliver_numbered();
        }
    }

    fn open(&mut self, opening: &Opening) -> Dialog {
        let slot = self.slots.get(&opening.origin).copied().unwrap_or(u64::MAX);
        self.numbering.decide(slot, true);
        self.dialog(opening, slot)
    }

    fn done(&mut self, opening: &Opening, dialog: Dialog, end: SessionEnd) {
        let slot = self.slots.remove(&opening.origin).unwrap_or(u64::MAX);
        let SessionEnd { ending, last_at, transport } = end;
        self.audit(slot, opening, dialog, ending, last_at, Some(transport));
    }

    fn looks(&self, data: &[u8], at_start: bool) -> Looks {
        match sniff::first_bytes(data, at_start) {
            Hint::Client => Looks::LikeClient,
            Hint::Server => Looks::LikeServer,
            Hint::Tls | Hint::None => Looks::Unclear,
        }
    }

    fn speaks(&self, client: &[u8], server: &[u8]) -> Option<bool> {
        match sniff::speaks_smtp(client, server) {
            Verdict::Yes => Some(true),
            Verdict::No => Some(false),
            Verdict::Wait => None,
        }
    }
}

/// Writes what a dialog reads as a transcript.
struct Writing {
    writer: transcript::Writer,
    slot: u64,
    overflow: Overflow,
}

impl Tap for Writing {
    fn data(&mut self, side: Side, at: Option<Stamp>, seen: Option<u64>, bytes: &[u8]) {
        self.writer.data(side, at, seen, bytes);
        if self.writer.len() > TRANSCRIPT_PIECE {
            let text = self.writer.take();
            let mut take = self.overflow.0.lock().unwrap_or_else(PoisonError::into_inner);
            take(self.slot, &text);
        }
    }

    fn cut(&mut self, side: Side) {
        self.writer.cut(side);
    }

    fn masked(&mut self, side: Side, bytes: Option<u64>) {
        self.writer.masked(side, bytes);
    }

    fn gap(&mut self, side: Side, gap: Gap) {
        self.writer.gap(side, gap);
    }

    fn tls(&mut self, side: Side, bytes: u64) {
        self.writer.tls(side, bytes);
    }

    fn midstream(&mut self) {
        self.writer.midstream();
    }

    fn end(&mut self, end: crate::chunk::End) {
        self.writer.end(end);
    }

    fn take(&mut self) -> Vec<u8> {
        self.writer.take()
    }
}

impl std::fmt::Debug for Overflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Overflow")
    }
}

/// The inputs whose troubles hide data from the report.
#[must_use]
pub fn hides_data(facts: &[Facts]) -> bool {
    facts.iter().any(|facts| {
        facts.troubles.iter().any(|(trouble, _): (Trouble, _)| trouble.hides_the_rest())
    })
}
