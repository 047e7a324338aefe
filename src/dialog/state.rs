//! The state of an SMTP session as its server sees it: a small plain value, changed by replies,
//! never by commands alone.

use super::session::Protocol;
use crate::smtp::command::Verb;

/// What the server knows when it meets a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The greeting was seen.
    pub greeted: bool,
    /// By which accepted command the client introduced itself since the start or the last
    /// STARTTLS.
    pub hello: Protocol,
    /// Inside TLS.
    pub tls: bool,
    /// AUTH was accepted.
    pub authenticated: bool,
    /// A transaction is open: MAIL was accepted.
    pub mail: bool,
    /// Recipients sent in the open transaction.
    pub rcpt_sent: u32,
    /// Recipients accepted in the open transaction.
    pub rcpt_accepted: u32,
    /// Chunks of the open transaction were accepted.
    pub bdat: bool,
    /// QUIT or 421: the connection is closing.
    pub closing: bool,
    /// Something before is missing from the input: the state is inferred.
    pub inferred: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            greeted: false,
            hello: Protocol::Unknown,
            tls: false,
            authenticated: false,
            mail: false,
            rcpt_sent: 0,
            rcpt_accepted: 0,
            bdat: false,
            closing: false,
            inferred: false,
        }
    }
}

impl State {
    /// The state after `verb` was answered with `code` (RFC 5321 §3, §4.1.4). `last` is for
    /// BDAT: the chunk was the last.
    #[must_use]
    pub fn after(mut self, verb: Verb, code: u16, last: bool) -> Self {
        self.answer(verb, code, last);
        self
    }

    /// Goes on to [`Self::after`] in place.
    // Each reply does.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn answer(&mut self, verb: Verb, code: u16, last: bool) {
        let positive = code / 100 == 2;
        match verb {
            Verb::Ehlo | Verb::Helo | Verb::Lhlo if positive => {
                self.hello = Protocol::of(verb);
                self.end_transaction();
            }
            Verb::Mail | Verb::Send | Verb::Soml | Verb::Saml if positive => {
                self.end_transaction();
                self.mail = true;
            }
            Verb::Rcpt => {
                self.rcpt_sent = self.rcpt_sent.saturating_add(1);
                if positive {
                    self.rcpt_accepted = self.rcpt_accepted.saturating_add(1);
                }
            }
            Verb::Bdat if positive && last => self.end_transaction(),
            Verb::Bdat if positive => self.bdat = true,
            Verb::Rset if positive => self.end_transaction(),
            // RFC 3207 §4.2: both sides forget everything.
            Verb::Starttls if positive => {
                *self =
                    Self { greeted: true, tls: true, inferred: self.inferred, ..Self::default() };
            }
            Verb::Auth if positive => self.authenticated = true,
            Verb::Quit if positive => self.closing = true,
            _ => {}
        }
        if code == 421 {
            self.closing = true;
        }
    }

    /// The state after the end of mail data was answered: the transaction is over, whatever
    /// the code (RFC 5321 §4.1.1.4).
    #[must_use]
    pub fn after_data(mut self, code: u16) -> Self {
        self.answer_data(code);
        self
    }

    /// Goes on to [`Self::after_data`] in place.
    pub(super) fn answer_data(&mut self, code: u16) {
        self.end_transaction();
        self.closing |= code == 421;
    }

    fn end_transaction(&mut self) {
        self.mail = false;
        self.rcpt_sent = 0;
        self.rcpt_accepted = 0;
        self.bdat = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(steps: &[(Verb, u16)]) -> State {
        steps.iter().fold(State::default(), |state, &(verb, code)| state.after(verb, code, false))
    }

    #[test]
    fn changes_on_replies_not_on_commands() {
        let open =
            run(&[(Verb::Ehlo, 250), (Verb::Mail, 250), (Verb::Rcpt, 550), (Verb::Rcpt, 250)]);
        assert!(open.mail && open.rcpt_sent == 2 && open.rcpt_accepted == 1);
        let refused = run(&[(Verb::Ehlo, 500), (Verb::Mail, 550)]);
        assert!(!refused.mail && refused.hello == Protocol::Unknown);
    }

    #[test]
    fn a_refused_ehlo_keeps_the_transaction() {
        let state =
            run(&[(Verb::Helo, 250), (Verb::Mail, 250), (Verb::Rcpt, 250), (Verb::Ehlo, 501)]);
        assert!(state.mail && state.rcpt_accepted == 1 && state.hello == Protocol::Smtp);
    }

    #[test]
    fn starttls_forgets_all_and_421_closes() {
        let state = run(&[(Verb::Ehlo, 250), (Verb::Auth, 235), (Verb::Starttls, 220)]);
        assert!(state.tls && !state.authenticated && state.hello == Protocol::Unknown);
        assert!(run(&[(Verb::Noop, 421)]).closing);
    }

    #[test]
    fn the_end_of_data_ends_the_transaction_whatever_the_code() {
        let open = run(&[(Verb::Mail, 250), (Verb::Rcpt, 250)]);
        assert!(!open.after_data(554).mail && !open.after(Verb::Bdat, 250, true).mail);
        assert!(open.after(Verb::Bdat, 250, false).bdat && open.after(Verb::Data, 503, false).mail);
    }
}
