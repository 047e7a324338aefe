//! What to weave: a [`Plan`] says how two stacks talk, what the network does to their packets,
//! and how the capture is written. Percentages are of 100.

use super::capture;
use super::dialog::{Dialog, Side};
use super::file::{Block, Format, Pcap, Pcapng};
use super::link::Link;
use super::{Random, Woven};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Dialogs and how they are captured.
///
/// Options about a connection hold for the plan's own dialog; a dialog that comes in by
/// [`Plan::and`] keeps its own. Options about the capture (seed, reordering, duplicates,
/// times, noise, file) hold for all, and those of the added plan are forgotten.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) conns: Vec<Conn>,
    pub(super) capture: Capture,
}

/// The wishes for one connection.
#[derive(Clone, Debug)]
pub(super) struct Conn {
    pub dialog: Dialog,
    pub link: Link,
    pub ip: Ip,
    pub ports: [u16; 2],
    pub hop: u8,
    pub mss: usize,
    pub isn: [Option<u32>; 2],
    pub open: Open,
    pub acks: Acks,
    pub close: Close,
    pub syn_data: bool,
    pub fin_data: bool,
    pub tcp_timestamps: bool,
    pub overlap: usize,
    pub retransmit: u8,
    pub conflicts: Vec<usize>,
    pub keep_alive: u8,
    pub garbage: bool,
    pub zero_window: u8,
    pub fragment: Option<usize>,
    pub fragments_reversed: bool,
    pub tso: bool,
    pub skip: usize,
    pub only: Option<Side>,
    pub drop: Vec<usize>,
    pub drop_rate: u8,
    pub think: [i64; 2],
}

/// The wishes for the capture.
#[derive(Clone, Debug)]
pub(super) struct Capture {
    pub seed: u64,
    pub start: i64,
    pub step: i64,
    pub reorder: usize,
    pub keep_times: bool,
    pub duplicates: u8,
    pub noise: u8,
    pub lose: Vec<u64>,
    pub snaplen: Option<usize>,
    pub pad: bool,
    pub format: Format,
    pub gzip: bool,
}

/// The version of IP and its extras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ip {
    /// IPv4, 20 bytes of header.
    V4,
    /// IPv4 with an option.
    V4Options,
    /// IPv6.
    V6,
    /// IPv6 with hop-by-hop and destination options.
    V6Extensions,
}

/// All versions of IP.
pub const IPS: &[Ip] = &[Ip::V4, Ip::V4Options, Ip::V6, Ip::V6Extensions];

/// How a connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// SYN, SYN+ACK, ACK.
    Handshake,
    /// SYN, RST; nothing is said.
    Refused,
    /// SYN, SYN, SYN; nothing is said.
    NoAnswer,
}

/// When a side acknowledges data with a segment of its own. Every segment of data does too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// After each segment of data.
    Each,
    /// After every second segment of data.
    Delayed,
    /// Never.
    Never,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// FIN of this side, then of the other.
    Fin(Side),
    /// RST of this side.
    Reset(Side),
    /// The capture ends first.
    Never,
}

impl Plan {
    /// `dialog` over Ethernet and IPv4 from 192.0.2.1 to port 25 of 192.0.2.2, 1460 bytes a
    /// segment, each acknowledged, closed by the server, one packet every 1000 µs from
    /// 2026-11-21T10:00:00Z, in a little-endian pcap file of microseconds.
    pub fn new(dialog: &Dialog) -> Self {
        Self { conns: vec![Conn::new(dialog)], capture: Capture::default() }
    }

    /// Weaves the dialogs of `other` into the same capture, with client ports of their own.
    pub fn and(mut self, other: Self) -> Self {
        for mut conn in other.conns {
            while self.conns.iter().any(|c| c.ports == conn.ports) {
                conn.ports[0] += 1;
            }
            self.conns.push(conn);
        }
        self
    }

    /// Makes the capture.
    pub fn weave(&self) -> Woven {
        capture::weave(self)
    }
}

/// Options of the connection.
impl Plan {
    /// The link layer.
    pub fn link(self, link: Link) -> Self {
        self.conn(|c| c.link = link)
    }

    /// The version of IP.
    pub fn ip(self, ip: Ip) -> Self {
        self.conn(|c| c.ip = ip)
    }

    /// The client has the address of the server so many hops before.
    pub fn hop(self, number: u8) -> Self {
        self.conn(|c| c.hop = number)
    }

    /// The ports of both sides.
    pub fn ports(self, client: u16, server: u16) -> Self {
        self.conn(|c| c.ports = [client, server])
    }

    /// At most so many bytes of data in a segment, 1 or more.
    pub fn mss(self, bytes: usize) -> Self {
        assert!((1..=60_000).contains(&bytes));
        self.conn(|c| c.mss = bytes)
    }

