//! The table of enhanced status codes: what subject and detail mean, whatever the class.
//!
//! In: a subject and a detail. Out: the row of the table. From IANA's registry "Simple Mail
//! Transfer Protocol (SMTP) Enhanced Status Codes", which RFC 3463 began and RFC 5248 set up. Of
//! the RFCs that it names, 6531 and 8689 were at hand.

/// One row: `X.subject.detail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The second number.
    pub subject: u16,
    /// The third number.
    pub detail: u16,
    /// Its text in the registry.
    pub text: &'static str,
    /// What defines it.
    pub rfc: &'static str,
}

const fn row(subject: u16, detail: u16, text: &'static str, rfc: &'static str) -> Status {
    Status { subject, detail, text, rfc }
}

const BASE: &str = "RFC 3463";

/// All rows, by subject and detail.
const ALL: &[Status] = &[
    row(0, 0, "Other undefined Status", BASE),
    row(1, 0, "Other address status", BASE),
    row(1, 1, "Bad destination mailbox address", BASE),
    row(1, 2, "Bad destination system address", BASE),
    row(1, 3, "Bad destination mailbox address syntax", BASE),
    row(1, 4, "Destination mailbox address ambiguous", BASE),
    row(1, 5, "Destination address valid", BASE),
    row(1, 6, "Destination mailbox has moved, No forwarding address", BASE),
    row(1, 7, "Bad sender's mailbox address syntax", BASE),
    row(1, 8, "Bad sender's system address", BASE),
    row(1, 9, "Message relayed to non-compliant mailer", "RFC 5248"),
    row(1, 10, "Recipient address has null MX", "RFC 7505"),
    row(2, 0, "Other or undefined mailbox status", BASE),
    row(2, 1, "Mailbox disabled, not accepting messages", BASE),
    row(2, 2, "Mailbox full", BASE),
    row(2, 3, "Message length exceeds administrative limit", BASE),
    row(2, 4, "Mailing list expansion problem", BASE),
    row(3, 0, "Other or undefined mail system status", BASE),
    row(3, 1, "Mail system full", BASE),
    row(3, 2, "System not accepting network messages", BASE),
    row(3, 3, "System not capable of selected features", BASE),
    row(3, 4, "Message too big for system", BASE),
    row(3, 5, "System incorrectly configured", BASE),
    row(3, 6, "Requested priority was changed", "RFC 6710"),
    row(4, 0, "Other or undefined network or routing status", BASE),
    row(4, 1, "No answer from host", BASE),
    row(4, 2, "Bad connection", BASE),
    row(4, 3, "Directory server failure", BASE),
    row(4, 4, "Unable to route", BASE),
    row(4, 5, "Mail system congestion", BASE),
    row(4, 6, "Routing loop detected", BASE),
    row(4, 7, "Delivery time expired", BASE),
    row(5, 0, "Other or undefined protocol status", BASE),
    row(5, 1, "Invalid command", BASE),
    row(5, 2, "Syntax error", BASE),
    row(5, 3, "Too many recipients", BASE),
    row(5, 4, "Invalid command arguments", BASE),
    row(5, 5, "Wrong protocol version", BASE),
    row(5, 6, "Authentication Exchange line is too long", "RFC 4954"),
    row(6, 0, "Other or undefined media error", BASE),
    row(6, 1, "Media not supported", BASE),
    row(6, 2, "Conversion required and prohibited", BASE),
    row(6, 3, "Conversion required but not supported", BASE),
    row(6, 4, "Conversion with loss performed", BASE),
    row(6, 5, "Conversion Failed", BASE),
    row(6, 6, "Message content not available", "RFC 4468"),
    row(6, 7, "Non-ASCII addresses not permitted for that sender/recipient", "RFC 6531"),
    row(6, 8, "UTF-8 string reply is required, but not permitted by the SMTP client", "RFC 6531"),
    row(
        6,
        9,
        "UTF-8 header message cannot be transferred to one or more recipients, so the message \
         must be rejected",
        "RFC 6531",
    ),
    row(6, 10, "This is a duplicate of X.6.8 and is thus deprecated", "RFC 6531"),
    row(7, 0, "Other or undefined security status", BASE),
    row(7, 1, "Delivery not authorized, message refused", BASE),
    row(7, 2, "Mailing list expansion prohibited", BASE),
    row(7, 3, "Security conversion required but not possible", BASE),
    row(7, 4, "Security features not supported", BASE),
    row(7, 5, "Cryptographic failure", BASE),
    row(7, 6, "Cryptographic algorithm not supported", BASE),
    row(7, 7, "Message integrity failure", BASE),
    row(7, 8, "Authentication credentials invalid", "RFC 4954"),
    row(7, 9, "Authentication mechanism is too weak", "RFC 4954"),
    row(7, 10, "Encryption Needed", "RFC 5248"),
    row(7, 11, "Encryption required for requested authentication mechanism", "RFC 4954"),
    row(7, 12, "A password transition is needed", "RFC 4954"),
    row(7, 13, "User Account Disabled", "RFC 5248"),
    row(7, 14, "Trust relationship required", "RFC 5248"),
    row(7, 15, "Priority Level is too low", "RFC 6710"),
    row(7, 16, "Message is too big for the specified priority", "RFC 6710"),
    row(7, 17, "Mailbox owner has changed", "RFC 7293"),
    row(7, 18, "Domain owner has changed", "RFC 7293"),
    row(7, 19, "RRVS test cannot be completed", "RFC 7293"),
    row(7, 20, "No passing DKIM signature found", "RFC 7372"),
    row(7, 21, "No acceptable DKIM signature found", "RFC 7372"),
    row(7, 22, "No valid author-matched DKIM signature found", "RFC 7372"),
    row(7, 23, "SPF validation failed", "RFC 7372"),
    row(7, 24, "SPF validation error", "RFC 7372"),
    row(7, 25, "Reverse DNS validation failed", "RFC 7372"),
    row(7, 26, "Multiple authentication checks failed", "RFC 7372"),
    row(7, 27, "Sender address has null MX", "RFC 7505"),
    row(7, 28, "Mail flood detected", ""),
    row(7, 29, "ARC validation failure", "RFC 8617"),
    row(7, 30, "REQUIRETLS support required", "RFC 8689"),
];

