//! A TCP connection as a real stack would show it: addresses, sequence numbers, options; and
//! what the network does to its segments.

use crate::random::Random;
use crate::wire::Wire;
use std::io;

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Client,
    Server,
}

impl End {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

pub(crate) const FIN: u8 = 0x01;
pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;
pub(crate) const PSH: u8 = 0x08;
pub(crate) const ACK: u8 = 0x10;

/// What the network and the capture host did.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) percent: f64,
    pub(crate) no_loss: bool,
    pub(crate) retransmitted: u64,
    pub(crate) late: u64,
    pub(crate) reordered: u64,
    pub(crate) lost: u64,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) host: u32,
    pub(crate) port: u16,
    /// Next sequence number.
    seq: u32,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Conn {
    client: Peer,
    server: Peer,
    is_v6: bool,
    held: Option<Box<Held>>,
}

/// A frame that comes later than it should.
#[derive(Debug)]
struct Held {
    frame: Vec<u8>,
    /// Its sequence number, if the receiver has not got it either.
    missing: Option<(End, u32)>,
    /// Segments with data before it comes.
    after: u64,
}

impl Conn {
    pub(crate) fn new(
        client: (u32, u16),
        server: (u32, u16),
        is_v6: bool,
        random: &mut Random,
    ) -> Self {
        let mut peer = |(host, port)| Peer { host, port, seq: random.next() as u32 };
        Self { client: peer(client), server: peer(server), is_v6, held: None }
    }

    /// Bytes of a full segment: an Ethernet frame with the time stamp option.
    pub(crate) fn mss(&self) -> usize {
        if self.is_v6 { 1428 } else { 1448 }
    }

    pub(crate) fn client_host(&self) -> u32 {
        self.client.host
    }

    /// A segment without data.
    pub(crate) fn bare(&mut self, wire: &mut Wire, from: End, flags: u8) -> io::Result<()> {
        let (begun, buffer) = wire.begin();
        self.frame(buffer, from, flags, |_| {});
        wire.end(begun)
    }

    /// A segment with the data that `fill` appends; something may happen to it.
    pub(crate) fn data(
        &mut self,
        wire: &mut Wire,
        from: End,
        (faults, random): (&mut Faults, &mut Random),
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        let seq = self.peer(from).seq;
        let (begun, buffer) = wire.begin();
        self.frame(buffer, from, PSH | ACK, fill);
        if let Some(held) = &mut self.held {
            held.after -= 1;
            let is_due = held.after == 0;
            wire.end(begun)?;
            return if is_due { self.release(wire) } else { Ok(()) };
        }
        if !random.percent(faults.percent) {
            return wire.end(begun);
        }
        match random.below(if faults.no_loss { 98 } else { 100 }) {
            0..40 => {
                let frame = wire.frame(begun).to_vec();
                faults.retransmitted += 1;
                let after = 1 + random.below(6);
                self.held = Some(Box::new(Held { frame, missing: None, after }));
                wire.end(begun)
            }
            40..70 => {
                faults.late += 1;
                let (frame, after) = (wire.withdraw(begun), 4 + random.below(8));
                self.held = Some(Box::new(Held { frame, missing: Some((from, seq)), after }));
                Ok(())
            }
            70..98 => {
                faults.reordered += 1;
                let (frame, after) = (wire.withdraw(begun), 1 + random.below(2));
                self.held = Some(Box::new(Held { frame, missing: None, after }));
                Ok(())
            }
            _ => {
                faults.lost += 1;
                wire.withdraw(begun);
                Ok(())
            }
        }
    }

