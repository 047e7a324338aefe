//! Which reply answers which command (RFC 5321 §4.3.1, RFC 2920), whatever is missing.
//!
//! What a sender had seen decides: a server cannot answer what it had not received, and what a
//! client sent in the knowledge of a reply came after it. Where that is not enough, no pairing is
//! better than a wrong one.

use super::content::{Candidate, Scanner};
use super::server::{Partial, Said};
use super::session::{Mark, Outcome, Reply, Request, ResyncWhy, Unsolicited};
use super::{Awaited, Dialog, Lost, Mode, Owed, Start, client, exchange_at, exchange_mut, mail};
use crate::chunk::Side;
use crate::smtp::command::Verb;
use crate::smtp::line::LineEnd;
use crate::smtp::reply::{ReplyLine, enhanced};

impl Dialog {
    /// Whether a reply is the server's greeting (RFC 5321 §3.1).
    pub(super) fn is_greeting(&self, said: &Said) -> bool {
        // The greeting is the first reply, or it is missing.
        if self.state.greeted || self.session.greeting.is_some() || self.has_replied {
            return false;
        }
        let opens = matches!(said.code, Some(220 | 421 | 521 | 554));
        match self.owed.front() {
            None if self.mode == Mode::Unknown || self.state.inferred => {
                said.code == Some(220) && said.seen.unwrap_or(0) == 0
            }
            None => said.code.is_some(),
            Some(front) if self.state.inferred => {
                opens && said.seen.is_some_and(|seen| seen < front.end)
            }
            Some(front) => {
                let is_starttls = front.request == Request::Command(Verb::Starttls);
                opens && !is_starttls || said.seen.is_some_and(|seen| seen < front.end)
            }
        }
    }

    /// With the greeting: the line that a load balancer sends in front of a session is no command,
    /// and no server that knew it answers it.
    pub(super) fn forget_proxy(&mut self, said: &Said) {
        let is_proxy = |owed: &Owed| {
            exchange_at(&self.session, owed.exchange())
                .is_some_and(|one| self.session.bytes(one.line).starts_with(b"PROXY "))
        };
        let received = |owed: &Owed| said.seen.is_none_or(|seen| seen >= owed.end);
        if self.owed.front().is_some_and(|owed| {
            owed.request == Request::Command(Verb::Other) && received(owed) && is_proxy(owed)
        }) {
            self.owed.pop_front();
        }
    }

    /// Whether `line` belongs to another reply than the lines before it, which no last line ended:
    /// the client took those for all, sent its next command, and the server answers that.
    pub(super) fn is_of_next(
        &self,
        partial: &Partial,
        begun: &Start,
        line: &ReplyLine<'_>,
    ) -> bool {
        // The first that is owed a reply is answered by the lines so far, unless they greet.
        let next = self.owed.iter().nth(usize::from(self.state.greeted || self.has_replied));
        let Some(next) = next else { return false };
        let went_on = next.seen().is_some_and(|seen| seen >= partial.said.until)
            && begun.seen.is_none_or(|seen| seen >= next.end);
        if !went_on || line.code.is_none() || partial.said.code.is_none() {
            return false;
        }
        let front = self.owed.front().filter(|_| self.has_replied).map(|owed| owed.request);
        let greets = matches!(front, Some(Request::Command(Verb::Ehlo | Verb::Lhlo)));
        // A client may have gone on too early; an EHLO reply still ends with what is offered.
        line.code != partial.said.code || greets && enhanced(line.text).is_some()
    }

    /// Whether a reply plainly answers the first command that is owed one: the usual case, in
    /// which nothing is missing and nothing out of the ordinary was said.
    #[inline]
    pub(super) fn is_in_turn(&self, code: Option<u16>, seen: Option<u64>) -> bool {
        // The first reply may be the greeting.
        let is_usual = self.has_replied
            && self.lost.is_none()
            && self.nonsense.is_none()
            && !matches!(self.mode, Mode::Content);
        let Some(front) = self.owed.front().filter(|_| is_usual) else { return false };
        let is_data = front.request == Request::Command(Verb::Data);
        // It may be passed over.
        let is_other = front.request == Request::Command(Verb::Other);
        let may_be = code.is_some() & !is_other & (is_data | (code != Some(354)));
        // What the server had not received it cannot answer.
        may_be && seen.is_none_or(|seen| seen >= front.end)
    }

    /// Whether a reply answers one of the commands that were too many to keep.
    pub(super) fn is_for_forgotten(&self, said: &Said) -> bool {
        self.lost.as_ref().is_some_and(|lost| lost.forgotten > 0) && said.code.is_some()
    }

    /// The command that a reply answers, taken from those that are owed one.
    pub(super) fn owed_for(&mut self, said: &Said) -> Option<Owed> {
        let Some(code) = said.code else { return self.owed_for_nonsense(said) };
        self.end_content_by_reply(said, code);
        self.skip_lost_replies(said, code);
        // Some servers pass over an empty line; none answers it with success.
        while code < 400
            && self.owed.len() > 1
            && self.owed.front().is_some_and(|o| self.is_empty_line(o))
        {
            self.owed.pop_front();
        }
        if self.is_behind_both_gaps(said) || self.is_unsure(said, code) {
            return None;
        }
        let front = self.owed.front()?;
        // What the server had not received it cannot answer.
        let received = said.seen.is_none_or(|seen| seen >= front.end);
        if received { self.owed.pop_front() } else { None }
    }