/// All rows, by subject and detail.
#[must_use]
pub fn all() -> &'static [Status] {
    ALL
}

/// The row of `X.subject.detail`; `None` if the registry has none.
#[must_use]
pub fn lookup(subject: u16, detail: u16) -> Option<&'static Status> {
    let at = ALL.binary_search_by_key(&(subject, detail), |row| (row.subject, row.detail));
    ALL.get(at.ok()?)
}

/// Words of [`BITS`]: subjects.
const SUBJECTS: usize = 8;

/// A bit for the detail of each row, by subject.
const BITS: [u32; SUBJECTS] = {
    let mut bits = [0; SUBJECTS];
    let mut rest = ALL;
    while let [row, tail @ ..] = rest {
        if let Some((_, at)) = bits.split_at_mut_checked(row.subject as usize)
            && let Some(word) = at.first_mut()
        {
            *word |= 1_u32 << row.detail;
        }
        rest = tail;
    }
    bits
};

/// Whether the registry has `X.subject.detail`.
#[must_use]
pub fn is_registered(subject: u16, detail: u16) -> bool {
    let word = BITS.get(usize::from(subject)).copied().unwrap_or(0);
    word.checked_shr(u32::from(detail)).unwrap_or(0) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_searched() {
        assert!(ALL.is_sorted_by(|a, b| (a.subject, a.detail) < (b.subject, b.detail)));
        for row in ALL {
            assert_eq!(lookup(row.subject, row.detail), Some(row));
            assert!(row.rfc.is_empty() || row.rfc.starts_with("RFC "));
            assert!(!row.text.ends_with('.') && !row.text.is_empty());
        }
        assert_eq!(lookup(7, 30).map(|row| row.text), Some("REQUIRETLS support required"));
        assert_eq!(lookup(8, 0), None);
        for (subject, detail) in (0..20).flat_map(|subject| (0..70).map(move |n| (subject, n))) {
            let is_row = lookup(subject, detail).is_some();
            assert_eq!(is_registered(subject, detail), is_row, "{subject}.{detail}");
        }
    }
}
