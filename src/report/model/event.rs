//! What JSON says of events.

#[cfg(test)]
use crate::report::events::NAMES;
use serde::Serialize;

model! {
    /// Something that happened in a session.
    pub struct Event<'a> {
        /// What: the points at which a mail server lets an agent act.
        #[cfg_attr(test, schemars(extend("enum" = NAMES)))]
        pub event: &'static str,
        /// When.
        pub at: Option<String>,
        /// Path of the input that the frame is in; only where the session did not begin there.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<&'a str>,
        /// Frame; null in a transcript, and where none shows it.
        pub frame: Option<u64>,
        /// Line; null in a capture.
        pub line_no: Option<u64>,
        /// Since the event before it.
        pub delta_us: Option<i64>,
        /// Index into `exchanges`.
        pub exchange: Option<u32>,
        /// Code of the reply to it; of `reject`, its own.
        pub code: Option<u16>,
    }
}
