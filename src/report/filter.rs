//! Which sessions are reported.
//!
//! In: a session, and its number once that is known. Out: whether it is one of those asked for.
//! What cannot be known of a session (its time, its addresses) does not choose it.

use crate::dialog::session::{Reply, Request, Session};
use crate::rules::{Host, glob};
use crate::smtp::command::{Command, Verb, envelope};
use crate::time::{Lapse, Stamp};
use std::ops::RangeInclusive;

/// What is asked for; all of it must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Its number.
    pub numbers: Option<Numbers>,
    /// Its client.
    pub client: Option<Host>,
    /// Its server.
    pub server: Option<Host>,
    /// The sender of one of its messages.
    pub from: Option<Mailbox>,
    /// A recipient in it.
    pub rcpt: Option<Mailbox>,
    /// The code of one of its replies is one of these.
    pub codes: Vec<Codes>,
    /// It was not over before.
    pub since: Option<Since>,
    /// It began no later.
    pub until: Option<Until>,
}

/// Numbers of sessions: `3`, or a list with ranges such as `3,7-9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers(Vec<RangeInclusive<u64>>);

/// A glob over mailboxes, in lower case, without brackets: empty for `<>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox(String);

/// Codes of replies: `550`, `55x`, `5xx`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes(RangeInclusive<u16>);

/// The first moment of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since(Moment);

/// The last moment of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until(Moment);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    At(Stamp),
    /// On the day (UTC) on which a session began, so much after midnight.
    OfDay(Lapse),
}

/// Nanoseconds in a day.
const DAY: i64 = 86_400_000_000_000;

impl Filter {
    /// Whether any session will do.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.numbers.is_none() && self.asks_nothing()
    }

    /// Whether nothing but the number is asked for.
    fn asks_nothing(&self) -> bool {
        let Self { numbers: _, client, server, from, rcpt, codes, since, until } = self;
        client.is_none()
            && server.is_none()
            && from.is_none()
            && rcpt.is_none()
            && codes.is_empty()
            && since.is_none()
            && until.is_none()
    }

    /// Whether a session with this number may be one.
    #[must_use]
    pub fn has_number(&self, id: u64) -> bool {
        self.numbers.as_ref().is_none_or(|numbers| numbers.has(id))
    }

    /// Whether `session` is one, if its number is.
    #[must_use]
    pub fn takes(&self, session: &Session) -> bool {
        if self.asks_nothing() {
            return true;
        }
        self.client.as_ref().is_none_or(|host| host.is_client_of(session))
            && self.server.as_ref().is_none_or(|host| host.is_server_of(session))
            && self.since.is_none_or(|since| since.is_before_end_of(session))
            && self.until.is_none_or(|until| until.is_after_start_of(session))
            && (self.codes.is_empty() || replies(session).any(|reply| self.has_code(reply)))
            && self.from.as_ref().is_none_or(|one| one.is_in(session, Verb::Mail))
            && self.rcpt.as_ref().is_none_or(|one| one.is_in(session, Verb::Rcpt))
    }

    fn has_code(&self, reply: &Reply) -> bool {
        reply.code.is_some_and(|code| self.codes.iter().any(|codes| codes.0.contains(&code)))
    }
}

/// All replies of a session.
fn replies(session: &Session) -> impl Iterator<Item = &Reply> {
    let exchanges = session.exchanges.iter().filter_map(|exchange| exchange.reply.as_ref());
    let recipients = session.messages.iter().flat_map(|message| &message.recipients);
    let deliveries = recipients.filter_map(|one| one.delivery.as_deref());
    let unsolicited = session.unsolicited.iter().map(|one| &one.reply);
    session.greeting.iter().chain(exchanges).chain(deliveries).chain(unsolicited)
}

impl Numbers {
    /// Reads a list.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || String::from("not numbers of sessions; expected some as 3 or 3,7-9");
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| text.parse().ok().filter(|&number: &u64| number > 0);
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(first..=last)
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges.map(Self).ok_or_else(wrong)
    }

    /// The number, if it is only one.
    #[must_use]
    pub fn single(&self) -> Option<u64> {
        match self.0.as_slice() {
            [one] if one.start() == one.end() => Some(*one.start()),
            _ => None,
        }
    }

    fn has(&self, id: u64) -> bool {
        self.0.iter().any(|range| range.contains(&id))
    }
}