    /// Whether `owed` is for a line with nothing in it.
    fn is_empty_line(&self, owed: &Owed) -> bool {
        exchange_at(&self.session, owed.exchange()).is_some_and(|exchange| {
            exchange.request == Request::Command(Verb::Other) && exchange.line.len == 0
        })
    }

    /// The command that a line without a code answers: where only one is owed, a client that
    /// waits will take it for the reply.
    pub(super) fn owed_for_nonsense(&mut self, said: &Said) -> Option<Owed> {
        let front = self.owed.front().filter(|_| self.owed.len() == 1)?;
        let received = said.seen.is_none_or(|seen| seen >= front.end);
        let owed = if received { self.owed.pop_front() } else { None };
        self.nonsense = owed.map(Box::new);
        owed
    }

    /// A reply with a code comes after a line that had none, and no command since: it is the
    /// answer, and the line was nothing.
    pub(super) fn owed_after_nonsense(&mut self, said: &Said) -> Option<Owed> {
        let owed = *self.nonsense.take().filter(|_| self.owed.is_empty())?;
        said.code?;
        let taken = exchange_mut(&mut self.session, owed.exchange())?.reply.take();
        if let Some(reply) = taken {
            self.keep_apart(reply);
        }
        Some(owed)
    }

    /// Whether bytes of both sides are missing since the last reply, and this one was sent in the
    /// knowledge of the client's: then it answers what is missing, and the reply to the command
    /// before is missing, too.
    pub(super) fn is_behind_both_gaps(&mut self, said: &Said) -> bool {
        let Some(Lost { server_gap: Some(_), client_gap: Some(lost), .. }) = self.lost.as_deref()
        else {
            return false;
        };
        let lost = *lost;
        let Some(front) = self.owed.front() else { return false };
        if lost < front.end || said.seen.is_none_or(|seen| seen <= lost) {
            return false;
        }
        self.owed.clear();
        self.resync(Side::Server, ResyncWhy::ReplyMissing, said.begun.mark);
        if let Mode::Await(awaited) = self.mode {
            self.read_without_reply(awaited);
        }
        true
    }

    /// Whether replies (or commands) that are missing make it a guess which command `said`
    /// answers: no pairing is better than a wrong one. A 354 can only answer DATA; what the
    /// client sends in the knowledge of what came since ends the doubt.
    pub(super) fn is_unsure(&mut self, said: &Said, code: u16) -> bool {
        let Some(lost) = &mut self.lost else { return false };
        let is_gap = lost.server_gap.is_some_and(|(_, until)| until <= said.begun.offset);
        if is_gap && self.owed.len() > 1 {
            lost.unsure.get_or_insert(said.until);
        }
        if lost.unsure.is_none() {
            return false;
        }
        let is_data =
            self.owed.front().is_some_and(|front| front.request == Request::Command(Verb::Data));
        if self.owed.is_empty() || code == 354 && is_data {
            lost.unsure = None;
        }
        lost.unsure.is_some()
    }

    /// After a gap in the server's stream: drops the commands whose replies must have been in
    /// it.
    pub(super) fn skip_lost_replies(&mut self, said: &Said, code: u16) {
        let (from, has_gap) = match self.lost_of_server() {
            Some((from, _)) => (from, true),
            // Only DATA is answered with 354: replies before it were lost, or never sent.
            None if code == 354 => (u64::MAX, false),
            None => return,
        };
        loop {
            let Some(&front) = self.owed.front() else { return };
            let next = self.owed.iter().nth(1).copied();
            // The next command was sent in the knowledge of something in the gap.
            let known = next.and_then(|next| next.seen()).is_some_and(|seen| {
                seen > from && seen <= said.begun.offset && front.seen() != Some(seen)
            });
            let is_data = |owed: &Owed| owed.request == Request::Command(Verb::Data);
            let other = code == 354 && !is_data(&front) && self.owed.iter().any(is_data);
            // What is set aside can only be content that was allowed.
            let went_on = match self.mode {
                Mode::Await(Awaited::Data) if has_gap && !self.parked.is_empty() => {
                    self.owed.len() == 1
                        && code != 354
                        && said.seen.is_none_or(|seen| seen > front.end)
                }
                _ => false,
            };
            if !known && !other && !went_on {
                return;
            }
            let mark = said.begun.mark;
            let lost = self.owed.pop_front();
            if let Some(exchange) = exchange_mut(&mut self.session, lost.and_then(|l| l.exchange()))
            {
                exchange.before = self.state;
            }
            self.resync(Side::Server, ResyncWhy::ReplyMissing, mark);
            if went_on {
                self.read_without_reply(Awaited::Data);
                self.end_content_by_reply(said, code);
            }
        }
    }

