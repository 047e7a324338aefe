//! Dialogs as other tools write them: one small reader a dialect, all behind one interface.
//!
//! In: the lines of a file, one by one, with what surrounds them peeled off. Out: who said what in
//! which session. A dialect knows how its tool writes a line ([`ReadLines`]) and what that leaves
//! out ([`Shows`](crate::chunk::Shows)); sessions, directions and what is missing are the business
//! of the [`Hub`], and which dialect a file is in that of [`detect`].
//!
//! To add one: write its file, and name it in [`ALL`].

mod arrows;
mod curl;
mod curl_trace;
pub(super) mod detect;
mod exchange;
mod exim;
mod few;
mod follow;
mod haraka;
mod hmailserver;
mod hub;
mod iis;
mod javamail;
mod letters;
mod literal;
mod mdaemon;
mod net_smtp;
mod nodemailer;
mod oauth2_proxy;
mod opensmtpd;
mod payload;
mod peel;
mod phpmailer;
mod pieces;
mod postfix_debug;
mod postfix_notice;
mod ruby;
mod sendmail_x;
mod simplesmtp;
mod smtp_cli;
mod smtp_server;
mod smtplib;
mod stalwart;
mod stamp;
mod subethasmtp;
mod swaks;
mod tcpdump;
mod tcpflow;
mod tshark;
mod unmarked;

use crate::chunk::{End, Shows, Side, Sides};
use std::net::SocketAddr;

pub(super) use hub::{Happens, Hub, Ready};
pub(super) use payload::is_veil;
pub(super) use peel::Peel;
pub(super) use stamp::Time;

/// All foreign dialects. Of two that like a file equally well, the first is taken.
pub(super) static ALL: &[&Foreign] = &[
    &arrows::ARROWS,
    &arrows::CRYSTAL,
    &arrows::SKETCH,
    &curl::CURL,
    &curl_trace::CURL_TRACE,
    &exchange::EXCHANGE,
    &exim::EXIM,
    &follow::FOLLOW,
    &haraka::HARAKA,
    &hmailserver::HMAILSERVER,
    &iis::IIS,
    &javamail::JAVAMAIL,
    &letters::LETTERS,
    &mdaemon::MDAEMON,
    &net_smtp::NET_SMTP,
    &nodemailer::NODEMAILER,
    &oauth2_proxy::OAUTH2_PROXY,
    &opensmtpd::OPENSMTPD,
    &phpmailer::PHPMAILER,
    &postfix_debug::POSTFIX_DEBUG,
    &postfix_notice::POSTFIX_NOTICE,
    &ruby::RUBY,
    &sendmail_x::SENDMAIL_X,
    &simplesmtp::SIMPLESMTP,
    &smtp_cli::SMTP_CLI,
    &smtp_server::SMTP_SERVER,
    &smtplib::SMTPLIB,
    &stalwart::STALWART,
    &subethasmtp::SUBETHASMTP,
    &swaks::SWAKS,
    &tcpdump::TCPDUMP,
    &tcpflow::TCPFLOW,
    &tshark::TSHARK,
    &unmarked::UNMARKED,
];

/// How one tool writes dialogs.
#[derive(Debug)]
pub(super) struct Foreign {
    /// Its name in reports and for `--dialect`.
    pub(super) name: &'static str,
    /// Whose texts these are, for `--dialect list`.
    pub(super) title: &'static str,
    /// What its texts show of a dialog.
    pub(super) shows: Shows,
    /// What it shows of mail data.
    pub(super) content: Content,
    /// Which side [`Who::Out`] is while no line of a session has told.
    pub(super) out: Side,
    /// How much a line, peeled, looks like this dialect.
    pub(super) likeness: fn(&[u8]) -> Likeness,
    /// A reader at the beginning of a file.
    pub(super) reader: fn() -> Box<dyn ReadLines>,
}

/// What a dialect shows of mail data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// All lines, and the dot.
    Shown,
    /// The dot, but not the lines before it.
    Dot,
    /// Neither.
    Hidden,
}

/// How much a line looks like a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// No file of the dialect has such a line.
    Against,
    /// It is none of its lines.
    No,
    /// It may be one; so may many others.
    Weak,
    /// It has the dialect's mark, with something that is no SMTP for sure behind it.
    Marked,
    /// It has the dialect's mark, and a command or a reply behind it: hardly any other text has
    /// such a line.
    Sure,
}

/// Reads the lines of one file.
pub(super) trait ReadLines: Send {
    /// Takes the next line, peeled, without its line end. What it holds goes to `out`; a line for
    /// which `out` is given nothing belongs to no dialog, and is counted as such.
    fn line(&mut self, line: &[u8], out: &mut Out<'_>);

    /// The file is over: what was held back goes to `out`.
    fn end(&mut self, _out: &mut Out<'_>) {}
}

/// Who said a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// The side that sends commands.
    Client,
    /// The side that sends replies.
    Server,
    /// The side whose log this is, or the arrow of that name: the first line of a session that is
    /// a reply or a command says which side that is.
    Out,
    /// The other one.
    In,
}

impl From<Side> for Who {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => Self::Client,
            Side::Server => Self::Server,
        }
    }
}

/// Takes what a line of a file holds.
pub(super) struct Out<'a> {
    hub: &'a mut Hub,
    /// The number of the line.
    number: u64,
    time: Option<Time>,
    used: bool,
}

impl<'a> Out<'a> {
    /// For the line of this number.
    pub(super) fn new(hub: &'a mut Hub, number: u64) -> Self {
        Self { hub, number, time: None, used: false }
    }

    /// Whether the line said anything.
    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    /// The number of the line, for one that is held back.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// What comes next was in the line of this number.
    pub(super) fn of_line(&mut self, number: u64) {
        self.number = number;
    }

    /// The time at which the line was written.
    pub(super) fn at(&mut self, time: Option<Time>) {
        self.time = time;
    }

    /// `who` said `text`, a line of the dialog without its end, in the session `key`: empty where
    /// a file has one session after the other.
    pub(super) fn say(&mut self, key: &[u8], who: Who, text: &[u8]) {
        self.used = true;
        self.hub.say(key, who, text, self.number, self.time);
    }

    /// The same, of a line in which a secret is hidden or that was left out for being one.
    pub(super) fn say_masked(&mut self, key: &[u8], who: Who, text: &[u8]) {
        self.used = true;
        self.hub.say_masked(key, who, text, self.number, self.time);
    }

    /// Mail data that the text leaves out, so many bytes if it says.
    pub(super) fn elided(&mut self, key: &[u8], bytes: Option<u64>) {
        self.used = true;
        self.hub.elided(key, bytes, self.number, self.time);
    }

    /// A connection begins: what goes on under this key ends.
    pub(super) fn begin(&mut self, key: &[u8], peers: Option<Sides<SocketAddr>>) {
        self.used = true;
        self.hub.begin(key, peers, self.number, self.time);
    }

    /// The session ends, in this way if the text says.
    pub(super) fn end(&mut self, key: &[u8], end: Option<End>) {
        self.used = true;
        self.hub.end(key, end, self.time);
    }

    /// The line belongs to the log, though it says nothing of the dialog.
    pub(super) fn aside(&mut self) {
        self.used = true;
    }
}