impl Mailbox {
    /// Reads a glob: `*@example.org`, `<>`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
        Self(inner.unwrap_or(text).to_ascii_lowercase())
    }

    fn is(&self, address: &[u8]) -> bool {
        glob(self.0.as_bytes(), &address.to_ascii_lowercase())
    }

    /// Whether it is in a MAIL or a RCPT of `session`.
    fn is_in(&self, session: &Session, verb: Verb) -> bool {
        let in_messages = session.messages.iter().any(|message| match verb {
            Verb::Mail => message.from.is_some_and(|from| self.is(session.bytes(from))),
            _ => message.recipients.iter().any(|one| self.is(session.bytes(one.address))),
        });
        // Those of no message were refused, or came out of order.
        in_messages
            || session.exchanges.iter().any(|exchange| {
                exchange.request == Request::Command(verb) && {
                    let command = Command::parse(session.bytes(exchange.line));
                    envelope(&command).is_some_and(|one| self.is(one.path.address))
                }
            })
    }
}

impl Codes {
    /// Reads a code, or a class of codes with `x` for its last digits.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(['x', 'X']);
        let wide = text.len() - digits.len();
        let number = digits.parse().ok().filter(|_| text.len() == 3 && wide <= 2);
        let width = match wide {
            0 => 1,
            1 => 10,
            _ => 100,
        };
        let codes = number.map(|number: u16| number * width..=number * width + width - 1);
        codes
            .filter(|codes| (100..=999).contains(codes.start()))
            .map(Self)
            .ok_or_else(|| String::from("not a code; expected one as 550, 55x or 5xx"))
    }
}

impl Since {
    /// Reads a time; a date is its first moment.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        moment(text).map(|(moment, _)| Self(moment))
    }

    fn is_before_end_of(self, session: &Session) -> bool {
        let Some(begun) = session.opening.at else { return false };
        session.last_at.unwrap_or(begun).max(begun) >= self.0.on_day_of(begun)
    }
}

impl Until {
    /// Reads a time; a date is its last moment.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(match moment(text)? {
            (Moment::At(stamp), true) => {
                Self(Moment::At(Stamp::from_nanos(stamp.nanos().saturating_add(DAY - 1))))
            }
            (moment, _) => Self(moment),
        })
    }

    fn is_after_start_of(self, session: &Session) -> bool {
        session.opening.at.is_some_and(|begun| begun <= self.0.on_day_of(begun))
    }
}

impl Moment {
    fn on_day_of(self, begun: Stamp) -> Stamp {
        match self {
            Self::At(stamp) => stamp,
            Self::OfDay(lapse) => {
                let midnight = begun.nanos().div_euclid(DAY).saturating_mul(DAY);
                Stamp::from_nanos(midnight.saturating_add(lapse.nanos()))
            }
        }
    }
}