    /// The initial sequence numbers. Without this they follow from the seed.
    pub fn isn(self, client: u32, server: u32) -> Self {
        self.conn(|c| c.isn = [Some(client), Some(server)])
    }

    /// Initial sequence numbers so that both wrap around in the middle of the dialog.
    pub fn wrap(self) -> Self {
        let middle = |dialog: &Dialog, side| {
            let half = u32::try_from(dialog.stream(side).len() / 2).unwrap();
            Some(0_u32.wrapping_sub(half + 1))
        };
        self.conn(|c| c.isn = Side::BOTH.map(|side| middle(&c.dialog, side)))
    }

    /// How it begins.
    pub fn open(self, open: Open) -> Self {
        self.conn(|c| c.open = open)
    }

    /// When data is acknowledged.
    pub fn acks(self, acks: Acks) -> Self {
        self.conn(|c| c.acks = acks)
    }

    /// How it ends.
    pub fn close(self, close: Close) -> Self {
        self.conn(|c| c.close = close)
    }

    /// The first data rides on the SYN or SYN+ACK of its side (RFC 7413).
    pub fn syn_data(self) -> Self {
        self.conn(|c| c.syn_data = true)
    }

    /// The first FIN rides on the last data, if that is of the side that closes.
    pub fn fin_data(self) -> Self {
        self.conn(|c| c.fin_data = true)
    }

    /// Each segment has a timestamps option (RFC 7323).
    pub fn tcp_timestamps(self) -> Self {
        self.conn(|c| c.tcp_timestamps = true)
    }

    /// So long after the packet before it each write of `side` begins, in nanoseconds, on top
    /// of the step.
    pub fn think(self, side: Side, nanos: i64) -> Self {
        self.conn(|c| c.think[side.index()] = nanos)
    }

    /// Each segment of data begins with the last `bytes` of what was sent before.
    pub fn overlap(self, bytes: usize) -> Self {
        self.conn(|c| c.overlap = bytes)
    }

    /// So many of the segments of data are followed, a little later, by one that repeats some
    /// of their bytes, with some of those before and after. Loses nothing.
    pub fn retransmit(self, percent: u8) -> Self {
        self.conn(|c| c.retransmit = percent)
    }

    /// After the data segment `index` (from 0, of both sides, before all faults) come the same
    /// sequence numbers with other bytes.
    pub fn conflict(self, index: usize) -> Self {
        self.conn(|c| c.conflicts.push(index))
    }

    /// Before so many of the writes the side that waits sends a keep-alive (sequence number one
    /// less, no data), which is answered.
    pub fn keep_alives(self, percent: u8) -> Self {
        self.conn(|c| c.keep_alive = percent)
    }

    /// Keep-alives with one byte that belongs to nothing (RFC 9293 §3.8.4). Not to be combined
    /// with lost data: nobody could tell that byte from the real one.
    pub fn garbage_keep_alives(self, percent: u8) -> Self {
        self.keep_alives(percent).conn(|c| c.garbage = true)
    }

    /// Before so many of the segments of data that are not the first of their write the other
    /// side closes its window and is probed with one byte.
    pub fn zero_windows(self, percent: u8) -> Self {
        self.conn(|c| c.zero_window = percent)
    }

    /// IP fragments of at most so many bytes after the IP header, in order.
    pub fn fragment(self, bytes: usize) -> Self {
        assert!(bytes >= 8, "fragments hold 8 bytes or more");
        self.conn(|c| c.fragment = Some(bytes / 8 * 8))
    }

    /// IP fragments, the last first.
    pub fn fragment_reversed(self, bytes: usize) -> Self {
        self.fragment(bytes).conn(|c| c.fragments_reversed = true)
    }

    /// The IP header of a segment with data gives a length of 0, as a capture on a machine with
    /// segmentation offload has it (where the frame is longer than the shortest, else it would be data).
    pub fn tso(self) -> Self {
        self.conn(|c| c.tso = true)
    }

    /// The capture misses the first `packets` of the connection.
    pub fn midstream(self, packets: usize) -> Self {
        self.conn(|c| c.skip = packets)
    }

    /// The capture has only what `side` sends.
    pub fn only(self, side: Side) -> Self {
        self.conn(|c| c.only = Some(side))
    }

    /// The capture misses the data segment `index` (from 0, of both sides, before all faults),
    /// which the other side received.
    pub fn drop_data(self, index: usize) -> Self {
        self.conn(|c| c.drop.push(index))
    }

    /// The capture misses so many of the segments with data, which the other side received.
    pub fn drop_rate(self, percent: u8) -> Self {
        self.conn(|c| c.drop_rate = percent)
    }

    /// Changes the plan's own connection.
    fn conn(mut self, change: impl FnOnce(&mut Conn)) -> Self {
        change(&mut self.conns[0]);
        self
    }
}

