//! The names that reports give to values of a dialog (contract.md, "Report").

use crate::chunk::ViaKind;
use crate::dialog::session::{AuthOutcome, Initial, Outcome, Protocol, ResyncWhy, Transfer};
use crate::tls::Alert;
use std::borrow::Cow;

/// Those of severities, the worst first.
pub(super) const SEVERITIES: [&str; 3] = ["error", "warning", "note"];

/// A relay's.
pub(super) fn via(kind: ViaKind) -> &'static str {
    match kind {
        ViaKind::ProxyV1 => "proxy-v1",
        ViaKind::ProxyV2 => "proxy-v2",
        ViaKind::Socks5 => "socks5",
        ViaKind::HttpConnect => "http-connect",
    }
}

/// An outcome's.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Rejected => "rejected",
        Outcome::Aborted => "aborted",
        Outcome::Unknown => "unknown",
    }
}

/// A protocol's.
pub(super) fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Esmtp => "ESMTP",
        Protocol::Smtp => "SMTP",
        Protocol::Lmtp => "LMTP",
        Protocol::Unknown => "unknown",
    }
}

/// The outcome's of an AUTH.
pub(super) fn auth_outcome(outcome: AuthOutcome) -> &'static str {
    match outcome {
        AuthOutcome::Accepted => "accepted",
        AuthOutcome::Rejected => "rejected",
        AuthOutcome::Aborted => "aborted",
        AuthOutcome::Unknown => "unknown",
    }
}

/// An initial response's.
pub(super) fn initial(initial: Initial) -> &'static str {
    match initial {
        Initial::Absent => "none",
        Initial::Empty => "empty",
        Initial::Given => "given",
    }
}

/// The level's of an alert, or its number.
pub(super) fn alert_level(alert: &Alert) -> Cow<'static, str> {
    alert.level_name().map_or_else(|| alert.level.to_string().into(), Cow::from)
}

/// The description's of an alert, or its number.
pub(super) fn alert(alert: &Alert) -> Cow<'static, str> {
    alert.name().map_or_else(|| alert.description.to_string().into(), Cow::from)
}

/// The command's that sent a content.
pub(super) fn transfer(transfer: Transfer) -> &'static str {
    match transfer {
        Transfer::Data => "DATA",
        Transfer::Bdat => "BDAT",
    }
}

/// The cause's of a resynchronisation.
pub(super) fn why(why: ResyncWhy) -> &'static str {
    match why {
        ResyncWhy::Gap => "gap",
        ResyncWhy::ReplyMissing => "reply-missing",
        ResyncWhy::EndOfDataMissing => "end-of-data-missing",
        ResyncWhy::Parked => "parked",
    }
}
