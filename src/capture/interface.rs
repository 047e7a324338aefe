//! What pcapng tells of an interface: its link type, its clock, its frame check sequences
//! (draft-ietf-opsawg-pcapng, Interface Description Block).
//!
//! In: the body of the block. Out: how to read the packets of that interface. The clock is read
//! here and not by the library, which does not know all of them.

use super::Order;
use crate::time::Stamp;
use pcap_parser::OptionCode;

/// An Interface Description Block.
pub(super) struct Interface {
    pub(super) link: u16,
    /// 0: not limited.
    pub(super) snaplen: u32,
    /// Bytes of frame check sequence at the end of each packet.
    pub(super) fcs: u8,
    pub(super) clock: Clock,
}

impl Interface {
    pub(super) fn read(order: Order, block: &[u8]) -> Option<Self> {
        const IF_FCSLEN: OptionCode = OptionCode(13);
        let (mut resolution, mut offset, mut fcs) = (6, 0, 0);
        let link = order.u16(block, 0)?;
        let snaplen = order.u32(block, 4)?;
        for (code, value) in Options(order, block.get(8..)?) {
            match (code, value) {
                (OptionCode::IfTsresol, [value, ..]) => resolution = *value,
                (OptionCode::IfTsoffset, value) => {
                    offset = value.first_chunk().map_or(offset, |bytes| match order {
                        Order::Little => i64::from_le_bytes(*bytes),
                        Order::Big => i64::from_be_bytes(*bytes),
                    });
                }
                // The draft says bits and gives 4 as the example; Wireshark takes bytes.
                (IF_FCSLEN, [bits @ (16 | 32 | 64), ..]) => fcs = bits / 8,
                (IF_FCSLEN, [bytes @ 0..=8, ..]) => fcs = *bytes,
                _ => {}
            }
        }
        Some(Self { link, snaplen, fcs, clock: Clock::new(resolution, offset) })
    }
}

/// How an interface counts time.
pub(super) struct Clock {
    tick: Tick,
    /// Seconds to add.
    offset: i64,
    /// Digits of the second's fraction.
    pub(super) digits: u8,
}

/// The length of a tick.
enum Tick {
    /// So many nanoseconds.
    Nanos(u64),
    /// This part of a nanosecond.
    Part(u64),
    /// A second divided by 2 so many times.
    Halves(u8),
}

impl Clock {
    /// From the options `if_tsresol` and `if_tsoffset`.
    fn new(resolution: u8, offset: i64) -> Self {
        let power = resolution & 0x7f;
        let (tick, digits) = if resolution & 0x80 != 0 {
            // Digits that tell the ticks of a second apart: ceil(power × log10 2).
            let digits = (u32::from(power) * 30103).div_ceil(100_000);
            (Tick::Halves(power), digits)
        } else {
            let tick = match 9_u8.checked_sub(power) {
                Some(zeros) => Tick::Nanos(10_u64.pow(u32::from(zeros))),
                None => Tick::Part(10_u64.checked_pow(u32::from(power - 9)).unwrap_or(u64::MAX)),
            };
            (tick, u32::from(power))
        };
        Self { tick, offset, digits: u8::try_from(digits.min(9)).unwrap_or(9) }
    }

    /// The time at `ticks`; `None` if it is out of all reason.
    #[inline]
    pub(super) fn stamp(&self, ticks: u64) -> Option<Stamp> {
        const SECOND: i128 = 1_000_000_000;
        let nanos = match self.tick {
            Tick::Nanos(nanos) => i128::from(ticks) * i128::from(nanos),
            Tick::Part(part) => i128::from(ticks / part),
            Tick::Halves(power) => (i128::from(ticks) * SECOND) >> power,
        };
        Stamp::from_wide(nanos + i128::from(self.offset) * SECOND)
    }
}

/// The bytes of frame check sequence that a packet's flags tell, if they do.
#[cold]
pub(super) fn fcs_of_packet(order: Order, options: &[u8]) -> Option<u8> {
    const EPB_FLAGS: OptionCode = OptionCode(2);
    let (_, flags) = Options(order, options).find(|(code, _)| *code == EPB_FLAGS)?;
    let length = order.u32(flags, 0)? >> 5 & 0xf;
    u8::try_from(length).ok().filter(|&length| length > 0)
}

