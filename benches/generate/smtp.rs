//! One SMTP session as turns: who says what after which time.

use crate::conn::End;
use crate::options::Options;
use crate::pool::{self, Kind, LINE};
use crate::random::Random;
use crate::style::Style;
use crate::truth::Truth;
use crate::turn::Turn;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Quit,
    /// The client closes without QUIT.
    Leave,
    /// The client resets.
    Reset,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Hello,
    Auth,
    Message,
    Quit,
    Over,
}

/// A session in the making.
#[derive(Debug)]
pub(crate) struct Smtp {
    number: u64,
    client_ip: u32,
    server: Style,
    client: Style,
    with_auth: bool,
    is_pipelining: bool,
    is_chunking: bool,
    messages: u64,
    stage: Stage,
    pub(crate) ending: Ending,
    /// QUIT was sent with the end of the last message.
    quit_sent: bool,
}

const MS: u64 = 1_000_000;

impl Smtp {
    pub(crate) fn new(
        number: u64,
        client_ip: u32,
        with_auth: bool,
        options: &Options,
        random: &mut Random,
        truth: &mut Truth,
    ) -> Self {
        let (server, client) = (random.pick(&options.styles), random.pick(&options.styles));
        let ending = match random.below(200) {
            0 if !options.clean => Ending::Leave,
            1 if !options.clean => Ending::Reset,
            _ => Ending::Quit,
        };
        truth.sessions += 1;
        match ending {
            Ending::Quit => truth.ends_quit += 1,
            Ending::Leave => truth.ends_client_closed += 1,
            Ending::Reset => truth.ends_reset += 1,
        }
        let several = !options.is_one_message && random.percent(20.0);
        Self {
            number,
            client_ip,
            server,
            client,
            with_auth,
            is_pipelining: random.percent(80.0),
            is_chunking: server.chunks() && client.chunks() && random.percent(70.0),
            messages: if several { 2 + random.below(4) } else { 1 },
            stage: Stage::Hello,
            ending,
            quit_sent: false,
        }
    }

    /// Adds the next turns; none if the session is over.
    pub(crate) fn refill(
        &mut self,
        turns: &mut VecDeque<Turn>,
        options: &Options,
        random: &mut Random,
        truth: &mut Truth,
    ) {
        let host = self.host();
        match self.stage {
            Stage::Hello => {
                let name = self.client_name();
                let ip = Ipv4Addr::from_bits(self.client_ip).to_string();
                say(turns, End::Server, random.around(5 * MS), self.server.greeting(&host));
                say(turns, End::Client, random.around(MS), format!("EHLO {name}\r\n"));
                let reply = self.server.hello(&host, &name, &ip, self.with_auth);
                say(turns, End::Server, random.around(MS / 2), reply);
                self.stage = if self.with_auth { Stage::Auth } else { Stage::Message };
            }
            Stage::Auth => {
                self.auth(turns, random);
                self.stage = Stage::Message;
            }
            Stage::Message => {
                self.messages -= 1;
                self.message(turns, options, random, truth);
                if self.messages == 0 {
                    let is_over = self.quit_sent || self.ending != Ending::Quit;
                    self.stage = if is_over { Stage::Over } else { Stage::Quit };
                }
            }
            Stage::Quit => {
                say(turns, End::Client, random.around(MS), "QUIT\r\n".to_owned());
                say(turns, End::Server, random.around(MS / 4), self.server.farewell(&host));
                self.stage = Stage::Over;
            }
            Stage::Over => {}
        }
    }

    fn host(&self) -> String {
        format!("mx{}.example.org", self.number % 8)
    }

    fn client_name(&self) -> String {
        format!("{}{}.example.net", self.client.name(), self.client_ip & 0xffff)
    }

    fn auth(&self, turns: &mut VecDeque<Turn>, random: &mut Random) {
        let accepted = if self.server == Style::Exim {
            "235 Authentication succeeded\r\n"
        } else {
            "235 2.7.0 Authentication successful\r\n"
        };
        let mut lines = vec![("AUTH PLAIN AHVzZXIAc2VjcmV0\r\n", accepted)];
        if random.percent(40.0) {
            lines = vec![
                ("AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n"),
                ("dXNlcg==\r\n", "334 UGFzc3dvcmQ6\r\n"),
                ("c2VjcmV0\r\n", accepted),
            ];
        }
        for (line, reply) in lines {
            say(turns, End::Client, random.around(MS), line.to_owned());
            say(turns, End::Server, random.around(3 * MS), reply.to_owned());
        }
    }

