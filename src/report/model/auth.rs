//! What is said of AUTH.

use serde::Serialize;

model! {
    /// The last AUTH of a session.
    pub struct Auth {
        /// SASL mechanism as the client wrote it.
        pub mechanism: String,
        /// Who; null if masked.
        pub identity: Option<String>,
        /// How it ended.
        #[cfg_attr(test, schemars(extend("enum" = ["accepted", "rejected", "aborted", "unknown"])))]
        pub outcome: &'static str,
        /// Number of AUTH commands in the session.
        pub attempts: u32,
        /// Those commands, the first 32 of them.
        pub attempts_list: Vec<AuthAttempt>,
    }

    /// An AUTH command and what followed it.
    pub struct AuthAttempt {
        /// SASL mechanism as the client wrote it.
        pub mechanism: String,
        /// What came with the command: nothing, `=`, or a response.
        #[cfg_attr(test, schemars(extend("enum" = ["none", "empty", "given"])))]
        pub initial_response: &'static str,
        /// Who; null if masked.
        pub identity: Option<String>,
        /// How it ended.
        #[cfg_attr(test, schemars(extend("enum" = ["accepted", "rejected", "aborted", "unknown"])))]
        pub outcome: &'static str,
        /// The code that decided it.
        pub code: Option<u16>,
        /// Index of its exchange; null if that was not kept.
        pub exchange: Option<u32>,
        /// What the two sides said to each other, in order.
        pub steps: Vec<AuthStep>,
    }

    /// A challenge or a response of an AUTH exchange.
    pub struct AuthStep {
        /// As the mechanism names it: `username`, `client-first`; `cancel` for `*`.
        pub name: &'static str,
        /// Who sent it.
        #[cfg_attr(test, schemars(extend("enum" = ["client", "server"])))]
        pub side: &'static str,
        /// Index of the exchange whose command or reply it is.
        pub exchange: u32,
        /// Where it stands in a capture.
        pub frame: Option<u64>,
        /// Where it stands in a transcript.
        pub line_no: Option<u64>,
        /// Octets of it in base64; null if a transcript does not say.
        pub octets: Option<u64>,
        /// What it says, only with `--show-secrets`; null also if it is not base64.
        pub decoded: Option<String>,
    }
}
