//! Asks the rules about an input as a whole.

use super::across::Across;
use super::choice::Choice;
use super::finding::{Finding, Hit, On};
use super::need::Need;
use super::{Check, Rule, all};
use crate::chunk::{End, Medium, Side};
use crate::dialog::session::{Mark, Session};
use crate::place::Place;
use crate::recording::{Clock, Lines, OneSided, Traffic};
use crate::trouble::{Count, Trouble, Troubles};

/// An input, once it is read.
#[derive(Clone, Copy, Debug)]
pub struct Recording<'a> {
    /// `pcap`, `pcapng` or `transcript`; `None` if it could not be read.
    pub kind: Option<&'a str>,
    /// It could not be read, and is a text.
    pub is_text: bool,
    /// How a transcript was read.
    pub dialect: Option<&'a str>,
    /// The dialects that there are.
    pub dialects: &'a [&'a str],
    /// Packets in it.
    pub packets: u64,
    /// Sessions that begin in it.
    pub sessions: u64,
    /// A capture with sessions was read before it: they may go on here.
    pub goes_on: bool,
    /// What is wrong with it.
    pub troubles: &'a Troubles,
    /// Whether its time stamps go on from packet to packet.
    pub clock: Clock,
    /// What its first packets are.
    pub traffic: &'a Traffic,
    /// What the lines of a transcript are.
    pub lines: Lines,
    /// Sessions of which only one side is in it.
    pub one_sided: OneSided,
    /// What several sessions of it show together.
    pub across: &'a Across,
}

impl Recording<'_> {
    /// Whether it is a capture.
    #[must_use]
    pub fn is_capture(&self) -> bool {
        matches!(self.kind, Some("pcap" | "pcapng"))
    }

    /// Whether it is a transcript.
    #[must_use]
    pub fn is_transcript(&self) -> bool {
        self.kind == Some("transcript")
    }

    /// How often `trouble` was met and where first, if it was.
    #[must_use]
    pub fn trouble(&self, trouble: Trouble) -> Option<Count> {
        self.troubles.iter().find(|&(one, _)| one == trouble).map(|(_, count)| count)
    }
}

impl Hit {
    /// About the frame or line with this number in the input; 0 is the input as a whole.
    #[must_use]
    pub fn first_at(self, number: u64) -> Self {
        self.on(On::Moment(Mark { at: None, place: Place::new(number) }))
    }
}

/// A number of things: `1 line`, `2 lines`.
#[must_use]
pub fn count(times: u64, noun: &str) -> String {
    let end = if times == 1 { "" } else { "s" };
    format!("{times} {noun}{end}")
}

/// Judges an input as a whole by the rules of `choice`.
#[must_use]
pub fn input(recording: &Recording<'_>, choice: &Choice) -> Vec<Finding> {
    let rules = choice.rules().iter().filter_map(|place| all().get(place).copied());
    let found = rules.filter_map(|rule| {
        let Check::Input(check) = rule.check else { return None };
        let is_met = recording.is_capture() || !rule.needs.contains(&Need::Packets);
        let hit = if is_met { check(recording) } else { None };
        hit.map(|hit| finding(rule, hit))
    });
    found.filter(|finding| choice.takes(None, finding)).collect()
}

fn finding(rule: &'static Rule, hit: Hit) -> Finding {
    Finding {
        rule,
        confidence: hit.confidence,
        party: hit.party.unwrap_or(rule.party),
        message: hit.message,
        mark: if let On::Moment(mark) = hit.on { mark } else { Mark::default() },
        exchange: None,
        is_reply: false,
        order: 0,
        evidence: Vec::new(),
        range: None,
        expected: "",
        violates_abnf: false,
    }
}

/// The side of `session` that alone is in the input, if that is certain.
#[must_use]
pub fn one_sided(session: &Session) -> Option<Side> {
    let alone = |side: Side| match (&session.transport, session.opening.medium) {
        // What the other side sent was acknowledged, so it was sent.
        (Some(transport), _) => {
            let (bytes, missing) = (&transport.bytes, &transport.missing_bytes);
            *bytes.of(side) > 0 && *bytes.of(side.other()) == 0 && *missing.of(side.other()) > 0
        }
        (None, Medium::Script) => side == Side::Client,
        (None, _) if matches!(session.end, End::NoAnswer | End::Refused) => false,
        (None, _) => match side {
            Side::Client => {
                let is_answered = session.exchanges.iter().any(|one| one.reply.is_some());
                let has_replies = session.greeting.is_some() || !session.unsolicited.is_empty();
                !is_answered && !has_replies && session.exchanges.len() > 1
            }
            // A server may greet, refuse and close unasked, but not agree.
            Side::Server => {
                let agrees =
                    |code: Option<u16>| code.is_some_and(|code| (250..400).contains(&code));
                let is_answer = session.unsolicited.iter().any(|one| agrees(one.reply.code));
                session.exchanges.is_empty() && session.elided_exchanges == 0 && is_answer
            }
        },
    };
    [Side::Client, Side::Server].into_iter().find(|&side| alone(side))
}
