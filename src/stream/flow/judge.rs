//! Whether a connection is a session, and who is its client.

use super::{Around, Flow, Mark, PEEK, Stage, Verdict};
use crate::chunk::{Consume, Medium, Open, Opening, Shows, Sides, Via, What};
use crate::packet::{Segment, Way};
use crate::ports::PROXY_PORTS;
use crate::stream::half::{Half, Tag};
use crate::stream::relay::{self, Relay};
use crate::stream::{Follow, Looks};

impl<D: Consume> Flow<D> {
    /// Decides whether the connection is a session, once that can be known; `must` if no more
    /// bytes will be waited for.
    pub(super) fn judge<F>(&mut self, around: &Around<'_>, follow: &mut F, must: bool)
    where
        F: Follow<Dialog = D>,
    {
        if !self.is_anchored() && !must {
            return;
        }
        let [up, down] = [Way::Up, Way::Down].map(|way| self.half(way).peek(PEEK));
        match self.verdict(around, follow, must, [&up, &down]) {
            Verdict::Wait => {}
            Verdict::Ignore => {
                follow.dismissed(self.first, around.now);
                self.stage = Stage::Ignored;
                self.halves = [Half::default(), Half::default()];
                self.settle();
            }
            Verdict::Go { client, via, skipped } => {
                for (half, bytes) in self.halves.iter_mut().zip(skipped) {
                    if bytes > 0 {
                        half.skip(bytes);
                    }
                }
                self.open(client, via, skipped, around, follow);
            }
        }
    }

    /// Begins the session at once if this segment brings its first bytes and they tell: nothing
    /// has to wait then.
    pub(super) fn judge_first<F>(
        &mut self,
        segment: &Segment<'_>,
        around: &Around<'_>,
        follow: &mut F,
    ) where
        F: Follow<Dialog = D>,
    {
        let Segment { way, flags, .. } = *segment;
        let is_first = self.is_anchored()
            && self.halves.iter().all(Half::is_calm)
            && self.half(way).next_seq() == Some(segment.seq);
        if !is_first || segment.data.is_empty() || flags.syn || flags.fin || flags.rst {
            return;
        }
        let data = segment.data.get(..PEEK).unwrap_or(segment.data);
        let bytes: [&[u8]; 2] = if way == Way::Up { [data, &[]] } else { [&[], data] };
        if let Verdict::Go { client, via, skipped: [0, 0] } =
            self.verdict(around, follow, false, bytes)
        {
            self.open(client, via, [0, 0], around, follow);
        }
    }

    fn is_anchored(&self) -> bool {
        self.halves.iter().all(|half| half.anchored)
    }

    pub(super) fn open<F>(
        &mut self,
        client: Way,
        via: Option<Via>,
        skipped: [u64; 2],
        around: &Around<'_>,
        follow: &mut F,
    ) where
        F: Follow<Dialog = D>,
    {
        let opening = Opening {
            peers: Some(Sides {
                client: around.key.sender(client),
                server: around.key.sender(client.back()),
            }),
            via,
            at: self.first_at,
            digits: self.digits,
            place: self.first,
            medium: Medium::Packets,
            shows: Shows::ALL,
            by_content: !around.ports.is_smtp(around.key.port(client.back())),
        };
        let steps = self.shaken_steps();
        let dialog = follow.open(&opening, self.surely, around.now);
        self.stage = Stage::Following(dialog);
        self.client = client;
        self.skipped = (skipped != [0, 0]).then(|| Box::new(skipped));
        if let (Some(steps), Some(connecting)) = (steps, self.handshake.connects) {
            self.deliver_steps(connecting, steps);
        } else {
            self.deliver_handshake(client);
            self.settle();
        }
    }

    /// What `bytes`, the first of both directions, say of the connection.
    pub(super) fn verdict<F: Follow>(
        &self,
        around: &Around<'_>,
        follow: &F,
        must: bool,
        [up, down]: [&[u8]; 2],
    ) -> Verdict {
        let bytes = |way| if way == Way::Up { up } else { down };
        let smtp = |way: Way| around.ports.is_smtp(around.key.port(way));
        let connects = self.handshake.connects;
        // The end that accepts, as far as the SYN or the ports tell.
        let accepts = connects.map(Way::back).or_else(|| match (smtp(Way::Up), smtp(Way::Down)) {
            (true, false) => Some(Way::Up),
            (false, true) => Some(Way::Down),
            _ => None,
        });
        let likely = accepts.unwrap_or(Way::Down);
        let (client, server) = (bytes(likely.back()), bytes(likely));
        let is_empty = client.is_empty() && server.is_empty();
        let to_smtp = match connects {
            Some(way) => smtp(way.back()),
            None => smtp(Way::Up) || smtp(Way::Down),
        };
        let alone = |client| Verdict::Go { client, via: None, skipped: [0, 0] };
        if to_smtp {
            if is_empty {
                // Packets without a handshake and without a byte are the tail of an older
                // connection, not a session.
                let known = must && (connects.is_some() || self.halves.iter().any(Half::is_owed));
                return if known { alone(likely.back()) } else { Verdict::Wait };
            }
            return match relay::proxy_header(client) {
                Relay::Found { via, client: len, .. } => {
                    let mut skipped = [0, 0];
                    let [up, down] = &mut skipped;
                    *(if likely == Way::Down { up } else { down }) = len as u64;
                    Verdict::Go { client: likely.back(), via: Some(via), skipped }
                }
                Relay::Wait if !must => Verdict::Wait,
                _ => match self.client_by_content(follow, client, server, likely) {
                    Some(client) => alone(client),
                    None if must => alone(likely.back()),
                    None => Verdict::Wait,
                },
            };
        }
        if PROXY_PORTS.contains(&around.key.port(likely)) {
            match relay::tunnel(client, server) {
                Relay::Found { via, client, server }
                    if around.ports.is_smtp(via.port) || around.ports.is_any() =>
                {
                    let (client, server) = (client as u64, server as u64);
                    let skipped =
                        if likely == Way::Down { [client, server] } else { [server, client] };
                    return Verdict::Go { client: likely.back(), via: Some(via), skipped };
                }
                Relay::Wait if !must => return Verdict::Wait,
                _ => {}
            }
        }
        if !around.ports.is_any() {
            return Verdict::Ignore;
        }
        let full = client.len().max(server.len()) >= PEEK;
        match (follow.speaks(client, server), follow.speaks(server, client)) {
            (Some(true), _) => alone(likely.back()),
            (_, Some(true)) => alone(likely),
            (Some(false), Some(false)) => Verdict::Ignore,
            _ if must || full => Verdict::Ignore,
            _ => Verdict::Wait,
        }
    }

    /// Who the client is: content first, then what SYN and ports say. Where there is a SYN, only
    /// both sides together outweigh it: one side may say anything. `None` while the other side
    /// has not spoken.
    fn client_by_content<F: Follow>(
        &self,
        follow: &F,
        client: &[u8],
        server: &[u8],
        likely: Way,
    ) -> Option<Way> {
        let has_syn = self.handshake.connects.is_some();
        let looks = |bytes: &[u8]| match bytes {
            [] => Looks::Unclear,
            _ => follow.looks(bytes, has_syn),
        };
        match (looks(client), looks(server)) {
            (Looks::LikeServer, Looks::LikeClient) => Some(likely),
            (Looks::LikeServer, Looks::Unclear) | (Looks::Unclear, Looks::LikeClient) => {
                if !has_syn {
                    Some(likely)
                } else if client.is_empty() || server.is_empty() {
                    None
                } else {
                    Some(likely.back())
                }
            }
            _ => Some(likely.back()),
        }
    }

    fn deliver_handshake(&mut self, client: Way) {
        let Some(connecting) = self.handshake.connects else {
            let tag = Tag::of((self.first_at, self.first));
            return self.deliver(client, tag, What::Open(Open::Midstream));
        };
        let Some(notes) = self.notes.as_deref() else { return };
        self.deliver_steps(connecting, [notes.syn, notes.syn_ack, notes.established]);
    }

    /// Delivers the steps of a handshake that `connecting` began.
    pub(super) fn deliver_steps(&mut self, connecting: Way, steps: [Option<Mark>; 3]) {
        let ways = [connecting, connecting.back(), connecting];
        let names = [Open::Syn, Open::SynAck, Open::Established];
        for ((way, mark), step) in ways.into_iter().zip(steps).zip(names) {
            if let Some(mark) = mark {
                self.hand_on(way, mark, None, What::Open(step));
            }
        }
    }
}