    /// Before a line of the server: whether what is set aside was sent in the knowledge of
    /// something that is missing, or is missing itself and known to the server. Then all that is
    /// owed was answered in the gap, and what is set aside is read before that line.
    #[cold]
    pub(super) fn go_on_without_reply(&mut self, line: &Start) {
        let Mode::Await(awaited) = self.mode else { return };
        let Some((from, _)) = self.lost_of_server() else { return };
        let asked = self.owed.back().and_then(Owed::seen);
        let knows = self
            .parked
            .iter()
            .filter_map(|parked| parked.start.seen)
            .any(|seen| seen > from && seen <= line.offset && asked != Some(seen));
        let end = self.owed.back().map_or(0, |owed| owed.end);
        let client_gap = self.lost.as_ref().and_then(|lost| lost.client_gap);
        let is_known =
            client_gap.is_some_and(|lost| lost >= end && line.seen.is_some_and(|seen| seen > lost));
        if !knows && !is_known {
            return;
        }
        for lost in std::mem::take(&mut self.owed).iter() {
            if let Some(exchange) = exchange_mut(&mut self.session, lost.exchange()) {
                exchange.before = self.state;
            }
        }
        // Where content follows, it is noted with that.
        if awaited != Awaited::Data {
            self.resync(Side::Server, ResyncWhy::ReplyMissing, line.mark);
        }
        self.read_without_reply(awaited);
    }

    /// A reply in the middle of mail data, to nothing else: the server saw the data end where a
    /// strict reader did not, or its end is missing from the input.
    pub(super) fn end_content_by_reply(&mut self, said: &Said, code: u16) {
        if self.mode != Mode::Content || !self.owed.is_empty() || code == 421 {
            return;
        }
        let Some(scanner) = &mut self.scanner else { return };
        let Some(mut candidate) = scanner.candidate.take() else { return };
        // Behind a gap the end is there only if what follows is no more content; a server may
        // refuse content in its midst.
        let goes_on =
            (candidate.is_gap || code >= 400) && !client::is_command_start(&candidate.tail);
        if goes_on || said.seen.is_some_and(|seen| seen < candidate.offset) {
            return;
        }
        candidate.odd = scanner.odd.take();
        self.end_at_candidate(*candidate);
    }

    /// Ends mail data at a place where only a lenient server saw its end.
    pub(super) fn end_at_candidate(&mut self, candidate: Candidate) {
        let mut odd = candidate.odd;
        if let Some(odd) = &mut odd {
            odd.until(&candidate.facts, candidate.kind);
        }
        self.scanner = Some(Scanner::ended(candidate.facts, odd));
        // When an end that is missing was sent, nobody knows.
        let at = candidate.mark.at.filter(|_| !candidate.is_gap);
        let start =
            Start { mark: Mark { at, ..candidate.mark }, seen: None, offset: candidate.offset };
        if candidate.is_gap {
            self.resync(Side::Client, ResyncWhy::EndOfDataMissing, candidate.mark);
        }
        let end = if candidate.is_gap { LineEnd::None } else { LineEnd::Lf };
        self.end_of_data(start, candidate.offset, end);
        if candidate.is_gap {
            self.mode = Mode::Unknown;
        }
        self.reread(candidate.tail);
    }

    /// Reads again, as commands, what had been taken for content.
    pub(super) fn reread(&mut self, tail: Vec<client::Parked>) {
        for piece in tail {
            if let client::ParkedWhat::Data(data, _) = piece.what {
                self.client_data(&piece.start, &data);
            }
        }
    }

    /// Keeps a reply that answers nothing.
    pub(super) fn keep_apart(&mut self, reply: Reply) {
        let after = u32::try_from(self.session.exchanges.len()).unwrap_or(u32::MAX);
        if self.session.unsolicited.len() < self.settings.limits.unsolicited {
            self.session.unsolicited.push(Unsolicited { reply, after });
        } else {
            self.session.elided.unsolicited += 1;
        }
    }

    pub(super) fn unsolicited(&mut self, said: &Said, reply: Reply) {
        self.keep_apart(reply);
        let mark = said.begun.mark;
        match said.code {
            Some(421) => self.state.closing = true,
            // The command is missing from the input; what the client sends now is known.
            Some(354)
                if matches!(self.mode, Mode::Command | Mode::Unknown) && self.state.inferred =>
            {
                let begun = self.client.take();
                self.resync(Side::Client, ResyncWhy::Gap, mark);
                self.begin_content(mark);
                self.mode = Mode::Content;
                // A line that was begun is the content's first.
                if let Some(begun) = begun {
                    self.client_data(&begun.start, &begun.text);
                }
            }
            Some(334) if matches!(self.mode, Mode::Command | Mode::Unknown) => {
                self.mode = Mode::Sasl;
            }
            // A refusal in mid-content decides if the content never ends.
            Some(code @ 400..) if self.mode == Mode::Content => {
                let index = self.mails.current();
                if let Some(message) = mail::message_mut(&mut self.session, index) {
                    message.outcome = Outcome::Rejected;
                    message.code = Some(code);
                }
            }
            _ => {}
        }
    }
}
