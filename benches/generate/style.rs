//! What the common servers say, in their words.

use crate::random::Random;

/// Whose words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Postfix,
    Exim,
    Exchange,
    Sendmail,
}

const DATE: &str = "Thu, 1 Jan 2026 00:00:00 +0000";

impl Style {
    pub(crate) const ALL: [Self; 4] = [Self::Postfix, Self::Exim, Self::Exchange, Self::Sendmail];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postfix => "postfix",
            Self::Exim => "exim",
            Self::Exchange => "exchange",
            Self::Sendmail => "sendmail",
        }
    }

    /// Whether it takes (as a server) and sends (as a client) BDAT.
    pub(crate) fn chunks(self) -> bool {
        matches!(self, Self::Exim | Self::Exchange)
    }

    /// Whether it knows the parameters of DSN.
    pub(crate) fn has_dsn(self) -> bool {
        self != Self::Exim
    }

    pub(crate) fn greeting(self, host: &str) -> String {
        match self {
            Self::Postfix => format!("220 {host} ESMTP Postfix\r\n"),
            Self::Exim => format!("220 {host} ESMTP Exim 4.97 {DATE}\r\n"),
            Self::Exchange => {
                format!("220 {host} Microsoft ESMTP MAIL Service ready at {DATE}\r\n")
            }
            Self::Sendmail => format!("220 {host} ESMTP Sendmail 8.17.1/8.17.1; {DATE}\r\n"),
        }
    }

    /// The reply to EHLO.
    pub(crate) fn hello(self, host: &str, client: &str, ip: &str, with_auth: bool) -> String {
        let (first, mut keywords) = match self {
            Self::Postfix => (
                host.to_owned(),
                vec![
                    "PIPELINING",
                    "SIZE 10240000",
                    "VRFY",
                    "ETRN",
                    "ENHANCEDSTATUSCODES",
                    "8BITMIME",
                    "DSN",
                    "SMTPUTF8",
                ],
            ),
            Self::Exim => (
                format!("{host} Hello {client} [{ip}]"),
                vec!["SIZE 52428800", "8BITMIME", "PIPELINING", "CHUNKING", "HELP"],
            ),
            Self::Exchange => (
                format!("{host} Hello [{ip}]"),
                vec![
                    "SIZE 37748736",
                    "PIPELINING",
                    "DSN",
                    "ENHANCEDSTATUSCODES",
                    "8BITMIME",
                    "BINARYMIME",
                    "CHUNKING",
                ],
            ),
            Self::Sendmail => (
                format!("{host} Hello {client} [{ip}], pleased to meet you"),
                vec![
                    "ENHANCEDSTATUSCODES",
                    "PIPELINING",
                    "8BITMIME",
                    "SIZE",
                    "DSN",
                    "DELIVERBY",
                    "HELP",
                ],
            ),
        };
        if with_auth {
            keywords.insert(1, "AUTH PLAIN LOGIN");
        }
        let last = keywords.pop().unwrap_or("HELP");
        let mut reply = format!("250-{first}\r\n");
        for word in keywords {
            reply.extend(["250-", word, "\r\n"]);
        }
        reply.extend(["250 ", last, "\r\n"]);
        reply
    }

    pub(crate) fn sender_ok(self, sender: &str) -> String {
        match self {
            Self::Postfix => "250 2.1.0 Ok\r\n".to_owned(),
            Self::Exim => "250 OK\r\n".to_owned(),
            Self::Exchange => "250 2.1.0 Sender OK\r\n".to_owned(),
            Self::Sendmail => format!("250 2.1.0 <{sender}>... Sender ok\r\n"),
        }
    }

    pub(crate) fn recipient(self, to: &str, is_known: bool) -> String {
        match (self, is_known) {
            (Self::Postfix, true) => "250 2.1.5 Ok\r\n".to_owned(),
            (Self::Exim, true) => "250 Accepted\r\n".to_owned(),
            (Self::Exchange, true) => "250 2.1.5 Recipient OK\r\n".to_owned(),
            (Self::Sendmail, true) => format!("250 2.1.5 <{to}>... Recipient ok\r\n"),
            (Self::Postfix, false) => format!(
                "550 5.1.1 <{to}>: Recipient address rejected: User unknown in local recipient \
                 table\r\n"
            ),
            (Self::Exim, false) => "550 Unrouteable address\r\n".to_owned(),
            (Self::Exchange, false) => "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not \
                 found by SMTP address lookup\r\n"
                .to_owned(),
            (Self::Sendmail, false) => format!("550 5.1.1 <{to}>... User unknown\r\n"),
        }
    }

    pub(crate) fn go_ahead(self) -> &'static str {
        match self {
            Self::Postfix => "354 End data with <CR><LF>.<CR><LF>\r\n",
            Self::Exim => "354 Enter message, ending with \".\" on a line by itself\r\n",
            Self::Exchange => "354 Start mail input; end with <CRLF>.<CRLF>\r\n",
            Self::Sendmail => "354 Enter mail, end with \".\" on a line by itself\r\n",
        }
    }

    pub(crate) fn chunk_ok(self, octets: u64) -> String {
        match self {
            Self::Exchange => format!("250 2.6.0 CHUNK received OK, {octets} octets\r\n"),
            _ => format!("250 {octets} byte chunk received\r\n"),
        }
    }

    /// The reply to the end of a message.
    pub(crate) fn message(self, is_taken: bool, random: &mut Random) -> String {
        let id = random.next();
        match (self, is_taken) {
            (Self::Postfix, true) => format!("250 2.0.0 Ok: queued as {:011X}\r\n", id >> 20),
            (Self::Exim, true) => {
                format!("250 OK id=1t{:06x}-00000{:06x}-2C\r\n", id >> 40, id & 0xff_ffff)
            }
            (Self::Exchange, true) => format!(
                "250 2.6.0 <{id:016x}@exchange.example> [InternalId={}] Queued mail for \
                 delivery\r\n",
                id >> 16
            ),
            (Self::Sendmail, true) => {
                format!("250 2.0.0 4BC{:011X} Message accepted for delivery\r\n", id >> 20)
            }
            (Self::Exim, false) => "550 Administrative prohibition\r\n".to_owned(),
            (_, false) => "554 5.7.1 Message rejected as spam\r\n".to_owned(),
        }
    }

    pub(crate) fn farewell(self, host: &str) -> String {
        match self {
            Self::Postfix => "221 2.0.0 Bye\r\n".to_owned(),
            Self::Exim => format!("221 {host} closing connection\r\n"),
            Self::Exchange => "221 2.0.0 Service closing transmission channel\r\n".to_owned(),
            Self::Sendmail => format!("221 2.0.0 {host} closing connection\r\n"),
        }
    }
}
