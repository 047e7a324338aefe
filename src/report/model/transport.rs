//! What TCP saw of a session.

use super::BySide;
use serde::Serialize;

model! {
    /// What TCP saw. Bytes are unique payload bytes of the stream.
    pub struct Transport<'a> {
        /// From the first SYN to the end of the handshake.
        pub connect_us: Option<i64>,
        /// In the input.
        pub bytes: BySide,
        /// Not in the input.
        pub missing_bytes: BySide,
        /// Came again.
        pub retransmitted_bytes: BySide,
        /// Segments that came after a later one.
        pub out_of_order: BySide,
        /// Came again and differed; the first copy was used.
        pub conflicting_bytes: BySide,
        /// No handshake was seen.
        pub midstream: bool,
        /// From the place of the capture to each side and back, in microseconds, by the handshake.
        pub round_trip_us: TimeBySide,
        /// Counts of what was odd about segments; null where nothing was.
        pub odd: Option<Odd>,
        /// When the connection stood still by TCP's doing; the first ones.
        pub stalls: Vec<Stall<'a>>,
    }

    /// A time for each side, in microseconds.
    pub struct TimeBySide {
        /// The client's.
        pub client: Option<i64>,
        /// The server's.
        pub server: Option<i64>,
    }

    /// What was odd about the segments of each side.
    pub struct Odd {
        /// Sent again.
        pub retransmissions: BySide,
        /// Of those, after a retransmission time-out.
        pub timeouts: BySide,
        /// Of those, although acknowledged.
        pub spurious: BySide,
        /// Twice in the capture.
        pub duplicates: BySide,
        /// Overtaken by a later one.
        pub reordered: BySide,
        /// Times that the side closed its receive window.
        pub zero_windows: BySide,
        /// Keep-alives.
        pub keep_alives: BySide,
        /// SYNs sent again.
        pub syns: BySide,
    }

    /// A time in which the connection stood still.
    pub struct Stall<'a> {
        /// Why.
        #[cfg_attr(test, schemars(extend("enum" = ["zero-window", "retransmission-timeout", "hole"])))]
        pub cause: &'static str,
        /// Who had closed its window, sent again, or whose bytes were missing.
        #[cfg_attr(test, schemars(extend("enum" = ["client", "server"])))]
        pub side: &'static str,
        /// How long it was; null if it was not over.
        pub duration_us: Option<i64>,
        /// How often the segment was sent again.
        pub times: u32,
        /// When it began.
        pub at: Option<String>,
        /// Path of the input that the frame is in; only where the session did not begin there.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<&'a str>,
        /// Frame at which it began.
        pub frame: Option<u64>,
        /// Always null.
        pub line_no: Option<u64>,
    }
}
