//! The command line.

use crate::style::Style;
use std::str::FromStr;

pub(crate) const USAGE: &str = "\
generate [OPTIONS] FILE    writes a capture of SMTP traffic to FILE (`-` is standard output)

  --preset A|B|C|D       the captures of benches/README.md; options after it change it
  --scale X              times the size of the preset (or of --bytes, --sessions, --flood)
  --bytes N              stop after so many bytes (default 100000000)
  --sessions N           stop after so many SMTP sessions
  --smtp-share PERCENT   of the bytes; the rest is HTTPS and DNS (default 100)
  --message BYTES        mean size of a message (default 20000)
  --concurrency N        connections at once (default 200)
  --open-all             open --sessions sessions up to an accepted RCPT, then end them all
  --style LIST           of postfix,exim,exchange,sendmail (default: all)
  --auth PERCENT         of the sessions, on port 587 (default 10)
  --clean                every session ends with QUIT, and none has AUTH: nothing to complain of
  --ipv6 PERCENT         of the connections
  --faults PERCENT       of the segments with data: sent again, late, out of order, not captured
  --no-loss              --faults, but all is captured
  --flood N              so many SYNs to port 25 from as many ends, unanswered
  --clock-jump           the clock jumps by years, and back by seconds
  --pcapng, --nano       instead of pcap, of microseconds
  --seed N
  --verify               print what was generated as JSON on standard error
";

/// What to generate.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) file: String,
    pub(crate) bytes: Option<u64>,
    pub(crate) sessions: Option<u64>,
    pub(crate) smtp_share: f64,
    pub(crate) message: u64,
    pub(crate) concurrency: u64,
    pub(crate) open_all: bool,
    pub(crate) styles: Vec<Style>,
    pub(crate) auth: f64,
    pub(crate) clean: bool,
    pub(crate) ipv6: f64,
    pub(crate) faults: f64,
    pub(crate) no_loss: bool,
    pub(crate) flood: u64,
    pub(crate) clock_jump: bool,
    pub(crate) pcapng: bool,
    pub(crate) nano: bool,
    pub(crate) seed: u64,
    pub(crate) verify: bool,
    /// Messages of a session: one, or a few.
    pub(crate) is_one_message: bool,
    scale: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            file: String::new(),
            bytes: None,
            sessions: None,
            smtp_share: 100.0,
            message: 20_000,
            concurrency: 200,
            open_all: false,
            styles: Style::ALL.to_vec(),
            auth: 10.0,
            clean: false,
            ipv6: 0.0,
            faults: 0.0,
            no_loss: false,
            flood: 0,
            clock_jump: false,
            pcapng: false,
            nano: false,
            seed: 1,
            verify: false,
            is_one_message: false,
            scale: 1.0,
        }
    }
}

impl Options {
    /// Reads the command line; an error is what to tell the user.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments;
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name}: no value"));
            match name.as_str() {
                "--preset" => options.preset(&value()?)?,
                "--scale" => options.scale = number(&name, &value()?)?,
                "--bytes" => options.bytes = Some(number(&name, &value()?)?),
                "--sessions" => options.sessions = Some(number(&name, &value()?)?),
                "--smtp-share" => options.smtp_share = number(&name, &value()?)?,
                "--message" => options.message = number(&name, &value()?)?,
                "--concurrency" => options.concurrency = number(&name, &value()?)?,
                "--open-all" => options.open_all = true,
                "--style" => options.styles = styles(&value()?)?,
                "--auth" => options.auth = number(&name, &value()?)?,
                "--clean" => (options.clean, options.auth) = (true, 0.0),
                "--ipv6" => options.ipv6 = number(&name, &value()?)?,
                "--faults" => options.faults = number(&name, &value()?)?,
                "--no-loss" => options.no_loss = true,
                "--flood" => options.flood = number(&name, &value()?)?,
                "--clock-jump" => options.clock_jump = true,
                "--pcapng" => options.pcapng = true,
                "--nano" => options.nano = true,
                "--seed" => options.seed = number(&name, &value()?)?,
                "--verify" => options.verify = true,
                "-h" | "--help" => return Err(USAGE.to_owned()),
                _ if name.starts_with("--") => return Err(format!("{name}: unknown option")),
                _ if options.file.is_empty() => options.file = name,
                _ => return Err(format!("{name}: one file only")),
            }
        }
        options.check()
    }

    fn check(mut self) -> Result<Self, String> {
        if self.file.is_empty() {
            return Err(USAGE.to_owned());
        }
        if self.open_all && self.sessions.is_none() {
            return Err("--open-all needs --sessions".to_owned());
        }
        let scale = |count: u64| (count as f64 * self.scale) as u64;
        if self.bytes.is_none() && self.sessions.is_none() {
            self.bytes = Some(100_000_000);
        }
        self.bytes = self.bytes.map(scale);
        self.sessions = self.sessions.map(|count| scale(count).max(1));
        self.flood = scale(self.flood);
        self.concurrency = match self.sessions {
            Some(sessions) if self.open_all => sessions,
            _ => self.concurrency.max(1),
        };
        Ok(self)
    }

    fn preset(&mut self, name: &str) -> Result<(), String> {
        match name {
            "A" => (self.bytes, self.smtp_share) = (Some(1_100_000_000), 5.0),
            "B" => self.bytes = Some(1_000_000_000),
            "C" => {
                (self.sessions, self.message) = (Some(200_000), 920);
                (self.auth, self.is_one_message) = (0.0, true);
            }
            "D" => {
                (self.sessions, self.message) = (Some(50_000), 1450);
                (self.open_all, self.is_one_message) = (true, true);
            }
            _ => return Err(format!("--preset {name}: A, B, C or D")),
        }
        Ok(())
    }
}

fn number<T: FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name} {value}: not a number"))
}

fn styles(list: &str) -> Result<Vec<Style>, String> {
    let style = |name: &str| {
        Style::ALL
            .into_iter()
            .find(|style| style.name() == name)
            .ok_or_else(|| format!("--style {name}: postfix, exim, exchange or sendmail"))
    };
    list.split(',').map(style).collect()
}