    fn message(
        &mut self,
        turns: &mut VecDeque<Turn>,
        options: &Options,
        random: &mut Random,
        truth: &mut Truth,
    ) {
        truth.messages += 1;
        let is_eight = random.percent(30.0);
        let count = 1 + random.around(options.message) / LINE;
        let body = Body {
            first: random.below(1000),
            count,
            kind: if is_eight { Kind::Eight } else { Kind::Seven },
        };
        let headers = self.headers(random);
        let mut groups =
            self.envelope(headers.len() as u64 + count * LINE, is_eight, random, truth);
        let pipelines_data = self.is_pipelining && !self.is_chunking && !options.open_all;
        if pipelines_data {
            groups.push(("DATA\r\n".to_owned(), self.server.go_ahead().to_owned()));
        }
        if self.is_pipelining {
            let (commands, replies) = groups.into_iter().unzip::<_, _, String, String>();
            groups = vec![(commands, replies)];
        }
        for (command, reply) in groups {
            say(turns, End::Client, random.around(MS), command);
            say(turns, End::Server, random.around(2 * MS), reply);
        }
        if options.open_all {
            turns.push_back(Turn::pause());
        }
        let is_taken = !random.percent(2.0);
        *(if is_taken { &mut truth.accepted } else { &mut truth.rejected }) += 1;
        if self.is_chunking {
            self.chunks(turns, &headers, body, random, truth);
        } else {
            if !pipelines_data {
                say(turns, End::Client, random.around(MS), "DATA\r\n".to_owned());
                let reply = self.server.go_ahead().to_owned();
                say(turns, End::Server, random.around(MS / 2), reply);
            }
            let stuffed = pool::stuffed(body.first, count);
            truth.octets += headers.len() as u64 + count * LINE - stuffed;
            let is_last = self.messages == 0 && self.ending == Ending::Quit;
            self.quit_sent = is_last && self.is_pipelining && random.percent(20.0);
            let tail = if self.quit_sent { &b".\r\nQUIT\r\n"[..] } else { b".\r\n" };
            turns.push_back(body.turn(random.around(MS), headers, tail));
        }
        let mut reply = self.server.message(is_taken, random);
        if self.quit_sent {
            reply.push_str(&self.server.farewell(&self.host()));
        }
        say(turns, End::Server, random.around(40 * MS), reply);
    }

    /// MAIL and RCPT with their replies.
    fn envelope(
        &self,
        size: u64,
        is_eight: bool,
        random: &mut Random,
        truth: &mut Truth,
    ) -> Vec<(String, String)> {
        let sender = format!("user{}@example.net", random.below(10_000));
        let mut line = format!("MAIL FROM:<{sender}> SIZE={size}");
        if is_eight {
            line.push_str(" BODY=8BITMIME");
        }
        let wants_dsn = self.server.has_dsn() && random.percent(10.0);
        if wants_dsn {
            let _ = write!(line, " RET=HDRS ENVID=QQ{:08x}", random.next() >> 32);
        }
        line.push_str("\r\n");
        let mut groups = vec![(line, self.server.sender_ok(&sender))];
        let mut more = true;
        while more && groups.len() < 40 {
            // The first is accepted, so that every message is sent.
            let is_known = groups.len() == 1 || !random.percent(10.0);
            let to = format!("box{}@example.org", random.below(100_000));
            let notify = if wants_dsn { " NOTIFY=SUCCESS,FAILURE" } else { "" };
            let reply = self.server.recipient(&to, is_known);
            groups.push((format!("RCPT TO:<{to}>{notify}\r\n"), reply));
            truth.recipients += 1;
            truth.recipients_accepted += u64::from(is_known);
            more = random.percent(25.0);
        }
        groups
    }

    fn headers(&self, random: &mut Random) -> String {
        let (id, name) = (random.next(), self.client_name());
        format!(
            "Received: from host.example.net (host.example.net [203.0.113.7])\r\n\
             \tby {name} with ESMTP id {id:016x};\r\n\tThu, 1 Jan 2026 00:00:00 +0000\r\n\
             From: Sender <user@example.net>\r\nTo: Recipient <box@example.org>\r\n\
             Subject: Message {id}\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n\
             Message-ID: <{id:016x}@{name}>\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n"
        )
    }

    /// The message in one or two chunks; the reply to the last is not given.
    fn chunks(
        &self,
        turns: &mut VecDeque<Turn>,
        headers: &str,
        body: Body,
        random: &mut Random,
        truth: &mut Truth,
    ) {
        let octets = headers.len() as u64 + body.count * LINE;
        truth.octets += octets;
        if octets < 4000 || random.percent(60.0) {
            let head = format!("BDAT {octets} LAST\r\n{headers}");
            turns.push_back(body.turn(random.around(MS), head, b""));
            return;
        }
        let (front, back) = body.split();
        let octets = headers.len() as u64 + front.count * LINE;
        let head = format!("BDAT {octets}\r\n{headers}");
        turns.push_back(front.turn(random.around(MS), head, b""));
        say(turns, End::Server, random.around(MS), self.server.chunk_ok(octets));
        let head = format!("BDAT {} LAST\r\n", back.count * LINE);
        turns.push_back(back.turn(random.around(MS), head, b""));
    }
}

/// Lines of a pool.
#[derive(Clone, Copy)]
struct Body {
    kind: Kind,
    first: u64,
    count: u64,
}

impl Body {
    fn split(self) -> (Self, Self) {
        let front = self.count / 2;
        (
            Self { count: front, ..self },
            Self { first: self.first + front, count: self.count - front, ..self },
        )
    }

    fn turn(self, think: u64, head: String, tail: &'static [u8]) -> Turn {
        let (at, len) = (self.first * LINE, self.count * LINE);
        Turn::long(End::Client, think, head.into_bytes(), (self.kind, at, len), tail)
    }
}

fn say(turns: &mut VecDeque<Turn>, who: End, think: u64, text: String) {
    turns.push_back(Turn::long(who, think, text.into_bytes(), (Kind::Seven, 0, 0), b""));
}
