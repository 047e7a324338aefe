//! What happened in a session, in a sentence.
//!
//! In: a session. Out: clauses in the order of what they tell, from what is known and nothing
//! else: who turned whom away, what became of the mail, who waited for whom, what is missing,
//! how it ended. No word of a peer is in it.

use super::human::{count, lapse, number, push_lapse};
use crate::chunk::{End, Ending, Medium, Side};
use crate::dialog::session::{
    AuthOutcome, Exchange, Message, Outcome, Parting, Protocol, Recipient, Request, Session,
};
use crate::smtp::command::Verb;
use crate::time::Lapse;
use crate::timing::{Phase, Stall, Who};

/// A wait that is worth a word, in nanoseconds: no person and hardly a program waits so long for
/// nothing.
const LONG: i64 = 10_000_000_000;

/// The clauses that most stories have.
const TAKEN: &str = "the server took the message";
const QUIT: &str = "the session ended with QUIT";

/// Whether the story of `session` may tell of a stall. Nearly all sessions have none that is so
/// long.
pub(super) fn needs_stalls(session: &Session) -> bool {
    session.timing.longest.is_some_and(|longest| longest.nanos() >= LONG)
}

/// Appends the story of `session`, which has these `stalls` if it [needs](needs_stalls) them.
pub(super) fn tell(out: &mut String, session: &Session, stalls: &[Stall]) {
    tell_of(out, session, stalls, is_calm(session));
}

/// The same of a session that is known to be [calm](is_calm), or not.
pub(super) fn tell_of(out: &mut String, session: &Session, stalls: &[Stall], is_calm: bool) {
    let from = out.len();
    let mut story = Story { out, from, session, stalls };
    if is_calm && is_usual(session) {
        story.out.push_str("The server took the message");
        story.waits(None);
        return story.out.push_str("; the session ended with QUIT.");
    }
    story.all();
    // Every story tells something.
    let Story { out, .. } = story;
    if out.len() == from {
        out.push_str("Nothing of the dialog is in the recording");
    }
    out.push('.');
}

/// The story of `session`, if it is the one that most have.
pub(super) fn usual(session: &Session, is_calm: bool) -> Option<&'static str> {
    (is_calm && !needs_stalls(session) && is_usual(session))
        .then_some("The server took the message; the session ended with QUIT.")
}

/// Whether no command was refused, and no reply took [long](is_long).
fn is_calm(session: &Session) -> bool {
    session.exchanges.iter().all(|one| {
        !one.reply.as_ref().is_some_and(|reply| is_error(reply.code)) && !is_long(one.latency())
    })
}

/// Whether it was so long that a word is worth it.
#[inline]
pub(super) fn is_long(wait: Option<Lapse>) -> bool {
    wait.is_some_and(|wait| wait.nanos() >= LONG)
}

/// Whether the story of `session`, which is [calm](is_calm), tells of nothing but waits, mail that
/// was taken for all, and QUIT. Of some of these sessions it does not say so.
fn is_usual(session: &Session) -> bool {
    let [message] = &*session.messages else { return false };
    let is_usual = session.end == End::Quit
        && session.ending != Ending::Evicted
        && session.elided_messages == 0
        && session.gaps.is_empty()
        && session.tls.is_none()
        && session.auth.is_none()
        && session.transport.as_ref().is_none_or(|transport| !transport.midstream)
        && !is_long(session.timing.greeting)
        && message.outcome == Outcome::Accepted
        && message.elided_recipients == 0;
    let is_left = || {
        let parting = session.closing.as_ref().and_then(|closing| closing.sides.client);
        parting.is_some_and(|parting| parting.open)
    };
    let is_taken = |one: &Recipient| is_success(one.code) && one.delivery.is_none();
    is_usual
        && !is_left()
        && message.recipients.iter().all(is_taken)
        && session.greeting.is_none_or(|reply| !is_error(reply.code))
}

/// The story as far as it is told.
struct Story<'a> {
    out: &'a mut String,
    from: usize,
    session: &'a Session,
    stalls: &'a [Stall],
}

/// A wait for a reply, and for which.
#[derive(Clone, Copy)]
struct Wait {
    exchange: usize,
    lapse: Lapse,
}

