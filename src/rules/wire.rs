//! What rules about TCP share: counts and stalls of a session, and words for them.

use super::case::Case;
use super::count;
use crate::chunk::{Cause, Odd, Side, Stall, Times};
use crate::dialog::session::{Mark, Request};
use crate::smtp::command::Verb;
use crate::time::Lapse;
use crate::timing::DAY;

/// A window closed for so long, or longer, is a stall of its own.
const CLOSED: Lapse = Lapse::from_nanos(10_000_000_000);

/// Time-outs of the same segment that take so long, or longer, are.
const REPEATED: Lapse = Lapse::from_nanos(2_000_000_000);

/// Both sides.
pub(super) const SIDES: [Side; 2] = [Side::Client, Side::Server];

impl<'s> Case<'s> {
    /// What was odd about the segments of `side`.
    pub(super) fn odd(self, side: Side) -> Option<&'s Odd> {
        self.session.transport.as_ref()?.odd.of(side).as_deref()
    }

    /// The stalls of this kind with their lengths.
    pub(super) fn stalls(self, cause: Cause) -> impl Iterator<Item = (&'s Stall, Lapse)> {
        let all = self.session.transport.as_ref().map(|one| one.stalls.as_slice());
        let end = self.end();
        let stalls = all.unwrap_or_default().iter().filter(move |one| one.cause == cause);
        let stalls = stalls.filter_map(move |one| Some((one, one.lapse(end)?)));
        stalls.filter(|(_, lapse)| *lapse < DAY)
    }

    /// Whether the dialog is there from its greeting on, although the connection's handshake may not
    /// be: a 220 alone may be that of STARTTLS.
    pub(super) fn begins_with_greeting(self) -> bool {
        let first = self.session.exchanges.first().map(|one| one.request);
        let is_hello =
            matches!(first, Some(Request::Command(Verb::Ehlo | Verb::Helo | Verb::Lhlo)));
        self.session.greeting.is_some() && is_hello
    }

    /// The end of what was recorded of the session, or when it was closed.
    pub(super) fn end(self) -> Mark {
        let session = self.session;
        let closed = session.closing.as_ref().and_then(|one| *one.sides.of(one.first));
        let last = Mark { at: session.last_at, ..Mark::default() };
        closed.map_or(last, |closed| closed.mark)
    }

    /// Closed windows that are stalls.
    pub(super) fn closed_windows(self) -> impl Iterator<Item = (&'s Stall, Lapse)> {
        self.stalls(Cause::ZeroWindow).filter(|(_, lapse)| *lapse >= CLOSED)
    }

    /// Repeated time-outs that are stalls.
    pub(super) fn repeated_timeouts(self) -> impl Iterator<Item = (&'s Stall, Lapse)> {
        let stalls = self.stalls(Cause::Timeout);
        stalls.filter(|(stall, lapse)| stall.times > 1 && *lapse >= REPEATED)
    }

    /// The side to which that happened first.
    pub(super) fn first_of(self, what: impl Fn(&Odd) -> Times) -> Side {
        let first = |side| self.odd(side).map(&what).filter(|times| times.any());
        let place = |side| first(side).map(|times| times.first.place);
        match (place(Side::Client), place(Side::Server)) {
            (Some(client), Some(server)) if server < client => Side::Server,
            (None, Some(_)) => Side::Server,
            _ => Side::Client,
        }
    }

    /// What happened to segments of both sides, `the client 2, the server 1`, how often in all, and
    /// where first.
    pub(super) fn tell(self, what: impl Fn(&Odd) -> Times) -> Option<(String, u64, Mark)> {
        let (mut said, mut all, mut first) = (Vec::new(), 0, None::<Mark>);
        for side in SIDES {
            let Some(times) = self.odd(side).map(&what).filter(|times| times.any()) else {
                continue;
            };
            said.push(format!("the {} {}", side.name(), times.times));
            all += times.times;
            if first.is_none_or(|first| times.first.place < first.place) {
                first = Some(times.first);
            }
        }
        first.map(|first| (said.join(", "), all, first))
    }
}

/// A time for a message: `250 ms`, `4.2 s`, `3 min 20 s`.
pub(super) fn lasting(lapse: Lapse) -> String {
    let millis = lapse.nanos() / 1_000_000;
    match millis {
        ..1 => "less than 1 ms".to_owned(),
        1..1000 => format!("{millis} ms"),
        1000..60_000 => {
            let (seconds, tenths) = (millis / 1000, millis / 100 % 10);
            if tenths == 0 { format!("{seconds} s") } else { format!("{seconds}.{tenths} s") }
        }
        _ => {
            let (minutes, seconds) = (millis / 60_000, millis / 1000 % 60);
            if seconds == 0 {
                format!("{minutes} min")
            } else {
                format!("{minutes} min {seconds} s")
            }
        }
    }
}

/// How often: `once`, `3 times`.
pub(super) fn often(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { count(times, "time") }
}

/// The longest of `stalls`, and the sum of all.
pub(super) fn longest<'s>(
    stalls: impl Iterator<Item = (&'s Stall, Lapse)>,
) -> Option<(&'s Stall, Lapse, u64, Lapse)> {
    let (mut longest, mut times, mut sum) = (None::<(&Stall, Lapse)>, 0, 0_i64);
    for (stall, lapse) in stalls {
        times += 1;
        sum = sum.saturating_add(lapse.nanos());
        if longest.is_none_or(|(_, before)| lapse > before) {
            longest = Some((stall, lapse));
        }
    }
    longest.map(|(stall, lapse)| (stall, lapse, times, Lapse::from_nanos(sum)))
}
