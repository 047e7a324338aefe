//! The options that say which sessions are reported.

use clap::Args;
use smtp_audit::report::filter::{Codes, Filter, Mailbox, Numbers, Since, Until};
use smtp_audit::rules::Host;

/// Which sessions are reported: those for which all of it holds.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which sessions are reported")]
pub(super) struct FilterArguments {
    /// With these numbers: `3`, or `3,7-9`; of a single one, the table format shows all of it
    #[arg(long, value_name = "N", value_parser = Numbers::parse)]
    session: Option<Numbers>,

    /// With this client: an address, a network, or a glob of names
    #[arg(long, value_name = "ADDR|NET", value_parser = host)]
    client: Option<Host>,

    /// With this server: an address, a network, or a glob of names
    #[arg(long, value_name = "ADDR|NET", value_parser = host)]
    server: Option<Host>,

    /// With a message from such a mailbox; `<>` is the empty one
    #[arg(long, value_name = "GLOB", value_parser = mailbox)]
    from: Option<Mailbox>,

    /// With such a recipient
    #[arg(long, value_name = "GLOB", value_parser = mailbox)]
    rcpt: Option<Mailbox>,

    /// With such a reply: `550`, `55x` or `5xx`, or one of a list of them
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = Codes::parse)]
    code: Vec<Codes>,

    /// Not over before: `2026-11-21T10:00:00Z`, without a zone (then UTC), a date, or a time of day
    #[arg(long, value_name = "T", value_parser = Since::parse)]
    since: Option<Since>,

    /// Begun no later; of a date, its last moment
    #[arg(long, value_name = "T", value_parser = Until::parse)]
    until: Option<Until>,
}

impl FilterArguments {
    /// What they ask for.
    pub(super) fn filter(&self) -> Filter {
        Filter {
            numbers: self.session.clone(),
            client: self.client.clone(),
            server: self.server.clone(),
            from: self.from.clone(),
            rcpt: self.rcpt.clone(),
            codes: self.code.clone(),
            since: self.since,
            until: self.until,
        }
    }

    /// Whether a single session is asked for.
    pub(super) fn is_single(&self) -> bool {
        self.session.as_ref().is_some_and(|numbers| numbers.single().is_some())
    }
}

// As clap wants it.
#[allow(clippy::unnecessary_wraps)]
fn mailbox(text: &str) -> Result<Mailbox, String> {
    Ok(Mailbox::parse(text))
}

fn host(text: &str) -> Result<Host, String> {
    // What has no letter is meant as an address.
    let is_name = |name: &str| name.contains(|c: char| c.is_ascii_alphabetic() || "*?".contains(c));
    Host::parse(text)
        .filter(|host| matches!(host, Host::Net(..)) || is_name(text))
        .ok_or_else(|| String::from("not an address, a network such as 192.0.2.0/24, or a name"))
}
