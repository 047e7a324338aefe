//! Words of replies that name nobody.

/// Those of the replies of common servers, of protocols and of reasons to refuse; small letters,
/// in order.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "a", "abort", "aborted", "abuse", "accept", "acceptable", "accepted", "accepting", "access",
    "account", "accounts", "action", "active", "actively", "activity", "add", "additional",
    "address", "addresses", "administrative", "administrator", "after", "again", "agent", "alias",
    "aliased", "aliases", "all", "allow", "allowed", "already", "also", "although", "always",
    "amazon", "an", "and", "anonymous", "another", "any", "anything", "apr", "are", "as", "ascii",
    "ask", "at", "attachment", "attempt", "attempted", "attempts", "aug", "auth", "authenticate",
    "authenticated", "authentication", "authenticator", "authorized", "available", "back", "bad",
    "banned", "banner", "bare", "barracuda", "base64", "bdat", "be", "because", "been", "before",
    "begin", "being", "big", "binarymime", "blacklist", "blacklisted", "block", "blocked",
    "blocking", "blocklist", "body", "both", "bounce", "bounces", "broken", "but", "by", "bye",
    "byte", "bytes", "can", "cannot", "cant", "capability", "certificate", "characters", "check",
    "checks", "chunk", "chunking", "clean", "cleanup", "clear", "client", "close", "closed",
    "closing", "code", "com", "command", "commands", "communications", "complete", "completed",
    "complies", "comply", "concurrent", "configuration", "configured", "confirm", "connect",
    "connected", "connecting", "connection", "connections", "contact", "contain", "contains",
    "content", "continue", "control", "could", "couldnt", "count", "counts", "courier", "cr",
    "cram", "credentials", "crlf", "current", "currently", "cyrus", "daemon", "daily", "data",
    "database", "date", "day", "days", "debian", "dec", "decode", "decoding", "deferred", "delay",
    "delayed", "deliver", "delivered", "delivery", "denied", "deny", "destination", "details",
    "did", "different", "digest", "directly", "disabled", "disconnect", "disconnecting", "disk",
    "dkim", "dmarc", "dns", "dnsbl", "do", "does", "doesnt", "domain", "domains", "dont", "dovecot",
    "down", "dsn", "due", "duplicate", "during", "dynamic", "each", "ehlo", "eight", "either",
    "else", "email", "empty", "enabled", "encoding", "encrypt", "encrypted", "encryption", "end",
    "ended", "ending", "ends", "enough", "enter", "envelope", "error", "errors", "esmtp", "esmtpa",
    "esmtpd", "esmtps", "esmtpsa", "etrn", "even", "ever", "every", "exceed", "exceeded", "exceeds",
    "exchange", "exim", "exist", "exists", "expected", "expired", "expn", "extension", "extensions",
    "external", "fail", "failed", "fails", "failure", "feb", "few", "file", "filter", "filtering",
    "final", "find", "first", "five", "flags", "following", "for", "forbidden", "format", "forward",
    "forwarding", "found", "four", "fqdn", "freebsd", "fri", "from", "full", "fully", "further",
    "gb", "general", "get", "give", "gmt", "gnu", "go", "going", "good", "goodbye", "google", "got",
    "graylisted", "greylist", "greylisted", "greylisting", "gsmtp", "gssapi", "had", "half",
    "handshake", "haraka", "has", "have", "he", "header", "headers", "hello", "helo", "help",
    "hence", "here", "high", "hmailserver", "host", "hostname", "hosts", "hour", "hours", "how",
    "html", "http", "https", "hundred", "id", "identity", "idle", "if", "ignored", "implemented",
    "in", "inactive", "inbound", "incoming", "incorrect", "info", "information", "input",
    "insecure", "insufficient", "internal", "international", "internationalised",
    "internationalization", "internationalized", "into", "invalid", "ip", "ironport", "is", "isnt",
    "issue", "it", "its", "jan", "jul", "jun", "junk", "just", "kb", "kbytes", "key", "known",
    "lan", "large", "last", "later", "learn", "length", "less", "level", "lf", "lhlo", "like",
    "limit", "limited", "limits", "line", "lines", "linux", "list", "listed", "listing", "lmtp",
    "load", "local", "locked", "log", "logged", "login", "long", "longer", "lookup", "loop", "lost",
    "mail", "mailbox", "mailboxes", "maildir", "mailenable", "mailgun", "mails", "malformed",
    "malicious", "malware", "many", "map", "maps", "mar", "match", "maximum", "may", "mb", "mean",
    "means", "mechanism", "mechanisms", "meet", "memory", "message", "messages", "method",
    "microsoft", "million", "mime", "mimecast", "min", "mins", "minute", "minutes", "missing",
    "mode", "moment", "mon", "month", "monthly", "months", "more", "moved", "ms", "much", "must",
    "mx", "name", "names", "nd", "need", "needed", "neither", "nested", "net", "netbsd", "network",
    "never", "new", "next", "nine", "no", "none", "nonexistent", "noop", "nor", "normal", "not",
    "nothing", "nov", "now", "ntlm", "null", "number", "oct", "octet", "octets", "of", "off",
    "offered", "often", "ok", "okay", "on", "once", "one", "only", "open", "openbsd", "opening",
    "opensmtpd", "operation", "option", "or", "order", "ordered", "org", "originator", "other",
    "others", "our", "out", "outbound", "outgoing", "outlook", "over", "parameter", "parameters",
    "parse", "part", "parts", "password", "path", "pending", "per", "permanent", "permanently",
    "permission", "permitted", "piece", "pieces", "pipelining", "place", "places", "plain",
    "please", "pleased", "point", "points", "policy", "port", "possible", "postfix", "prdr",
    "precede", "previous", "problem", "procedure", "processed", "processing", "prohibited",
    "proofpoint", "protected", "protocol", "provide", "ptr", "qmail", "qualified", "question",
    "questions", "queue", "queued", "quit", "quota", "rate", "rcpt", "rd", "reached", "read",
    "reading", "ready", "reason", "receive", "received", "receiving", "recent", "recently",
    "recipient", "recipients", "recognised", "recognized", "record", "records", "refused", "reject",
    "rejected", "rejecting", "rejects", "relay", "relayed", "relaying", "remote", "remove", "reply",
    "report", "reputation", "request", "requested", "require", "required", "requirement",
    "requirements", "requires", "requiretls", "reset", "resolve", "resource", "resources",
    "response", "restricted", "retry", "return", "reverse", "route", "rset", "rule", "running",
    "said", "same", "sat", "say", "says", "scan", "scanned", "sec", "second", "seconds", "secs",
    "secure", "security", "see", "seldom", "send", "sender", "senders", "sendgrid", "sending",
    "sendmail", "sent", "sep", "sequence", "server", "service", "services", "session", "seven",
    "she", "should", "shutdown", "sign", "signature", "since", "six", "size", "sizes", "slow",
    "slowly", "smtp", "smtpd", "smtps", "smtpsvc", "smtputf8", "so", "some", "something", "soon",
    "source", "space", "spam", "specified", "spf", "spool", "ssl", "st", "start", "starting",
    "starttls", "state", "status", "still", "storage", "store", "stored", "stream", "strict",
    "string", "such", "sun", "support", "suspected", "suspended", "suspicious", "symantec",
    "syntax", "system", "systems", "table", "tell", "temporarily", "temporary", "ten", "terminated",
    "text", "th", "than", "thank", "thanks", "that", "the", "their", "them", "then", "there",
    "therefore", "these", "they", "this", "those", "though", "thousand", "three", "throttle",
    "throttled", "throttling", "thu", "thus", "time", "timed", "timeout", "tls", "to", "today",
    "told", "too", "tool", "total", "traffic", "transaction", "transfer", "transmission",
    "transport", "trend", "try", "trying", "tue", "two", "type", "ubuntu", "unable",
    "unauthenticated", "unauthorized", "unavailable", "unexpected", "unique", "unix", "unknown",
    "unless", "unlike", "unreachable", "unrecognized", "unroutable", "unsolicited", "unsupported",
    "until", "up", "upgrade", "url", "use", "used", "user", "username", "users", "using", "utc",
    "utf", "utf8", "valid", "verification", "verified", "verify", "version", "via", "violation",
    "virtual", "virus", "visit", "vrfy", "wait", "waiting", "wan", "warning", "was", "way", "we",
    "wed", "week", "weekly", "weeks", "welcome", "well", "what", "when", "where", "whether",
    "which", "while", "who", "whole", "whom", "whose", "why", "will", "windows", "with", "within",
    "without", "wont", "work", "would", "write", "writing", "wrong", "www", "xclient", "xforward",
    "yes", "yet", "you", "your", "yourself", "zero", "zimbra",
];

/// Whether `word` names nobody: it is in the list, in any case, or a number.
pub(super) fn is_harmless(word: &[u8]) -> bool {
    // Rows of X stand where somebody has written over what was there.
    if word.iter().all(u8::is_ascii_digit) || word.iter().all(|octet| matches!(octet, b'X' | b'x'))
    {
        return true;
    }
    let Ok(word) = str::from_utf8(word) else { return false };
    let word = word.to_ascii_lowercase();
    WORDS.binary_search(&word.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_in_order() {
        let wrong: Vec<_> = WORDS.windows(2).filter(|pair| pair[0] >= pair[1]).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(is_harmless(b"Queued") && is_harmless(b"250") && !is_harmless(b"alice"));
    }
}