/// The options of a block, or the records of a Name Resolution Block, up to their end or the
/// first that does not fit.
pub(super) struct Options<'a>(pub(super) Order, pub(super) &'a [u8]);

impl<'a> Iterator for Options<'a> {
    type Item = (OptionCode, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let order = self.0;
        let code = OptionCode(order.u16(self.1, 0)?);
        let length = usize::from(order.u16(self.1, 2)?);
        let value = self.1.get(4..)?.get(..length)?;
        self.1 = self.1.get(4 + padded(length)..).unwrap_or_default();
        (code != OptionCode::EndOfOpt).then_some((code, value))
    }
}

/// `length` rounded up to the 32 bits that blocks, packets and options are padded to.
#[inline]
pub(super) fn padded(length: usize) -> usize {
    length.saturating_add(3) & !3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(order: Order, code: u8, value: &[u8]) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        let mut option = match order {
            Order::Little => vec![code, 0, length, 0],
            Order::Big => vec![0, code, 0, length],
        };
        option.extend_from_slice(value);
        option.resize(4 + padded(value.len()), 0);
        option
    }

    fn interface(order: Order, options: &[Vec<u8>]) -> Interface {
        let block = [&[0; 8][..], &options.concat()].concat();
        Interface::read(order, &block).unwrap()
    }

    #[test]
    fn clocks_of_all_kinds() {
        // Resolution, ticks: nanoseconds and digits.
        let clocks = [
            (0, 5, 5_000_000_000, 0),
            (3, 5, 5_000_000, 3),
            (6, 1_700_000_000_000_001, 1_700_000_000_000_001_000, 6),
            (9, 5, 5, 9),
            (12, 5_999, 5, 9),
            (0x7f, 5, 0, 9),
            (0x80, 5, 5_000_000_000, 0),
            (0x94, 1 << 19, 500_000_000, 7),
            (0x8a, 1, 976_562, 4),
            (0xff, 1, 0, 9),
        ];
        for (resolution, ticks, nanos, digits) in clocks {
            let order = if resolution < 9 { Order::Big } else { Order::Little };
            let clock = interface(order, &[option(order, 9, &[resolution])]).clock;
            let at = clock.stamp(ticks).map(Stamp::nanos);
            assert_eq!((at, clock.digits), (Some(nanos), digits), "{resolution:#x}");
        }
    }

    #[test]
    fn the_offset_of_a_clock_has_the_byte_order_of_its_section() {
        for (order, offset, hours) in [
            (Order::Little, 3600_i64.to_le_bytes(), 3),
            (Order::Big, 3600_i64.to_be_bytes(), 3),
            (Order::Big, (-3600_i64).to_be_bytes(), 1),
        ] {
            let name = option(order, 2, b"eth0");
            let clock = interface(order, &[name, option(order, 14, &offset)]).clock;
            let at = clock.stamp(7_200_000_000).map(Stamp::nanos);
            assert_eq!(at, Some(hours * 3_600_000_000_000));
            // What comes after the end of the options is none.
            let (end, offset) = (option(order, 0, &[]), option(order, 14, &offset));
            let clock = interface(order, &[end, offset]).clock;
            assert_eq!(clock.stamp(7).map(Stamp::nanos), Some(7_000));
        }
    }

    #[test]
    fn a_time_out_of_all_reason_is_none() {
        let offset = i64::MAX.to_le_bytes();
        let clock = interface(Order::Little, &[option(Order::Little, 14, &offset)]).clock;
        assert_eq!(clock.stamp(0), None);
        assert_eq!(Clock::new(0, i64::MIN).stamp(u64::MAX), None);
        assert_eq!(Clock::new(9, 0).stamp(u64::MAX), None);
    }

    #[test]
    fn options_that_do_not_fit_end_the_options() {
        let mut options = option(Order::Little, 9, &[3]);
        options.extend(option(Order::Little, 14, &[1; 8]));
        for length in 0..options.len() {
            let clock = interface(Order::Little, &[options[..length].to_vec()]).clock;
            assert_eq!(clock.digits, if length < 5 { 6 } else { 3 }, "{length}");
        }
    }
}