/// The time that `text` says, and whether it says only a date.
fn moment(text: &str) -> Result<(Moment, bool), String> {
    let read = |text: &str| Stamp::parse_rfc3339(text).map(|(stamp, _)| stamp);
    // What names no zone is UTC.
    let in_zone = |date: &str, time: &str| {
        let names_zone = time.contains(['Z', 'z', '+', '-']);
        read(&format!("{date}T{time}{}", if names_zone { "" } else { "Z" }))
    };
    let is_date = |text: &str| text.len() == 10 && text.matches('-').count() == 2;
    let found = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) if is_date(date) => {
            in_zone(date, time).map(|stamp| (Moment::At(stamp), false))
        }
        None if is_date(text) => in_zone(text, "00:00:00").map(|stamp| (Moment::At(stamp), true)),
        None if text.contains(':') => in_zone("1970-01-01", text).map(|stamp| {
            let lapse = Lapse::from_nanos(stamp.nanos().rem_euclid(DAY));
            (Moment::OfDay(lapse), false)
        }),
        Some(_) | None => None,
    };
    found.ok_or_else(|| {
        String::from("not a time; expected one as 2026-11-21T10:00:00Z, 2026-11-21 or 10:00")
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ordinary, quiet};
    use super::*;

    fn takes(filter: &Filter) -> bool {
        filter.takes(&ordinary())
    }

    #[test]
    fn numbers_are_lists_of_ranges() {
        let numbers = Numbers::parse("3,7-9").unwrap();
        let had: Vec<u64> = (0..12).filter(|&id| numbers.has(id)).collect();
        assert_eq!((had, numbers.single()), (vec![3, 7, 8, 9], None));
        assert_eq!(Numbers::parse("3").unwrap().single(), Some(3));
        assert_eq!(Numbers::parse("3-3").unwrap().single(), Some(3));
        for wrong in ["", "0", "a", "3,", "9-7", "-3", "3-", "99999999999999999999", "1 2"] {
            assert!(Numbers::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn codes_are_codes_or_their_classes() {
        let codes = |text: &str| Codes::parse(text).unwrap().0;
        assert_eq!((codes("550"), codes("55x"), codes("5XX")), (550..=550, 550..=559, 500..=599));
        for wrong in ["", "5", "55", "xxx", "5x", "x50", "5x0", "5500", "099", "-50", "+50"] {
            assert!(Codes::parse(wrong).is_err(), "{wrong}");
        }
        let with = |text: &str| {
            takes(&Filter { codes: vec![Codes::parse(text).unwrap()], ..Filter::default() })
        };
        assert!(with("550") && with("220") && with("3xx") && !with("4xx") && !with("551"));
    }

    #[test]
    fn mailboxes_are_globs_in_any_case() {
        let from =
            |text: &str| takes(&Filter { from: Some(Mailbox::parse(text)), ..Filter::default() });
        assert!(from("a@b.example") && from("*@B.*") && from("<a@b.example>") && from("?@*"));
        assert!(!from("b.example") && !from("<>") && !from("c@d.example"));
        let rcpt =
            |text: &str| takes(&Filter { rcpt: Some(Mailbox::parse(text)), ..Filter::default() });
        assert!(rcpt("c@d.example") && rcpt("no@*") && !rcpt("a@*"));
    }

    #[test]
    fn times_choose_what_was_going_on() {
        // It lasted from 22:13:20.001 to 22:13:20.022 on 2023-11-14.
        let since = |text: &str| {
            takes(&Filter { since: Some(Since::parse(text).unwrap()), ..Filter::default() })
        };
        let until = |text: &str| {
            takes(&Filter { until: Some(Until::parse(text).unwrap()), ..Filter::default() })
        };
        for early in ["2023-11-14", "2023-11-14T22:13", "2023-11-14 22:13:20.01", "22:13:20.02Z"] {
            assert!(since(early), "{early}");
        }
        assert!(since("2023-11-14T23:13:20+01:00") && !since("2023-11-14T22:13:20-01:00"));
        assert!(!since("2023-11-15") && !since("22:14") && !since("22:13:20.023"));
        for late in ["2023-11-14", "2023-11-15T00:00:00Z", "22:13:20.001", "23:00"] {
            assert!(until(late), "{late}");
        }
        assert!(!until("2023-11-13") && !until("22:13:20") && !until("2023-11-14T22:13"));
        for wrong in ["", "yesterday", "10", "2023-13-01", "25:00", "2023-11-14T", "10:00 x"] {
            assert!(Since::parse(wrong).is_err() && Until::parse(wrong).is_err(), "{wrong}");
        }
        let mut timeless = quiet();
        timeless.opening.at = None;
        let filter = Filter { since: Since::parse("1970-01-01").ok(), ..Filter::default() };
        assert!(!filter.takes(&timeless));
    }

    #[test]
    fn all_must_hold() {
        let client = Host::parse("192.0.2.0/24");
        assert!(Filter::default().is_open() && takes(&Filter::default()));
        assert!(takes(&Filter { client: client.clone(), ..Filter::default() }));
        let server = Host::parse("192.0.2.3");
        let both = Filter { client, server, ..Filter::default() };
        assert!(!both.is_open() && !takes(&both));
    }
}
