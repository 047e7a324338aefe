//! The least that a reader of captures must do: pcap-parser's own reader and etherparse on every
//! packet, counting what has TCP port 25. What is above it is the price of the analysis.

// A tool for developers: it is given no hostile input, prints, and may fail loudly.
#![allow(clippy::print_stdout)]

use etherparse::{LaxSlicedPacket, TransportSlice};
use pcap_parser::{PcapBlockOwned, PcapError, create_reader};
use std::error::Error;
use std::fs::File;

/// Bytes of the reader's buffer.
const BUFFER: usize = 1 << 18;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: bare FILE")?;
    let mut reader = create_reader(BUFFER, File::open(path)?).map_err(|error| error.to_string())?;
    let (mut packets, mut found, mut payload) = (0_u64, 0_u64, 0_u64);
    loop {
        match reader.next() {
            Ok((used, block)) => {
                let data = match &block {
                    PcapBlockOwned::Legacy(packet) => Some(packet.data),
                    PcapBlockOwned::NG(pcap_parser::Block::EnhancedPacket(packet)) => {
                        Some(packet.data)
                    }
                    _ => None,
                };
                if let Some(data) = data {
                    packets += 1;
                    if let Some(length) = smtp_payload(data) {
                        found += 1;
                        payload += length as u64;
                    }
                }
                reader.consume(used);
            }
            Err(PcapError::Eof) => break,
            Err(PcapError::Incomplete(_)) => {
                reader.refill().map_err(|error| error.to_string())?;
            }
            Err(error) => return Err(error.to_string().into()),
        }
    }
    println!("{packets} packets, {found} of TCP port 25 with {payload} bytes");
    Ok(())
}

fn smtp_payload(frame: &[u8]) -> Option<usize> {
    let packet = LaxSlicedPacket::from_ethernet(frame).ok()?;
    match packet.transport? {
        TransportSlice::Tcp(tcp) if tcp.source_port() == 25 || tcp.destination_port() == 25 => {
            Some(tcp.payload().len())
        }
        _ => None,
    }
}
