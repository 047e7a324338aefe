//! Every bound of the program in one struct, each with its reason.
//!
//! Reaching a bound is never silent: it is a [`Trouble`](crate::trouble::Trouble) or a count
//! in the session's report.

/// Bounds on what hostile or damaged input can make the program hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes read at once from an input: large enough that system calls do not count.
    pub read_buffer: usize,
    /// Bytes of all inputs that are read ahead of the analysis: enough that a capture with little
    /// SMTP in it is read whole beside the one before it.
    pub read_ahead_bytes: usize,
    /// Rounds of frames that a thread may be ahead of the one that writes: their reports wait in
    /// memory, some megabytes a round where many sessions end.
    pub rounds_ahead: usize,
    /// The largest block or packet record of a capture that is read whole; larger ones are
    /// skipped. libpcap's own cap for a snapshot is 256 kB, TSO frames stay far below.
    pub block_bytes: usize,
    /// Window of a zstd stream, in bytes: what `zstd --long` asks for, and the most that the
    /// `zstd` command decodes without being told to.
    pub zstd_window: u64,
    /// Bytes searched for the next packet after damage in a capture. Damage of a disk or of a
    /// transfer comes in blocks far smaller.
    pub resync_bytes: u64,
    /// Bytes of TLS key logs kept of one capture: some 100,000 connections.
    pub secrets_bytes: usize,
    /// Names of addresses kept of one capture; no name is longer than 255 octets
    /// (RFC 1035 §2.3.4).
    pub names: usize,
    /// Interfaces of a pcapng section that are remembered.
    pub interfaces: usize,
    /// Layers (tags, tunnels) peeled off one frame before it is given up.
    pub layers: usize,
    /// IP datagrams being reassembled at once; the oldest goes first.
    pub fragment_datagrams: usize,
    /// Bytes of fragments held at once, over all datagrams.
    pub fragment_bytes: usize,
    /// Nanoseconds after which the same identification means another datagram: the time that a
    /// receiver waits (RFC 8200 §4.5).
    pub fragment_lapse_ns: u64,
    /// Connections followed at once; the longest idle is given up first.
    pub flows: usize,
    /// Bytes that all open sessions hold, of their dialogs and of what waits; the longest idle is
    /// given up first. A million sessions that have got as far as RCPT take some 1.3 GB.
    pub held_bytes: usize,
    /// Bytes kept of a connection, to follow it when it is over: those of an ordinary session with
    /// a short message. Until then it takes no more, and no other memory but its place.
    pub deferred_bytes: usize,
    /// Closed connections remembered, so that their last packets start no new session: about those
    /// of some seconds on the busiest server, each 13 bytes. All of a day would only be in the way
    /// of those that are open.
    pub closed_flows: usize,
    /// Frames for which a connection that is over still takes up its own late segments.
    pub linger_frames: u64,
    /// The same for one of which nothing is missing and both ends are acknowledged: late copies
    /// of its segments change nothing but counts, and each holds a whole session in memory.
    pub complete_linger_frames: u64,
    /// Nanoseconds, by a connection's own time stamps, after which numbers that are not near
    /// mean that its ends have begun another: long enough for any server to have hung up
    /// (RFC 5321 §4.5.3.2 asks for ten minutes at most).
    pub idle_ns: u64,
    /// Bytes waiting in one connection for what comes before them (a receive window of a
    /// well-fed bulk transfer).
    pub flow_pending_bytes: usize,
    /// The same over all connections.
    pub pending_bytes: usize,
    /// Segments of a connection to wait for bytes that the other side has already
    /// acknowledged, before they count as lost by the capture, and for its beginning. Captures
    /// of several queues or of two taps reorder packets, rarely by more than some hundreds.
    pub acked_hole_segments: u32,
    /// Delivered but unacknowledged bytes kept in one connection, to compare what is sent
    /// again.
    pub history_bytes: usize,
    /// Client bytes set aside until the reply that says how to read them.
    pub parked_bytes: usize,
    /// Bytes kept of one line; the rest is counted. Longer than any legal line
    /// (12,288 octets, RFC 4954 §4).
    pub line_bytes: usize,
    /// Lines kept of one reply.
    pub reply_lines: usize,
    /// Exchanges kept of one session; later ones are counted.
    pub exchanges: usize,
    /// Messages kept of one session; later ones are counted.
    pub messages: usize,
    /// Recipients kept of one message; later ones are counted.
    pub recipients: usize,
    /// Replies without a command kept of one session.
    pub unsolicited: usize,
    /// Bytes of TLS handshake messages read of one side: chains of certificates are far shorter.
    pub tls_handshake_bytes: usize,
    /// Alerts of TLS kept of one side: all but the last are warnings.
    pub tls_alerts: usize,
    /// Bytes of text (commands and replies) kept of one session.
    pub session_text: usize,
    /// Bytes at the start of a file that are looked at to tell a transcript.
    pub sniff_bytes: usize,
    /// Bytes of a transcript's line delivered at once; a longer line comes in pieces. Far above
    /// what the writer makes of `line_bytes` when it must escape every byte.
    pub transcript_piece: usize,
    /// Sessions of a log that go on at once; the one that was silent longest is given up first. A
    /// busy server has some hundreds.
    pub log_sessions: usize,
    /// Lines of one side whose places are remembered for `# unseen`: those in flight at once.
    pub unseen_lines: usize,
    /// Events of a session that wait for its first line, which says when it began.
    pub untimed_events: usize,
    /// Bytes of report text held in memory before it goes to a temporary file.
    pub spool_bytes: usize,
    /// Sessions (and lines of other sections) that a table shows: what a person reads.
    pub table_rows: usize,
    /// Unknown extension keywords that a summary counts one by one: peers choose them.
    pub summary_keywords: usize,
    /// Servers whose response times a summary counts one by one, each in some 2 kB.
    pub summary_servers: usize,
    /// Minutes in which a summary counts sessions: those of a month and more.
    pub summary_minutes: usize,
    /// Characters of a peer's text shown in a table or a summary.
    pub excerpt_chars: usize,
    /// Different kinds of unknown numbers (link types, …) that are named one by one.
    pub named_kinds: usize,
}

