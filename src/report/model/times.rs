//! What reports say of time. Durations are microseconds.

use serde::Serialize;

model! {
    /// Who took how long. In a capture with the handshake, whose round trips are known.
    pub struct ExchangeTiming {
        /// The server: from when it had the command, and had answered those before it, to its
        /// reply.
        pub server_us: Option<i64>,
        /// The client: from when it had the whole reply before to the command, the content before
        /// `.` and of BDAT included; null where it did not wait for that reply.
        pub client_us: Option<i64>,
        /// On the way between the two.
        pub network_us: Option<i64>,
    }

    /// Where the time of a session went.
    pub struct Timing {
        /// From the first SYN to the end of the handshake.
        pub connect_us: Option<i64>,
        /// From there to the greeting.
        pub greeting_us: Option<i64>,
        /// From MAIL to the last reply before the content, over all messages.
        pub envelope_us: Option<i64>,
        /// From 354 or BDAT to the final reply, over all messages.
        pub data_us: Option<i64>,
        /// While the client was expected to go on.
        pub client_us: Option<i64>,
        /// While the server owed a reply.
        pub server_us: Option<i64>,
        /// While neither owed anything.
        pub idle_us: Option<i64>,
        /// Each moment, by what the session was about; null where it never was.
        pub phases_us: Phases,
        /// From the capture point to each side and back.
        pub round_trip_us: RoundTrip,
    }

    /// How long a session was in each phase.
    pub struct Phases {
        /// TCP's handshake.
        pub connect: Option<i64>,
        /// Until the greeting was there.
        pub greeting: Option<i64>,
        /// EHLO, HELO, LHLO.
        pub ehlo: Option<i64>,
        /// STARTTLS, and all inside TLS that was not read.
        pub tls: Option<i64>,
        /// AUTH.
        pub auth: Option<i64>,
        /// MAIL, RCPT, DATA.
        pub envelope: Option<i64>,
        /// Transfer of content.
        pub data: Option<i64>,
        /// Until the end of the content was answered.
        #[serde(rename = "final")]
        pub end_of_data: Option<i64>,
        /// QUIT, and the end after it.
        pub quit: Option<i64>,
        /// All else.
        pub other: Option<i64>,
    }

    /// Round trips from the capture point.
    pub struct RoundTrip {
        /// To the client and back.
        pub client: Option<i64>,
        /// To the server and back.
        pub server: Option<i64>,
        /// How they were measured; null where they are not known.
        #[cfg_attr(test, schemars(extend("enum" = ["handshake", null])))]
        pub measured: Option<&'static str>,
    }

    /// A distribution of durations.
    pub struct Latency {
        /// How many.
        pub count: u64,
        /// Median.
        pub p50: u64,
        /// 90th percentile.
        pub p90: u64,
        /// 99th percentile.
        pub p99: u64,
        /// The longest.
        pub max: u64,
    }

    /// Response times by server.
    pub struct Servers {
        /// Those with most replies.
        pub servers: Vec<Server>,
        /// All others together; null if there are none.
        pub others: Option<Latency>,
        /// How many others there are; null if they were too many to count.
        pub elided: Option<u64>,
    }

    /// One server.
    pub struct Server {
        /// Its address and port.
        pub server: String,
        /// Its response times.
        #[serde(flatten)]
        pub latency: Latency,
    }

    /// One of the slowest exchanges.
    pub struct Slow {
        /// Number of its session.
        pub session: u64,
        /// Its index in the session.
        pub exchange: u32,
        /// As in the exchange.
        pub verb: &'static str,
        /// Path of its input.
        pub input: String,
        /// Frame that completed the command; null in a transcript.
        pub frame: Option<u64>,
        /// Its line; null in a capture.
        pub line_no: Option<u64>,
        /// From there to the reply.
        pub latency_us: i64,
    }

    /// Sessions a minute.
    pub struct Rate {
        /// From the beginning of the first to that of the last.
        pub mean: f64,
        /// In the busiest minute.
        pub peak: u64,
        /// When that minute begins.
        pub peak_at: String,
    }
}