/// Options of the capture.
impl Plan {
    /// What all that is random follows from.
    pub fn seed(self, seed: u64) -> Self {
        self.capture(|c| c.seed = seed)
    }

    /// The time of the first packet, in nanoseconds since 1970.
    pub fn start(self, nanos: i64) -> Self {
        self.capture(|c| c.start = nanos)
    }

    /// The time from one packet to the next, in nanoseconds.
    pub fn step(self, nanos: i64) -> Self {
        self.capture(|c| c.step = nanos)
    }

    /// A packet may come after at most `window` that should follow it, both directions alike.
    /// SYNs stay before and resets after all else; times are given in the new order.
    pub fn reorder(self, window: usize) -> Self {
        self.capture(|c| c.reorder = window)
    }

    /// Reordered packets keep the time they would have had.
    pub fn keep_times(self) -> Self {
        self.capture(|c| c.keep_times = true)
    }

    /// So many of the packets come twice.
    pub fn duplicates(self, percent: u8) -> Self {
        self.capture(|c| c.duplicates = percent)
    }

    /// Before so many of the packets comes one that is none of ours: UDP, ARP, TCP of another
    /// port.
    pub fn noise(self, percent: u8) -> Self {
        self.capture(|c| c.noise = percent)
    }

    /// The capture misses the frame of this number (from 1, after all other faults).
    pub fn lose_frame(self, number: u64) -> Self {
        self.capture(|c| c.lose.push(number))
    }

    /// Each packet is cut after so many bytes. Not to be combined with fragments.
    pub fn snaplen(self, bytes: usize) -> Self {
        self.capture(|c| c.snaplen = Some(bytes))
    }

    /// Ethernet frames are filled up to 60 bytes.
    pub fn pad(self) -> Self {
        self.capture(|c| c.pad = true)
    }

    /// The form of the file.
    pub fn format(self, format: Format) -> Self {
        self.capture(|c| c.format = format)
    }

    /// A pcapng file.
    pub fn pcapng(self) -> Self {
        self.format(Format::Pcapng(Pcapng::default()))
    }

    /// A pcapng file with this kind of packet block.
    pub fn pcapng_of(self, block: Block) -> Self {
        self.format(Format::Pcapng(Pcapng { block, ..Pcapng::default() }))
    }

    /// A pcap file of nanoseconds.
    pub fn pcap_nanos(self) -> Self {
        self.format(Format::Pcap(Pcap { nanos: true, ..Pcap::default() }))
    }

    /// The file is compressed.
    #[cfg(feature = "gzip")]
    pub fn gzip(self) -> Self {
        self.capture(|c| c.gzip = true)
    }

    /// Changes the wishes for the capture.
    fn capture(mut self, change: impl FnOnce(&mut Capture)) -> Self {
        change(&mut self.capture);
        self
    }
}

impl Conn {
    fn new(dialog: &Dialog) -> Self {
        Self {
            dialog: dialog.clone(),
            link: Link::Ethernet,
            ip: Ip::V4,
            ports: [4242, 25],
            hop: 0,
            mss: 1460,
            isn: [None; 2],
            open: Open::Handshake,
            acks: Acks::Each,
            close: Close::Fin(Side::Server),
            syn_data: false,
            fin_data: false,
            tcp_timestamps: false,
            overlap: 0,
            retransmit: 0,
            conflicts: Vec::new(),
            keep_alive: 0,
            garbage: false,
            zero_window: 0,
            fragment: None,
            fragments_reversed: false,
            tso: false,
            skip: 0,
            only: None,
            drop: Vec::new(),
            drop_rate: 0,
            think: [0; 2],
        }
    }

    /// The address of `side`.
    pub fn address(&self, side: Side) -> IpAddr {
        let last = 1 + self.hop + u8::try_from(side.index()).unwrap();
        if self.ip.is_v6() {
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last.into()).into()
        } else {
            Ipv4Addr::new(192, 0, 2, last).into()
        }
    }

    /// The address and port of `side`.
    pub fn socket(&self, side: Side) -> SocketAddr {
        (self.address(side), self.ports[side.index()]).into()
    }

    /// The initial sequence numbers.
    pub fn isns(&self, random: &mut Random) -> [u32; 2] {
        self.isn.map(|isn| isn.unwrap_or_else(|| random.word()))
    }
}

impl Default for Capture {
    fn default() -> Self {
        Self {
            seed: 0,
            start: 1_795_255_200_000_000_000,
            step: 1_000_000,
            reorder: 0,
            keep_times: false,
            duplicates: 0,
            noise: 0,
            lose: Vec::new(),
            snaplen: None,
            pad: false,
            format: Format::Pcap(Pcap::default()),
            gzip: false,
        }
    }
}

impl Ip {
    /// Whether it is a version 6.
    pub fn is_v6(self) -> bool {
        matches!(self, Self::V6 | Self::V6Extensions)
    }
}