    /// The receiver waits for a segment and repeats its acknowledgement.
    pub(crate) fn is_missing_data(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.missing.is_some())
    }

    /// Brings what was held back.
    pub(crate) fn release(&mut self, wire: &mut Wire) -> io::Result<()> {
        match self.held.take() {
            Some(held) => wire.put(&held.frame),
            None => Ok(()),
        }
    }

    fn peer(&self, end: End) -> Peer {
        match end {
            End::Client => self.client,
            End::Server => self.server,
        }
    }

    fn frame(
        &mut self,
        buffer: &mut Vec<u8>,
        from: End,
        flags: u8,
        fill: impl FnOnce(&mut Vec<u8>),
    ) {
        let (own, other) = (self.peer(from), self.peer(from.other()));
        let missing = self.held.as_ref().and_then(|held| held.missing);
        let ack = match missing {
            Some((end, seq)) if end != from => seq,
            _ => other.seq,
        };
        let ip = ethernet_ip(buffer, self.is_v6, (own.host, other.host), 6, from);
        let options: &[u8] = match flags {
            // MSS, SACK permitted, time stamps, window scale 7.
            f if f & SYN != 0 => &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 1, 2, 3, 0, 0, 0, 0, 1, 3, 3, 7],
            f if f & RST != 0 => &[],
            _ => &[1, 1, 8, 10, 0, 1, 2, 3, 0, 1, 2, 3],
        };
        let ports = (u32::from(own.port) << 16) | u32::from(other.port);
        let words = [ports, own.seq, if flags & ACK == 0 { 0 } else { ack }];
        buffer.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        let window: u16 = match flags {
            f if f & SYN != 0 => 64_240,
            f if f & RST != 0 => 0,
            _ => 502,
        };
        let [high, low] = window.to_be_bytes();
        let offset = ((20 + options.len() as u8) / 4) << 4;
        buffer.extend_from_slice(&[offset, flags, high, low, 0, 0, 0, 0]);
        buffer.extend_from_slice(options);
        let start = buffer.len();
        fill(buffer);
        let mut used = (buffer.len() - start) as u32;
        used += u32::from(flags & (SYN | FIN) != 0);
        let peer = if from == End::Client { &mut self.client } else { &mut self.server };
        peer.seq = peer.seq.wrapping_add(used);
        set_length(buffer, ip, self.is_v6);
    }
}

/// A UDP datagram of IPv4.
pub(crate) fn datagram(
    wire: &mut Wire,
    from: (u32, u16),
    to: (u32, u16),
    data: &[u8],
) -> io::Result<()> {
    let (begun, buffer) = wire.begin();
    let ip = ethernet_ip(buffer, false, (from.0, to.0), 17, End::Client);
    let length = 8 + data.len() as u16;
    for field in [from.1, to.1, length, 0] {
        buffer.extend_from_slice(&field.to_be_bytes());
    }
    buffer.extend_from_slice(data);
    set_length(buffer, ip, false);
    wire.end(begun)
}

/// Headers of Ethernet and IP, without the length. Returns where the IP header begins.
fn ethernet_ip(
    buffer: &mut Vec<u8>,
    is_v6: bool,
    (source, target): (u32, u32),
    protocol: u8,
    from: End,
) -> usize {
    let macs = match from {
        End::Client => [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1],
        End::Server => [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2],
    };
    buffer.extend_from_slice(&macs);
    buffer.extend_from_slice(if is_v6 { &[0x86, 0xdd] } else { &[8, 0] });
    let ip = buffer.len();
    if is_v6 {
        buffer.extend_from_slice(&[0x60, 0, 0, 0, 0, 0, protocol, 64]);
        for host in [source, target] {
            buffer.extend_from_slice(&[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0]);
            buffer.extend_from_slice(&host.to_be_bytes());
        }
    } else {
        buffer.extend_from_slice(&[0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, protocol, 0, 0]);
        buffer.extend_from_slice(&source.to_be_bytes());
        buffer.extend_from_slice(&target.to_be_bytes());
    }
    ip
}

fn set_length(buffer: &mut [u8], ip: usize, is_v6: bool) {
    let (place, header) = if is_v6 { (ip + 4, 40) } else { (ip + 2, 0) };
    let length = (buffer.len() - ip - header) as u16;
    buffer[place..place + 2].copy_from_slice(&length.to_be_bytes());
}