impl Story<'_> {
    fn all(&mut self) {
        match self.session.end {
            End::Refused => return self.clause("the server refused the connection"),
            End::NoAnswer => {
                return self.clause("the server did not answer the connection attempt");
            }
            _ => {}
        }
        self.beginning();
        self.security();
        let told = self.mail();
        self.refusals();
        self.waits(told);
        self.missing();
        self.ending();
    }

    /// Adds a clause of our own words; more of it may be put behind it.
    fn clause(&mut self, text: &str) {
        if self.out.len() > self.from {
            self.out.push_str("; ");
            self.out.push_str(text);
            return;
        }
        self.out.push_str(text);
        // The first letter is ASCII, as all of them are.
        if let Some(first) = self.out.get_mut(self.from..=self.from) {
            first.make_ascii_uppercase();
        }
    }

    /// How it began.
    fn beginning(&mut self) {
        let session = self.session;
        if session.transport.as_ref().is_some_and(|transport| transport.midstream) {
            self.clause("the recording begins inside the session");
        }
        match (session.greeting.and_then(|reply| reply.code), session.timing.greeting) {
            (Some(code @ 400..=599), _) => {
                self.clause(&format!("the server turned the client away with {code}"));
            }
            (Some(_), Some(delay)) if delay.nanos() >= LONG => {
                self.clause(&format!("the server greeted after {}", lapse(delay)));
            }
            _ => {}
        }
    }

    /// TLS and AUTH.
    fn security(&mut self) {
        let session = self.session;
        if let Some(tls) = &session.tls {
            let how = if tls.implicit { "from its first byte" } else { "after STARTTLS" };
            // What was said inside TLS was not read.
            let end = match tls.facts.completed() {
                Some(false) => ", but the handshake was not finished",
                _ => " and cannot be read there",
            };
            self.clause(&format!("the session was in TLS {how}{end}"));
        }
        match session.auth.as_ref().map(|auth| (auth.outcome, auth.failed)) {
            Some((AuthOutcome::Accepted, 0)) => self.clause("the client was authenticated"),
            Some((AuthOutcome::Accepted, failed)) => {
                let failed = count(failed.into(), "refusal");
                self.clause(&format!("the client was authenticated after {failed}"));
            }
            Some((AuthOutcome::Rejected, 0 | 1)) => self.clause("authentication was refused"),
            Some((AuthOutcome::Rejected, failed)) => {
                self.clause(&format!("authentication was refused {} times", number(failed.into())));
            }
            Some((AuthOutcome::Aborted, _)) => self.clause("the client gave authentication up"),
            Some((AuthOutcome::Unknown, _)) => self.clause("how authentication ended is not seen"),
            None => {}
        }
    }

    /// What became of the mail. Returns the wait of which that told.
    fn mail(&mut self) -> Option<usize> {
        let session = self.session;
        match session.messages.len() {
            0 => {
                self.no_mail();
                None
            }
            1 if session.elided_messages == 0 => {
                session.messages.iter().next().and_then(|message| self.message(message))
            }
            _ => {
                self.messages();
                None
            }
        }
    }

    /// Commands that were refused, as far as nothing else tells of them.
    fn refusals(&mut self) {
        let session = self.session;
        // Its own clause says why.
        if session.messages.iter().any(|message| message.outcome == Outcome::Rejected) {
            return;
        }
        let is_other = |one: &&Exchange| match one.request {
            Request::AuthLine | Request::Command(Verb::Auth) => false,
            Request::Command(Verb::Rcpt) => one.message.is_none(),
            _ => true,
        };
        let others = session.exchanges.iter().filter(is_other);
        let refused =
            others.filter(|one| one.reply.is_some_and(|reply| is_error(reply.code))).count();
        match refused {
            0 => {}
            1 => self.clause("1 command was refused"),
            _ => self.clause(&format!("{} commands were refused", number(refused as u64))),
        }
    }

    /// Whether it was not read to its end.
    fn is_given_up(&self) -> bool {
        self.session.ending == Ending::Evicted
    }

    /// Whether the client said QUIT.
    fn has_quit(&self) -> bool {
        let mut exchanges = self.session.exchanges.iter();
        exchanges.any(|one| one.request == Request::Command(Verb::Quit))
    }

    /// Whether bytes are missing that could tell more.
    fn has_gaps(&self) -> bool {
        !self.session.gaps.is_empty() || !self.session.resyncs.is_empty()
    }

    /// Nobody saw a MAIL.
    fn no_mail(&mut self) {
        let session = self.session;
        let is_whole = session.tls.is_none()
            && session.gaps.is_empty()
            && session.elided_exchanges == 0
            && session.transport.as_ref().is_none_or(|transport| !transport.midstream);
        if !is_whole || self.out.len() > self.from {
            return;
        }
        let is_over =
            !matches!(session.end, End::CaptureEnd | End::TranscriptEnd) && !self.is_given_up();
        match session.exchanges.is_empty() {
            false if is_over => self.clause("the client sent no mail"),
            false => self.clause("no mail was sent so far"),
            true if session.greeting.is_some() => {
                self.clause("the client said nothing after the greeting");
            }
            true if session.opening.medium == Medium::Packets => {
                self.clause("no side said anything");
            }
            true => {}
        }
    }

    /// The only message.
    fn message(&mut self, message: &Message) -> Option<usize> {
        let code = || message.code.map(|code| format!(" with {code}")).unwrap_or_default();
        match message.outcome {
            Outcome::Accepted => {
                let wait = self.end_of(0).filter(|wait| wait.lapse.nanos() >= LONG);
                self.clause(TAKEN);
                let taken = self.recipients(message);
                self.out.push_str(&taken);
                if let Some(wait) = wait {
                    self.out.push_str(" after ");
                    push_lapse(self.out, wait.lapse);
                    self.out.push_str(" of silence");
                }
                self.left_before(0);
                return wait.map(|wait| wait.exchange);
            }
            Outcome::Rejected if message.ended => {
                let code = code();
                self.clause(&format!("the server refused the message{code}, after its content"));
                return None;
            }
            Outcome::Rejected if message.transfer.is_none() => {
                let whom = self.refused(message);
                self.clause(&format!("the server refused {whom}{}", code()));
            }
            Outcome::Rejected => self.clause(&format!("the server refused the message{}", code())),
            Outcome::Aborted | Outcome::Unknown if message.ended => self.unanswered(message),
            // What it did instead may be missing.
            Outcome::Aborted if self.has_gaps() => {
                self.clause("what became of the message is not seen");
            }
            Outcome::Aborted if self.is_cut_off(0) => self.clause(match message.transfer {
                Some(_) => "the connection ended inside the content of the message",
                None => "the connection ended before the content of the message",
            }),
            Outcome::Aborted if message.transfer.is_some() => {
                self.clause("the client gave the message up inside its content");
            }
            Outcome::Aborted => self.clause("the client gave the message up before its content"),
            Outcome::Unknown if message.cut => {
                self.clause("the recording stops inside the message");
            }
            Outcome::Unknown => self.clause("what became of the message is not seen"),
        }
        None
    }

    /// The server, not the client, ended the session inside message `index`.
    fn is_cut_off(&self, index: u32) -> bool {
        let session = self.session;
        let last = session.exchanges.last();
        let is_inside = last.is_some_and(|last| {
            let is_its = matches!(
                last.request,
                Request::Command(Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Bdat)
            );
            is_its && last.message == Some(index)
        });
        let is_servers = session.closing.as_deref().map_or_else(
            || session.end == End::ServerClosed,
            |closing| closing.first == Side::Server,
        );
        is_inside && (is_servers || self.has_421())
    }

    /// Whether the server said that it closes the connection.
    fn has_421(&self) -> bool {
        let session = self.session;
        let unsolicited = session.unsolicited.iter().map(|one| one.reply.code);
        let last = session.exchanges.last().and_then(|one| one.reply);
        let mut codes = unsolicited.chain([last.and_then(|reply| reply.code)]);
        codes.any(|code| code == Some(421))
    }

    /// Whether the client may have said QUIT in what is missing.
    fn may_have_quit(&self) -> bool {
        let session = self.session;
        session.gaps.iter().any(|gap| gap.side == Side::Client)
            || session.elided.gaps > 0
            || session.elided.lines > 0
            || session.elided_exchanges > 0
    }

    /// All of a message was sent, and nothing came back.
    fn unanswered(&mut self, message: &Message) {
        let is_whole = message.is_complete() && message.from.is_some();
        let how = if is_whole { "whole" } else { "to its end" };
        self.clause(&format!(
            "the message was sent {how}, but no reply to it was seen: whether it was taken is not \
             known"
        ));
    }

    /// What a server refused that took no content.
    fn refused(&self, message: &Message) -> &'static str {
        let is_mail = |index: u32| {
            let mail = self.session.exchanges.get(index as usize);
            mail.and_then(|mail| mail.reply).is_some_and(|reply| is_error(reply.code))
        };
        if message.mail.is_some_and(is_mail) {
            return "the sender";
        }
        let are_refused = message.recipients.iter().all(|one| is_error(one.code));
        match message.recipients.len() {
            0 => "the message",
            1 if are_refused => "the recipient",
            _ if are_refused && message.elided_recipients == 0 => "all recipients",
            _ => "the message",
        }
    }

    /// For whom a message was taken, if not for all.
    fn recipients(&self, message: &Message) -> String {
        let all = message.recipients.len();
        let is_lmtp = self.session.protocol == Protocol::Lmtp;
        let taken = message.recipients.iter().filter(|one| {
            let delivery = one.delivery.as_ref().map(|reply| reply.code);
            is_success(one.code) && delivery.is_none_or(is_success)
        });
        let taken = taken.count();
        if taken == all || taken == 0 || message.elided_recipients > 0 {
            return String::new();
        }
        // LMTP alone says so of each (RFC 2033 §4.2).
        let known = !is_lmtp
            || message.recipients.iter().all(|one| one.delivery.is_some() || is_error(one.code));
        if !known {
            return String::new();
        }
        format!(" for {} of {} recipients", number(taken as u64), number(all as u64))
    }

    /// The client was gone when the server took message `index`.
    fn left_before(&mut self, index: u32) -> bool {
        let Some((parting, ago)) = self.parting_before(index) else { return false };
        let ago = ago.map_or_else(String::new, |ago| format!(" {} earlier", lapse(ago)));
        if parting.aborted || parting.reset {
            self.clause(&format!("the client had left{ago}; the message may be delivered twice"));
        } else if !self.has_quit() {
            self.clause(&format!(
                "the client had closed its side{ago}; if it did not read the reply, the message \
                 may be delivered twice"
            ));
        }
        true
    }

    /// How the client had left when the reply to the end of message `index` came, and how long
    /// before.
    fn parting_before(&self, index: u32) -> Option<(Parting, Option<Lapse>)> {
        let parting = self.session.closing.as_ref()?.sides.client.filter(|parting| parting.open)?;
        let reply = self.last_of(index)?.1.reply?;
        let is_before = parting.mark.place < reply.begun.place;
        let ago = reply.begun.at.zip(parting.mark.at).map(|(reply, left)| reply.since(left));
        is_before.then_some((parting, ago.filter(|ago| *ago >= Lapse::default())))
    }

    /// The exchange that ended the content of message `index`.
    fn last_of(&self, index: u32) -> Option<(usize, &Exchange)> {
        let exchanges = self.session.exchanges.iter().enumerate().rev();
        let mut ends = exchanges.filter(|(_, one)| one.message == Some(index));
        ends.find(|(_, one)| {
            matches!(one.request, Request::EndOfData | Request::Command(Verb::Bdat))
        })
    }

    /// The wait for the reply to the end of message `index`.
    fn end_of(&self, index: u32) -> Option<Wait> {
        let (exchange, last) = self.last_of(index)?;
        Some(Wait { exchange, lapse: last.latency()? })
    }

    /// Several messages.
    fn messages(&mut self) {
        let session = self.session;
        let kept = session.messages.len() as u64;
        let outcome = |wanted: Outcome| {
            session.messages.iter().filter(|message| message.outcome == wanted).count() as u64
        };
        let all = if session.elided_messages == 0 {
            count(kept, "message")
        } else {
            format!("the first {}", count(kept, "message"))
        };
        let (taken, refused) = (outcome(Outcome::Accepted), outcome(Outcome::Rejected));
        let (given_up, unknown) = (outcome(Outcome::Aborted), outcome(Outcome::Unknown));
        let last = u32::try_from(kept).unwrap_or(u32::MAX).saturating_sub(1);
        let is_last_given_up =
            session.messages.last().is_some_and(|last| last.outcome == Outcome::Aborted);
        let cut = u64::from(is_last_given_up && self.is_cut_off(last));
        // What it did instead may be missing.
        let (given_up, unknown) =
            if self.has_gaps() { (cut, unknown + given_up - cut) } else { (given_up, unknown) };
        if taken == kept {
            self.clause(&format!("the server took {all}"));
        } else {
            let parts = [
                (taken, "the server took", ""),
                (refused, "refused", ""),
                (given_up - cut, "the client gave", " up"),
                (cut, "the end of the connection cut off", ""),
                (unknown, "what became of", " is not seen"),
            ];
            let parts = parts.into_iter().filter(|&(times, ..)| times > 0);
            let parts: Vec<String> = parts
                .map(|(times, verb, end)| {
                    let verb =
                        if taken == 0 && verb == "refused" { "the server refused" } else { verb };
                    format!("{verb} {}{end}", number(times))
                })
                .collect();
            let last = parts.last().cloned().unwrap_or_default();
            let others = parts.get(..parts.len().saturating_sub(1)).unwrap_or_default();
            let and = if others.is_empty() { "" } else { " and " };
            self.clause(&format!("of {all} {}{and}{last}", others.join(", ")));
        }
        for (index, message) in (0..).zip(&session.messages) {
            if message.outcome == Outcome::Accepted && self.left_before(index) {
                break;
            }
        }
    }

    /// The longest waits, but for the one that is `told`.
    fn waits(&mut self, told: Option<usize>) {
        let session = self.session;
        if !needs_stalls(session) {
            return;
        }
        let stalls = self.stalls;
        let longest = |side: Side| {
            let is_told = |stall: &&Stall| {
                let exchange = stall.exchange.map(|index| index as usize);
                side == Side::Server && exchange.is_some() && exchange == told
            };
            let stalls = stalls.iter().filter(|stall| {
                stall.who == Who::Side(side)
                    && stall.length.nanos() >= LONG
                    && stall.phase != Phase::Greeting
            });
            stalls.filter(|stall| !is_told(stall)).max_by_key(|stall| stall.length)
        };
        let what = |stall: &Stall| {
            let exchange = session.exchanges.get(stall.exchange? as usize);
            exchange.map(|exchange| name(exchange.request))
        };
        if let Some((stall, what)) = longest(Side::Server).and_then(|one| Some((one, what(one)?))) {
            if stall.in_vain {
                self.clause("the client waited ");
                push_lapse(self.out, stall.length);
                self.out.push_str(" for the reply to ");
                self.out.push_str(what);
                self.out.push_str(", which never came");
            } else {
                self.clause("the reply to ");
                self.out.push_str(what);
                self.out.push_str(" took ");
                push_lapse(self.out, stall.length);
            }
        }
        // What is missing may have been the command.
        if let Some((stall, what)) = longest(Side::Client).and_then(|one| Some((one, what(one)?)))
            && session.gaps.is_empty()
        {
            self.clause("the client was silent for ");
            push_lapse(self.out, stall.length);
            self.out.push_str(" before ");
            self.out.push_str(what);
        }
    }

    /// What is not in the recording.
    fn missing(&mut self) {
        let gaps = &self.session.gaps;
        if gaps.is_empty() {
            return;
        }
        let of = |side: Side| {
            let sizes = gaps.iter().filter(|gap| gap.side == side).map(|gap| gap.gap.bytes);
            let bytes = match sizes.reduce(u64::saturating_add)? {
                // Nobody can know how many.
                0 => String::from("bytes"),
                bytes => count(bytes, "byte"),
            };
            Some(format!("{bytes} of the {}", side.name()))
        };
        let missing: Vec<String> =
            [Side::Client, Side::Server].into_iter().filter_map(of).collect();
        self.clause(&format!("missing in the recording: {}", missing.join(" and ")));
    }

    fn ending(&mut self) {
        let session = self.session;
        if self.is_given_up() {
            return self.clause("the rest of it was not read, to bound memory");
        }
        match session.end {
            End::Quit => self.clause(QUIT),
            End::ServerClosed => {
                self.clause(if self.has_421() {
                    "the server closed the connection after 421"
                } else if self.has_quit() {
                    "the server closed the connection after QUIT"
                } else if self.may_have_quit() {
                    "the server closed the connection"
                } else {
                    "the server closed the connection without a QUIT"
                });
            }
            End::ClientClosed if self.has_quit() => {
                self.clause("the client closed the connection after QUIT");
            }
            End::ClientClosed if self.may_have_quit() => {
                self.clause("the client closed the connection");
            }
            End::ClientClosed => self.clause("the client closed the connection without a QUIT"),
            End::Reset => {
                let closing = session.closing.as_deref();
                let by = closing.and_then(|closing| {
                    let parting = *closing.sides.of(closing.first);
                    parting.filter(|parting| parting.reset).map(|_| closing.first)
                });
                match by {
                    Some(side) => {
                        self.clause(&format!("the {} reset the connection", side.name()));
                    }
                    None => self.clause("the connection was reset"),
                }
            }
            End::CaptureEnd => self.clause("the recording ends before the session"),
            // A text that ends says nothing of the connection.
            End::TranscriptEnd | End::Tls | End::Refused | End::NoAnswer => {}
        }
    }
}

