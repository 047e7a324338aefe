//! What the grammar can complain of. Which of them is a finding, and how grave, rules say.

use std::ops::Range;

/// One departure from the grammar and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong.
    pub defect: Defect,
    /// The bytes that are wrong; empty where something is missing.
    pub range: Range<usize>,
    /// What the grammar wants there.
    pub expected: &'static str,
}

/// Writes the enum, and for each variant whether it breaks the ABNF and whose rule it is.
macro_rules! defects {
    ($($(#[doc = $doc:literal])* $name:ident: $abnf:ident, $rule:literal;)*) => {
        /// A departure from the grammar, given with its place in the line.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Defect {
            $($(#[doc = $doc])* $name,)*
        }

        impl Defect {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Whether a line with it does not match the ABNF of its command or reply
            /// (RFC 5321 §4.1, §4.2; RFC 6531 §3.3 where SMTPUTF8 is in force). Extensions'
            /// own grammars and limits are not part of it.
            #[must_use]
            pub const fn breaks_abnf(self) -> bool {
                match self {
                    $(Self::$name => is_abnf(Part::$abnf),)*
                }
            }

            /// The id of the rule that it is for; `None` if the catalogue has none.
            #[must_use]
            pub const fn rule(self) -> Option<&'static str> {
                let id = match self {
                    $(Self::$name => $rule,)*
                };
                if id.is_empty() { None } else { Some(id) }
            }
        }
    };
}

/// Which part of the grammar a defect departs from.
#[derive(Clone, Copy)]
enum Part {
    /// The ABNF of the command or reply.
    Abnf,
    /// A limit, a SHOULD, or an extension's own grammar.
    Other,
}

const fn is_abnf(part: Part) -> bool {
    matches!(part, Part::Abnf)
}

defects! {
    // Lines.

    /// Nothing, or blanks alone.
    EmptyLine: Abnf, "command-empty-line";
    /// Blanks before the verb.
    LeadingSpace: Abnf, "command-leading-space";
    /// Blanks at the end.
    TrailingSpace: Abnf, "command-trailing-space";
    /// HTAB or several blanks where one SP belongs.
    TabSeparator: Abnf, "command-tab-separator";
    /// NUL.
    Nul: Abnf, "command-nul-byte";
    /// CR within the line.
    BareCr: Abnf, "command-bare-cr";
    /// Another control character.
    Control: Abnf, "command-control-character";
    /// Well-formed UTF-8 outside of an address where only ASCII is legal.
    EightBit: Abnf, "command-8bit-octet";
    /// Octets above 127 that are no well-formed UTF-8.
    InvalidUtf8: Abnf, "command-invalid-utf8";
    /// An argument to a verb that takes none.
    UnexpectedArgument: Abnf, "command-unexpected-argument";
    /// No argument to a verb that takes one.
    MissingArgument: Abnf, "command-missing-argument";
    /// No `FROM:` or `TO:`, or the wrong one of them.
    LabelMissing: Abnf, "command-missing-argument";
    /// The argument of VRFY, EXPN, HELP or NOOP is no String (RFC 5321 §4.1.2).
    StringInvalid: Abnf, "command-unexpected-argument";
    /// The argument of VRFY or EXPN is a mailbox or path: RFC 5321 §3.5.1 speaks of one, but its
    /// ABNF has no `@` in a String.
    StringIsMailbox: Abnf, "vrfy-expn-used";

    // EHLO, HELO and LHLO.

    /// No name.
    HeloNameMissing: Abnf, "helo-name-missing";
    /// Neither a Domain nor an address literal.
    HeloNameInvalid: Abnf, "helo-name-invalid";
    /// HELO with an address literal: only EHLO takes one.
    HeloLiteral: Abnf, "helo-name-invalid";
    /// An IPv4 address without brackets: it matches Domain.
    HeloBareIp: Other, "helo-name-bare-ip";
    /// An IPv6 address without brackets.
    HeloBareIpv6: Abnf, "helo-name-bare-ip";
    /// An IPv6 address in brackets without `IPv6:` that matches General-address-literal.
    Ipv6TagMissing: Other, "helo-ipv6-tag-missing";
    /// An IPv6 address in brackets without `IPv6:` that begins with a colon.
    Ipv6TagEmpty: Abnf, "helo-ipv6-tag-missing";

    // Paths.

    /// A mailbox without `<` and `>`.
    MissingBrackets: Abnf, "path-missing-brackets";
    /// Blanks between the colon of `FROM:` or `TO:` and the path (RFC 5321 §3.3).
    SpaceAfterColon: Abnf, "path-space-after-colon";
    /// Blanks between `FROM` or `TO` and the colon (RFC 5321 §3.3).
    SpaceBeforeColon: Abnf, "path-space-after-colon";
    /// A bracket or a quote too many or too few.
    Unbalanced: Abnf, "path-unbalanced";
    /// Text right behind the path.
    TrailingGarbage: Abnf, "path-trailing-garbage";
    /// Text before the path, as a display name.
    LeadingGarbage: Abnf, "path-trailing-garbage";
    /// A source route: legal, but no client should send one.
    SourceRoute: Other, "path-source-route";
    /// The local part is neither a Dot-string nor a Quoted-string.
    LocalPartInvalid: Abnf, "path-local-part-invalid";
    /// The domain is no Domain.
    DomainInvalid: Abnf, "path-domain-invalid";
    /// An address literal is malformed.
    LiteralInvalid: Abnf, "path-literal-invalid";
    /// A local part of more than 64 octets (RFC 5321 §4.5.3.1.1).
    LocalPartTooLong: Other, "path-local-part-too-long";
    /// A domain of more than 255 octets (RFC 5321 §4.5.3.1.2).
    DomainTooLong: Other, "path-domain-too-long";
    /// A path of more than 256 octets whose parts are not too long (RFC 5321 §4.5.3.1.3).
    PathTooLong: Other, "path-too-long";
    /// A label of more than 63 octets: no name in the DNS has one (RFC 1035).
    LabelTooLong: Other, "path-domain-invalid";
    /// No domain.
    DomainMissing: Abnf, "path-domain-missing";
    /// `RCPT TO:<>`.
    NullForwardPath: Abnf, "rcpt-null-path";
    /// UTF-8 in an address without SMTPUTF8.
    AddressUtf8NotNegotiated: Abnf, "address-utf8-not-negotiated";
    /// A label that begins with `xn--` and is no Punycode (RFC 3492).
    ALabelInvalid: Other, "address-alabel-invalid";

    // Parameters of MAIL and RCPT.

    /// Not `esmtp-keyword ["=" esmtp-value]`.
    ParamMalformed: Abnf, "param-malformed";
    /// The same keyword twice.
    ParamDuplicate: Other, "param-duplicate";
    /// RET, ENVID, NOTIFY or ORCPT twice (RFC 3461 §4.5).
    DsnParamRepeated: Other, "dsn-param-repeated";
    /// A keyword that no known extension defines.
    ParamUnknown: Other, "param-unknown";
    /// A keyword that belongs to the other of MAIL and RCPT.
    ParamWrongCommand: Other, "param-wrong-command";
    /// SIZE is not 1 to 20 digits.
    SizeInvalid: Other, "size-invalid";
    /// BODY is none of its words.
    BodyInvalid: Other, "body-invalid";
    /// SMTPUTF8 with a value.
    SmtpUtf8HasValue: Other, "smtputf8-has-value";
    /// NOTIFY is none of its words.
    NotifyInvalid: Other, "dsn-notify-invalid";
    /// NEVER beside other words.
    NotifyNeverCombined: Other, "dsn-notify-never-combined";
    /// ORCPT without type, not in xtext, or too long.
    OrcptInvalid: Other, "dsn-orcpt-invalid";
    /// RET is neither FULL nor HDRS.
    RetInvalid: Other, "dsn-ret-invalid";
    /// ENVID is not in xtext, or too long.
    EnvidInvalid: Other, "dsn-envid-invalid";
    /// BY is malformed, or in mode R without a positive time.
    DeliverByInvalid: Other, "deliverby-invalid";
    /// HOLDFOR or HOLDUNTIL is malformed.
    HoldInvalid: Other, "";
    /// HOLDFOR and HOLDUNTIL in one command.
    HoldConflict: Other, "futurerelease-conflict";
    /// MT-PRIORITY is not -9 to 9.
    PriorityInvalid: Other, "mt-priority-invalid";
    /// RRVS is malformed.
    RrvsInvalid: Other, "rrvs-invalid";
    /// REQUIRETLS with a value.
    RequireTlsHasValue: Other, "requiretls-has-value";
    /// AUTH of MAIL is not in xtext.
    MailAuthInvalid: Other, "mail-auth-param-invalid";
    /// SOLICIT is no list of solicitation keywords.
    SolicitInvalid: Other, "no-soliciting-invalid";
    /// Another parameter's value does not fit its own grammar.
    ParamValueInvalid: Other, "";

    // Arguments of extensions' commands.

    /// ETRN's argument is no domain and no queue.
    EtrnInvalid: Other, "etrn-syntax-invalid";
    /// BDAT's size is no number.
    BdatInvalid: Other, "bdat-syntax-invalid";
    /// BDAT without a size.
    BdatSizeMissing: Other, "bdat-size-missing";
    /// BDAT with a negative size, or with one beyond 64 bits.
    BdatSizeOverflow: Other, "bdat-size-overflow";
    /// BDAT with text other than LAST behind the size.
    BdatTrailingText: Other, "bdat-trailing-text";
    /// AUTH's mechanism cannot be one (RFC 4422 §3.1).
    AuthMechanismMalformed: Other, "auth-mechanism-malformed";
    /// AUTH's initial response is not in base64.
    AuthResponseInvalid: Other, "auth-response-base64-invalid";
    /// The argument of ATRN, BURL, XCLIENT or XFORWARD is malformed.
    ArgumentInvalid: Other, "";

    // Replies.

    /// Not three digits at the start of the line.
    ReplyMalformed: Abnf, "reply-malformed";
    /// The code's digits are not within 2-5, 0-5, 0-9.
    ReplyCodeOutOfRange: Abnf, "reply-code-out-of-range";
    /// Neither SP, hyphen nor end behind the code, or not the one that belongs there.
    ReplySeparatorInvalid: Abnf, "reply-separator-invalid";
    /// The last line has a hyphen behind its code.
    ReplyUnterminated: Abnf, "reply-multiline-unterminated";
    /// Not the code of the first line.
    ReplyCodeMismatch: Other, "reply-code-mismatch";
    /// The same in a greeting or EHLO reply, whose ABNF names the code.
    ReplyCodeStray: Abnf, "reply-code-mismatch";
    /// A control character, or NUL.
    ReplyControl: Abnf, "reply-control-character";
    /// A control character behind the domain of an EHLO reply's first line: legal there.
    EhloGreetControl: Other, "reply-control-character";
    /// CR within the line.
    ReplyBareCr: Abnf, "reply-bare-cr";
    /// An octet above 127.
    ReplyEightBit: Abnf, "reply-8bit-octet";
    /// Nothing.
    ReplyEmptyLine: Abnf, "reply-empty-line";
    /// A code alone: legal.
    ReplyTextMissing: Other, "reply-text-missing";
    /// SP and then nothing.
    ReplyTextEmpty: Abnf, "reply-text-missing";
    /// A greeting that does not begin with a domain or address literal.
    GreetingDomainMissing: Abnf, "greeting-domain-missing";
    /// A greeting that has stars where its domain belongs.
    GreetingMasked: Abnf, "middlebox-banner-masked";
    /// An EHLO reply that does not begin with a domain.
    EhloDomainMissing: Abnf, "ehlo-reply-domain-missing";
    /// No ehlo-keyword.
    EhloKeywordMalformed: Abnf, "ehlo-keyword-malformed";
    /// No ehlo-param behind a keyword, or blanks that do not belong there.
    EhloParamMalformed: Abnf, "ehlo-keyword-malformed";
    /// `AUTH=`, as before RFC 2554.
    EhloAuthEquals: Abnf, "ehlo-auth-equals-form";
    /// A parameter does not fit the grammar of its keyword.
    EhloParameterInvalid: Other, "ehlo-parameter-malformed";
    /// A parameter of a keyword that takes none.
    EhloParameterUnexpected: Other, "ehlo-parameter-unexpected";
    /// A limit that clients must ignore (RFC 9422).
    LimitIgnored: Other, "limits-ignored-as-malformed";
    /// The enhanced status code's class is not the reply code's.
    EnhancedClassMismatch: Other, "enhanced-code-class-mismatch";
    /// What stands for an enhanced status code is none.
    EnhancedMalformed: Other, "enhanced-code-malformed";
    /// Lines of one reply with different enhanced status codes.
    EnhancedInconsistent: Other, "enhanced-code-inconsistent";
}
