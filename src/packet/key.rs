//! Which connection a segment belongs to, and in which direction.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A TCP connection's addresses and ports, the same for both directions: the lower end first.
///
/// Held as numbers, because it is compared and hashed for every segment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FlowKey {
    /// The address of the lower of the two ends, by address then port: its upper and lower half.
    low: [u64; 2],
    /// The address of the higher of the two ends.
    high: [u64; 2],
    /// Both ports, and whether an address is one of IPv6.
    tail: u64,
}

/// In `tail`, the shift of the lower end's port is 0.
const HIGH_PORT: u32 = 16;
const LOW_IS_V6: u64 = 1 << 32;
const HIGH_IS_V6: u64 = 1 << 33;

/// Which end of a [`FlowKey`] sent a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the lower end to the higher.
    Up,
    /// From the higher end to the lower.
    Down,
}

impl FlowKey {
    /// The key of a connection and the direction of a segment from `from` to `to`.
    #[must_use]
    pub fn new(from: (IpAddr, u16), to: (IpAddr, u16)) -> (Self, Way) {
        let (low, high, way) = if from <= to { (from, to, Way::Up) } else { (to, from, Way::Down) };
        let mut tail = u64::from(low.1) | u64::from(high.1) << HIGH_PORT;
        if low.0.is_ipv6() {
            tail |= LOW_IS_V6;
        }
        if high.0.is_ipv6() {
            tail |= HIGH_IS_V6;
        }
        (Self { low: halves(low.0), high: halves(high.0), tail }, way)
    }

    /// The same for two IPv4 addresses, given as numbers.
    #[inline]
    pub(super) fn v4(from: (u32, u16), to: (u32, u16)) -> (Self, Way) {
        // Ends as numbers, so that they are compared at once.
        let end = |(addr, port): (u32, u16)| u64::from(addr) << 16 | u64::from(port);
        let (from, to) = (end(from), end(to));
        let (low, high) = (from.min(to), from.max(to));
        let way = if from <= to { Way::Up } else { Way::Down };
        let tail = low & 0xffff | (high & 0xffff) << HIGH_PORT;
        (Self { low: [0, low >> 16], high: [0, high >> 16], tail }, way)
    }

    /// A number that depends on both ends, the same in every run: to tell connections apart
    /// evenly, not safely. Its upper bits are the best.
    #[inline]
    #[must_use]
    pub fn mix(&self) -> u64 {
        let fold = |[upper, lower]: [u64; 2]| upper.rotate_left(29) ^ lower;
        let low = (fold(self.low) ^ self.tail << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (low.rotate_left(23) ^ fold(self.high)).wrapping_mul(0xd6e8_feb8_6659_fd93)
    }

    /// The address and port that segments of direction `way` come from.
    #[must_use]
    pub fn sender(&self, way: Way) -> SocketAddr {
        let ([upper, lower], is_v6) = match way {
            Way::Up => (self.low, LOW_IS_V6),
            Way::Down => (self.high, HIGH_IS_V6),
        };
        let addr = if self.tail & is_v6 == 0 {
            // It was put there from as many bits.
            #[allow(clippy::cast_possible_truncation)]
            IpAddr::V4(Ipv4Addr::from_bits(lower as u32))
        } else {
            IpAddr::V6(Ipv6Addr::from_bits(u128::from(upper) << 64 | u128::from(lower)))
        };
        SocketAddr::new(addr, self.port(way))
    }

    /// The port that segments of direction `way` come from.
    #[must_use]
    pub fn port(&self, way: Way) -> u16 {
        // Above it are the other port and the flags.
        #[allow(clippy::cast_possible_truncation)]
        match way {
            Way::Up => self.tail as u16,
            Way::Down => (self.tail >> HIGH_PORT) as u16,
        }
    }
}

/// The upper and lower half of an address.
fn halves(addr: IpAddr) -> [u64; 2] {
    match addr {
        IpAddr::V4(addr) => [0, addr.to_bits().into()],
        IpAddr::V6(addr) => {
            let bits = addr.to_bits();
            // The lower half.
            #[allow(clippy::cast_possible_truncation)]
            [(bits >> 64) as u64, bits as u64]
        }
    }
}

impl Hash for FlowKey {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ([low_upper, low], [high_upper, high]) = (self.low, self.high);
        if self.tail & (LOW_IS_V6 | HIGH_IS_V6) == 0 {
            // At once: that is one step of the hasher.
            state.write_u128(u128::from(low << 32 | high) << 64 | u128::from(self.tail));
        } else {
            state.write_u128(u128::from(low_upper) << 64 | u128::from(low));
            state.write_u128(u128::from(high_upper) << 64 | u128::from(high));
            state.write_u64(self.tail);
        }
    }
}

impl fmt::Debug for FlowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} - {}", self.sender(Way::Up), self.sender(Way::Down))
    }
}

impl Way {
    /// The other direction.
    #[inline]
    #[must_use]
    pub fn back(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_for_both_directions() {
        let v4 = |last| IpAddr::from([192, 0, 2, last]);
        let v6 = |last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0xff, 0, 0, last]);
        let ends = [(v4(1), 40_000), (v4(2), 25), (v4(2), 26), (v6(1), 9), (v6(2), 7)];
        let mut keys = Vec::new();
        for (index, &from) in ends.iter().enumerate() {
            for &to in &ends[index + 1..] {
                let (key, way) = FlowKey::new(from, to);
                assert_eq!(FlowKey::new(to, from), (key, way.back()));
                assert_eq!(key.sender(way), SocketAddr::from(from));
                assert_eq!(key.sender(way.back()), SocketAddr::from(to));
                assert_eq!(way, Way::Up, "the ends are in order");
                keys.push(key);
            }
        }
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[index + 1..].contains(key), "{key:?}");
        }
    }

    #[test]
    fn numbers_give_the_same_key_as_addresses() {
        for (from, to) in [((1, 9), (2, 8)), ((2, 8), (1, 9)), ((7, 2), (7, 1))] {
            let end = |(addr, port)| (IpAddr::from(Ipv4Addr::from_bits(addr)), port);
            assert_eq!(FlowKey::v4(from, to), FlowKey::new(end(from), end(to)));
        }
    }

    #[test]
    fn a_mapped_address_is_another() {
        let v4 = Ipv4Addr::new(192, 0, 2, 1);
        let v6 = Ipv4Addr::new(192, 0, 2, 2).to_ipv6_mapped().into();
        let (one, _) = FlowKey::new((v4.into(), 1), (v6, 2));
        let (other, _) = FlowKey::new((v4.to_ipv6_mapped().into(), 1), (v6, 2));
        assert_ne!(one, other);
    }
}