/// What a request is called in a sentence.
fn name(request: Request) -> &'static str {
    match request {
        Request::EndOfData => "the end of the content",
        Request::AuthLine => "a line of AUTH",
        Request::Command(Verb::Other) => "a line that is no command",
        Request::Command(verb) => verb.name(),
    }
}

fn is_success(code: Option<u16>) -> bool {
    matches!(code, Some(200..=299))
}

/// Whether it says that something is refused.
#[inline]
pub(super) fn is_error(code: Option<u16>) -> bool {
    matches!(code, Some(400..=599))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, mark, ordinary, quiet, session};
    use super::*;
    use crate::chunk::{Gap, Sides};
    use crate::dialog::session::{Closing, GapAt, Mark, Tls};
    use crate::time::Stamp;
    use crate::timing;

    fn told(session: &Session) -> String {
        let (mut out, stalls) = (String::new(), timing::of(session).stalls);
        tell(&mut out, session, &stalls);
        assert!(out.chars().all(|char| !matches!(char, '"' | '\\') && !char.is_control()));
        // What is told at once is the same as clause by clause.
        let mut each = String::new();
        Story { out: &mut each, from: 0, session, stalls: &stalls }.all();
        if !each.is_empty() {
            assert_eq!(out, format!("{each}."));
        }
        assert!(usual(session, is_calm(session)).is_none_or(|usual| usual == out));
        out
    }

    /// The story of a dialog that ends so.
    fn of(dialog: &str, end: End) -> String {
        told(&session(dialog.trim_end().as_bytes(), end))
    }

    const BEGIN: &str = "s< 220 mx\nc> EHLO c\ns< 250 mx\n";
    const MAIL: &str = "c> MAIL FROM:<a@b>\ns< 250 ok\nc> RCPT TO:<c@d>\ns< 250 ok\n";
    const CONTENT: &str = "c> DATA\ns< 354 go\nc> Subject: x\nc> \nc> x\nc> .\n";
    const ACCEPT: &str = "s< 250 queued\n";
    const BYE: &str = "c> QUIT\ns< 221 bye\n";

    fn whole() -> Session {
        let dialog = [BEGIN, MAIL, CONTENT, ACCEPT, BYE].concat();
        session(dialog.trim_end().as_bytes(), End::Quit)
    }

    /// The exchange that ended the content, in [`whole`].
    fn last(session: &mut Session) -> &mut Exchange {
        session.exchanges.iter_mut().find(|one| one.request == Request::EndOfData).unwrap()
    }

    /// `session`, of which the last packet came so many seconds later.
    fn lasting(mut session: Session, seconds: i64) -> Session {
        let at = session.last_at.unwrap().nanos() + seconds * 1_000_000_000;
        session.last_at = Some(Stamp::from_nanos(at));
        session.timing.longest = Some(Lapse::from_nanos(seconds * 1_000_000_000));
        session
    }

    fn later(mark: Mark, seconds: i64) -> Mark {
        let at = mark.at.map(|at| Stamp::from_nanos(at.nanos() + seconds * 1_000_000_000));
        Mark { at, ..mark }
    }

    #[test]
    fn mail_that_was_taken() {
        assert_eq!(told(&whole()), "The server took the message; the session ended with QUIT.");
        assert_eq!(
            told(&ordinary()),
            "The server took the message for 1 of 2 recipients; the session ended with QUIT."
        );
        let two = [BEGIN, MAIL, CONTENT, ACCEPT, MAIL, CONTENT, ACCEPT].concat();
        assert_eq!(
            of(&two, End::ClientClosed),
            "The server took 2 messages; the client closed the connection without a QUIT."
        );
    }

    #[test]
    fn mail_that_was_not_taken() {
        for (rest, story) in [
            ("c> MAIL FROM:<a@b>\ns< 550 no\n", "The server refused the sender with 550"),
            (
                "c> MAIL FROM:<a@b>\ns< 250 ok\nc> RCPT TO:<c@d>\ns< 551 no\n",
                "The server refused the recipient with 551",
            ),
            (
                "c> MAIL FROM:<a@b>\ns< 250 ok\nc> RSET\ns< 250 ok\n",
                "The client gave the message up before its content",
            ),
            (
                &[MAIL, CONTENT, "s< 554 spam\n"].concat(),
                "The server refused the message with 554, after its content",
            ),
            (&[MAIL, "c> DATA\ns< 451 no\n"].concat(), "The server refused the message with 451"),
        ] {
            let dialog = [BEGIN, rest, BYE].concat();
            assert_eq!(of(&dialog, End::Quit), format!("{story}; the session ended with QUIT."));
        }
        let dialog = [BEGIN, MAIL, CONTENT, ACCEPT, MAIL, CONTENT, "s< 452 full\n", MAIL].concat();
        assert_eq!(
            of(&dialog, End::ServerClosed),
            "Of 3 messages the server took 1, refused 1 and the end of the connection cut off 1; \
             the server closed the connection without a QUIT."
        );
    }

    #[test]
    fn silence_is_told_once() {
        let mut session = lasting(whole(), 600);
        let end = last(&mut session);
        let reply = end.reply.as_mut().unwrap();
        reply.begun = later(reply.begun, 252);
        assert!(
            told(&session).starts_with("The server took the message after 4 min 12 s of silence; ")
        );
        assert!(!told(&session).contains("took 4"));
        let reply = session.exchanges[1].reply.as_mut().unwrap();
        reply.begun = later(reply.begun, 30);
        assert!(
            told(&session).contains("; the reply to MAIL took 30.000 s; "),
            "{}",
            told(&session)
        );
        let mut session = lasting(whole(), 600);
        session.exchanges.last_mut().unwrap().asked = later(mark(20), 300);
        let story = told(&session);
        assert!(story.contains("; the client was silent for 5 min 0 s before QUIT; "), "{story}");
    }

    #[test]
    fn a_client_that_left_may_send_again() {
        let mut session = whole();
        let end = last(&mut session);
        let left = Mark { place: end.asked.place, ..later(end.asked, 240) };
        let reply = end.reply.as_mut().unwrap();
        reply.begun = later(reply.begun, 252);
        let parting =
            Parting { mark: left, reset: false, aborted: true, open: true, inside: false };
        let closing = |parting| {
            let sides = Sides { client: Some(parting), server: None };
            Some(Box::new(Closing { first: Side::Client, sides }))
        };
        session.closing = closing(parting);
        session.end = End::Reset;
        assert_eq!(
            told(&session),
            "The server took the message after 4 min 12 s of silence; the client had left 12.001 s \
             earlier; the message may be delivered twice; the connection was reset."
        );
        session.closing = closing(Parting { aborted: false, ..parting });
        assert!(!told(&session).contains("twice"), "it had said QUIT, and may well read on");
        session.exchanges.pop();
        assert!(
            told(&session).contains("had closed its side 12.001 s earlier; if it did not read")
        );
        // It had seen all.
        session.closing = closing(Parting { open: false, ..parting });
        assert!(!told(&session).contains("twice"));
        // It left later.
        session.closing = closing(Parting { mark: mark(1000), ..parting });
        assert!(!told(&session).contains("twice"));
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let dialog = [BEGIN, MAIL, CONTENT].concat();
        assert_eq!(
            of(&dialog, End::CaptureEnd),
            "The message was sent whole, but no reply to it was seen: whether it was taken is not \
             known; the recording ends before the session."
        );
        let dialog = [BEGIN, MAIL, "c> DATA\ns< 354 go\nc> Subject: x\n"].concat();
        assert_eq!(
            of(&dialog, End::CaptureEnd),
            "The recording stops inside the message; the recording ends before the session."
        );
        assert_eq!(of(BEGIN, End::TranscriptEnd), "No mail was sent so far.");
        assert!(of(BEGIN, End::ClientClosed).starts_with("The client sent no mail; "));
        assert_eq!(
            of("s< 220 mx", End::ClientClosed),
            "The client said nothing after the greeting; the client closed the connection without \
             a QUIT."
        );
    }

    #[test]
    fn what_the_server_ended_the_client_did_not_give_up() {
        let ended = |dialog: &[&str], end| of(&dialog.concat(), end);
        let before = "The connection ended before the content of the message; ";
        assert_eq!(
            ended(&[BEGIN, MAIL], End::ServerClosed),
            format!("{before}the server closed the connection without a QUIT.")
        );
        assert_eq!(
            ended(&[BEGIN, MAIL, "s< 421 bye\n"], End::ServerClosed),
            format!("{before}the server closed the connection after 421.")
        );
        assert_eq!(
            ended(&[BEGIN, MAIL, CONTENT, ACCEPT, MAIL], End::ServerClosed),
            "Of 2 messages the server took 1 and the end of the connection cut off 1; the server \
             closed the connection without a QUIT."
        );
        assert!(
            ended(&[BEGIN, MAIL], End::ClientClosed).starts_with("The client gave the message up")
        );
        let rset = "c> RSET\ns< 250 ok\n";
        assert!(
            ended(&[BEGIN, MAIL, rset], End::ServerClosed)
                .starts_with("The client gave the message up")
        );
    }

    #[test]
    fn who_left_or_lost_bytes_waited_for_nothing() {
        // The reply to the end of the content never came.
        let mut session = lasting(
            session([BEGIN, MAIL, CONTENT].concat().trim_end().as_bytes(), End::ClientClosed),
            60,
        );
        assert!(told(&session).contains(", which never came; "), "{}", told(&session));
        let asked = last(&mut session).asked;
        let parting = Parting {
            mark: later(asked, 1),
            reset: false,
            aborted: false,
            open: true,
            inside: false,
        };
        let sides = Sides { client: Some(parting), server: None };
        session.closing = Some(Box::new(Closing { first: Side::Client, sides }));
        assert!(!told(&session).contains("waited"), "{}", told(&session));
        session.closing = None;
        let gap = Gap { bytes: 10, acked: true };
        session.gaps.push(GapAt { side: Side::Server, gap, mark: mark(9) });
        assert!(!told(&session).contains("never"), "{}", told(&session));
        // QUIT may be in what is missing.
        session.gaps.push(GapAt { side: Side::Client, gap, mark: mark(9) });
        assert!(!told(&session).contains("QUIT"), "{}", told(&session));
    }

    #[test]
    fn connections_that_came_to_nothing() {
        let story = |end| of("s< 220 mx", end);
        assert_eq!(story(End::Refused), "The server refused the connection.");
        assert_eq!(story(End::NoAnswer), "The server did not answer the connection attempt.");
        assert_eq!(
            of("s< 554 no", End::ServerClosed),
            "The server turned the client away with 554; the server closed the connection without \
             a QUIT."
        );
        let dialog = [BEGIN, "c> NOOP\ns< 421 bye"].concat();
        assert_eq!(
            of(&dialog, End::ServerClosed),
            "The client sent no mail; 1 command was refused; the server closed the connection \
             after 421."
        );
    }

    #[test]
    fn tls_and_gaps_hide_what_they_hide() {
        let mut session = quiet();
        session.end = End::Tls;
        session.tls = Some(Box::new(Tls::new(false, mark(9))));
        let story = told(&session);
        assert!(story.starts_with("The session was in TLS after STARTTLS and "), "{story}");
        assert!(!story.contains("no mail"), "{story}");
        let mut session = quiet();
        let gap = Gap { bytes: 1460, acked: true };
        session.gaps.push(GapAt { side: Side::Client, gap, mark: mark(9) });
        session.gaps.push(GapAt { side: Side::Client, gap, mark: mark(10) });
        assert_eq!(
            told(&session),
            "Missing in the recording: 2,920 bytes of the client; the session ended with QUIT."
        );
        let mut session = self::session([BEGIN, MAIL, "s< 221 x"].concat().as_bytes(), End::Quit);
        session.messages.iter_mut().for_each(|message| message.outcome = Outcome::Aborted);
        assert!(told(&session).starts_with("The client gave the message up before its content; "));
        session.gaps.push(GapAt { side: Side::Server, gap, mark: mark(9) });
        assert!(told(&session).starts_with("What became of the message is not seen; "));
    }

    #[test]
    fn lmtp_answers_for_each_recipient() {
        let dialog = "s< 220 x\nc> LHLO x\ns< 250 x\nc> MAIL FROM:<a@b>\ns< 250 x
c> RCPT TO:<c@d>\ns< 250 x\nc> RCPT TO:<e@f>\ns< 250 x\nc> DATA\ns< 354 x\nc> .
s< 250 first\ns< 450 second\nc> QUIT\ns< 221 x";
        assert_eq!(
            of(dialog, End::Quit),
            "The server took the message for 1 of 2 recipients; the session ended with QUIT."
        );
    }

    #[test]
    fn no_word_of_a_peer_is_in_it() {
        let story = told(&sample::hostile());
        assert!(!story.contains("evil") && story.chars().all(crate::escape::is_safe), "{story}");
    }
}
