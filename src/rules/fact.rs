//! What a session may have, as far as it says which rules need not be asked.

/// Something that sessions have or have not. A rule names the rarest one without which it finds
/// nothing; sessions without it then cost it nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// It is a session.
    Any,
    /// No handshake was seen.
    Midstream,
    /// Something was odd about its segments, or it stood still by TCP's doing.
    Odd,
    /// Bytes are missing.
    Gaps,
    /// A message is larger than the client declared.
    OverDeclared,
    /// A reply of 4yz or 5yz to a command or as the greeting.
    Refused,
    /// A command without a reply.
    Unanswered,
    /// A reply that answers no command.
    Unsolicited,
    /// An extension was used.
    Extended,
    /// An extension was used that not every EHLO reply offers, or there may be more to it.
    Unoffered,
    /// A message is larger, or is said to be, than an EHLO reply permits.
    OverSize,
    /// SMTPUTF8 was used.
    Utf8,
    /// An EHLO reply offers what may not go together.
    OddOffers,
    /// An extension was used that few sessions use; enhanced status codes are of all.
    Uncommon,
    /// LIMITS was offered, and the client came near a limit or was refused something.
    Limits,
    /// It did not end with QUIT.
    NoQuit,
    /// A mail transaction was begun.
    Transaction,
    /// A message's content was sent.
    Content,
    /// Content in chunks.
    Chunks,
    /// Content that is empty, or of which octets are missing.
    LackingContent,
    /// Content with octets above 127.
    EightBit,
    /// Such octets in a body, and 8BITMIME may not be offered.
    EightBitUnoffered,
    /// Content without such octets, though 8BITMIME was used.
    SevenBit,
    /// More than one EHLO was accepted.
    HelloAgain,
    /// More than ten exchanges.
    Long,
    /// A command was sent before the reply to the one before it.
    Pipelined,
    /// TLS.
    Tls,
    /// AUTH was sent.
    Auth,
    /// AUTH is offered.
    AuthOffered,
    /// STARTTLS was offered and never sent.
    TlsUnused,
    /// To a port of submission (RFC 8314).
    Submission,
    /// A line that is no known command.
    Stray,
    /// A line of more than 512 octets.
    LongLine,
    /// A reply with a code that is in no RFC.
    OddCode,
    /// A reply whose text is longer than a line may be, or has many lines.
    LongReply,
    /// An enhanced status code, or what looks so, in the greeting or a reply to EHLO.
    EnhancedGreeting,
    /// An enhanced status code, although none was used where they were offered.
    EnhancedUnasked,
    /// An enhanced status code that the registry lacks.
    EnhancedOdd,
    /// ENHANCEDSTATUSCODES is offered.
    EnhancedOffered,
    /// A reply that might have an enhanced status code, of which some line has none, though they
    /// are offered.
    Unenhanced,
    /// A line of a command or a reply ended with LF alone.
    BareLf,
    /// Content in which something is rare: [`Message::odd`](crate::dialog::session::Message::odd).
    OddContent,
    /// For five seconds or more nothing new came.
    Slow,
    /// The server owed replies for some seconds, in all.
    Waits,
    /// The same, and the greeting or a reply took five seconds or never came.
    SlowReply,
    /// For half a minute or more nothing new came of a message's content.
    Paused,
    /// A reply with another code than nearly all servers have for the command, if it is no refusal;
    /// to QUIT, one that is not 221. The greeting, if it is not 220. A reply for one recipient.
    Unusual,
    /// A command that is not plain ([`is_plain`](crate::smtp::grammar::is_plain)): MAIL, RCPT, or one with a flaw. What the
    /// others have in their lines is letters and few signs, and nothing is wrong with it.
    Unplain,
    /// A command where it does not belong: MAIL before EHLO or inside a transaction, RCPT without
    /// MAIL, DATA or BDAT without RCPT, something behind QUIT; a line that is no known command; or
    /// content that began before DATA was answered.
    Disorder,
    /// An extension was used, and HELO.
    Helo,
    /// What was seen before the first command is not just a greeting: no greeting, or a client that
    /// did not wait for it; a slow handshake, a proxy, a port that is none of SMTP's.
    OddStart,
    /// The server was not the first to close the connection, or something came behind QUIT.
    OddEnd,
    /// There is no message, or one without content, or whose content has no end.
    Unfinished,
    /// Chunks and: more than one, one that is empty or not all there, a line behind one that is no
    /// command, a NUL, or a dot alone in the last line.
    OddChunks,
    /// Three messages or more, or as many recipients of one, and no pipelining.
    Unpipelined,
    /// A message to more than one recipient.
    Several,
    /// An extension of one vendor was used, or the second command was sent before the reply to the
    /// first.
    Vendor,
    /// Pipelining, and more than eight exchanges.
    Burst,
    /// A command that was sent before the reply to one that must be the last of a group.
    Barrier,
    /// The server calls itself as the client does, as far as a first look tells; or a message has
    /// thirty Received fields.
    Loop,
    /// EHLO with a name that has no top level of two letters, or three that are not `lan`.
    OddName,
}