/// Bytes that a run takes for itself, whatever the bounds: code, stacks, queues between threads,
/// what the allocator cannot use.
const OWN_MEMORY: usize = 32 << 20;

/// The least memory that a run can be held to, in bytes: its own, and room for a few sessions.
pub const LEAST_MEMORY: usize = OWN_MEMORY + (16 << 20);

impl Limits {
    /// These bounds, narrowed so that a run takes no more than about `bytes` (and no less than
    /// [`LEAST_MEMORY`]), what the program needs for itself included.
    #[must_use]
    pub fn within(&self, bytes: usize) -> Self {
        let bytes = bytes.max(LEAST_MEMORY) - OWN_MEMORY;
        let part = |most: usize, parts: usize| most.min(bytes / parts);
        Self {
            // Half of it is for the sessions, a quarter for what keeps them apart.
            held_bytes: part(self.held_bytes, 2),
            flows: part(self.flows, 4096),
            closed_flows: part(self.closed_flows, 4096),
            pending_bytes: part(self.pending_bytes, 16),
            flow_pending_bytes: part(self.flow_pending_bytes, 64),
            read_ahead_bytes: part(self.read_ahead_bytes, 16),
            rounds_ahead: part(self.rounds_ahead, 8 << 20).max(1),
            spool_bytes: part(self.spool_bytes, 32),
            fragment_bytes: part(self.fragment_bytes, 32),
            secrets_bytes: part(self.secrets_bytes, 64),
            block_bytes: part(self.block_bytes, 16),
            zstd_window: self.zstd_window.min(bytes as u64 / 4),
            // No session takes all that its shard may hold.
            session_text: part(self.session_text, 256),
            exchanges: part(self.exchanges, 1 << 15),
            messages: part(self.messages, 1 << 15),
            recipients: part(self.recipients, 1 << 15),
            parked_bytes: part(self.parked_bytes, 256),
            history_bytes: part(self.history_bytes, 1 << 10),
            summary_servers: part(self.summary_servers, 1 << 17),
            ..*self
        }
    }

    /// The bounds of one of `parts` equal parts of a run, with an eighth to spare where not all
    /// parts are equally full.
    #[must_use]
    pub fn share(&self, parts: usize) -> Self {
        let share = |all: usize| (all / parts + all / parts / 8).max(1);
        Self {
            flows: share(self.flows),
            closed_flows: share(self.closed_flows),
            pending_bytes: share(self.pending_bytes),
            held_bytes: share(self.held_bytes),
            ..*self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            read_buffer: 1 << 18,
            read_ahead_bytes: 32 << 20,
            rounds_ahead: 16,
            block_bytes: 16 << 20,
            zstd_window: 128 << 20,
            resync_bytes: 64 << 20,
            secrets_bytes: 32 << 20,
            names: 10_000,
            interfaces: 1 << 16,
            layers: 32,
            fragment_datagrams: 4096,
            fragment_bytes: 16 << 20,
            fragment_lapse_ns: 60_000_000_000,
            flows: 1 << 20,
            held_bytes: 4 << 30,
            deferred_bytes: 4 << 10,
            closed_flows: 1 << 16,
            linger_frames: 4096,
            complete_linger_frames: 256,
            idle_ns: 3_600_000_000_000,
            flow_pending_bytes: 4 << 20,
            pending_bytes: 256 << 20,
            acked_hole_segments: 2048,
            history_bytes: 64 << 10,
            parked_bytes: 256 << 10,
            line_bytes: 16 << 10,
            reply_lines: 512,
            exchanges: 10_000,
            messages: 10_000,
            recipients: 10_000,
            unsolicited: 1000,
            tls_handshake_bytes: 64 << 10,
            tls_alerts: 8,
            session_text: 4 << 20,
            sniff_bytes: 64 << 10,
            transcript_piece: 1 << 20,
            log_sessions: 4096,
            unseen_lines: 4096,
            untimed_events: 64,
            spool_bytes: 16 << 20,
            table_rows: 40,
            summary_keywords: 64,
            summary_servers: 1024,
            summary_minutes: 1 << 16,
            excerpt_chars: 120,
            named_kinds: 16,
        }
    }
}
