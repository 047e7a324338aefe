//! Which fault a line has, and where: one for one.

use super::reply::{Kind, reply};
use super::*;
use crate::smtp::command::Verb;
use crate::smtp::defect::Defect as D;
use params::Value;
use std::ops::Range;

/// What is wrong, and where.
type Found = Vec<(D, Range<usize>)>;
/// The same of a reply, with the line.
type FoundInReply = Vec<(usize, D, Range<usize>)>;

fn flaws_in(line: &[u8], charset: Charset) -> Found {
    let flaws = command(line, charset).flaws;
    assert!(flaws.iter().all(|flaw| !flaw.expected.is_empty()));
    flaws.into_iter().map(|flaw| (flaw.defect, flaw.range)).collect()
}

fn flaws(line: &str) -> Found {
    flaws_in(line.as_bytes(), Charset::Ascii)
}

#[test]
fn right_lines_have_no_flaw() {
    for line in [
        "EHLO a.example",
        "ehlo [1.2.3.4]",
        "EHLO [IPv6:2001:db8::1]",
        "EHLO [tag:x]",
        "HELO a",
        "LHLO a",
        "MAIL FROM:<>",
        "mail from:<a@b> SIZE=1000 body=8bitmime",
        "MAIL FROM:<\"a b\\\"\"@[1.2.3.4]> RET=HDRS ENVID=x AUTH=<>",
        "MAIL FROM:<a@[x:b@c>d]>",
        "RCPT TO:<postMASTER> NOTIFY=NEVER",
        "RCPT TO:<a.b+c@xn--mnchen-3ya.example> ORCPT=rfc822;a@b",
        "SAML FROM:<a@b>",
        "VRFY a",
        "EXPN \"a b\"",
        "NOOP",
        "noop x",
        "HELP",
        "DATA",
        "QUIT",
        "STARTTLS",
        "AUTH PLAIN",
        "AUTH PLAIN AGEAYg==",
        "AUTH EXTERNAL =",
        "BDAT 0 LAST",
        "bdat 86 last",
        "ETRN @a.example",
        "ETRN #queue",
        "ATRN",
        "ATRN a,b.c",
        "BURL imap://a/b LAST",
        "XCLIENT NAME=a ADDR=1.2.3.4 HELO=+5Bx",
        "XFORWARD NAME=[UNAVAILABLE]",
        "X-ANYTHING \t\0 goes ",
    ] {
        assert_eq!(flaws(line), [], "{line}");
    }
}

// A table.
#[allow(clippy::too_many_lines)]
#[test]
fn each_fault_once_and_where_it_is() {
    let long = |letter: &str, times| letter.repeat(times);
    let cases: Vec<(String, Found)> = [
        ("", vec![(D::EmptyLine, 0..0)]),
        (" \t", vec![(D::EmptyLine, 0..2)]),
        (" QUIT", vec![(D::LeadingSpace, 0..1)]),
        ("QUIT \t", vec![(D::TrailingSpace, 4..6)]),
        ("QUIT x", vec![(D::UnexpectedArgument, 5..6)]),
        ("DATA\tx ", vec![(D::UnexpectedArgument, 5..6), (D::TrailingSpace, 6..7)]),
        ("STARTTLS x", vec![(D::UnexpectedArgument, 9..10)]),
        ("NOOP ", vec![(D::TrailingSpace, 4..5)]),
        ("NOOP a b", vec![(D::StringInvalid, 6..7)]),
        ("NOOP  a", vec![(D::TabSeparator, 4..6)]),
        ("VRFY", vec![(D::MissingArgument, 4..4)]),
        ("VRFY ", vec![(D::MissingArgument, 5..5)]),
        ("VRFY a@b", vec![(D::StringIsMailbox, 5..8)]),
        ("VRFY <a@b>", vec![(D::StringIsMailbox, 5..10)]),
        ("VRFY a.b", vec![(D::StringInvalid, 6..7)]),
        ("VRFY \"a", vec![(D::Unbalanced, 5..6)]),
        ("VRFY \"a\tb\"", vec![(D::Control, 7..8)]),
        ("VRFY a SMTPUTF8", vec![(D::StringInvalid, 6..7)]),
        ("EHLO", vec![(D::HeloNameMissing, 4..4)]),
        ("HELO ", vec![(D::HeloNameMissing, 5..5)]),
        ("EHLO a_b", vec![(D::HeloNameInvalid, 6..7)]),
        ("EHLO a.", vec![(D::HeloNameInvalid, 6..7)]),
        ("EHLO a b", vec![(D::HeloNameInvalid, 6..8)]),
        ("EHLO\ta", vec![(D::TabSeparator, 4..5)]),
        ("EHLO 1.2.3.4", vec![(D::HeloBareIp, 5..12)]),
        ("HELO 1.2.3.4", vec![(D::HeloBareIp, 5..12)]),
        ("EHLO ::1", vec![(D::HeloBareIpv6, 5..8)]),
        ("EHLO [2001:db8::1]", vec![(D::Ipv6TagMissing, 5..18)]),
        ("EHLO [::1]", vec![(D::Ipv6TagEmpty, 5..10)]),
        ("EHLO [1.2.3]", vec![(D::HeloNameInvalid, 5..12)]),
        ("EHLO [1.2.3.4", vec![(D::HeloNameInvalid, 5..13)]),
        ("HELO [1.2.3.4]", vec![(D::HeloLiteral, 5..14)]),
        ("EHLO a\0b", vec![(D::Nul, 6..7)]),
        ("EHLO m\u{fc}", vec![(D::EightBit, 6..8)]),
        ("MAIL", vec![(D::MissingArgument, 4..4)]),
        ("MAIL FROM:", vec![(D::MissingArgument, 10..10)]),
        ("MAIL FROM: ", vec![(D::MissingArgument, 11..11)]),
        ("MAIL FROM: SIZE=1", vec![(D::MissingArgument, 11..11)]),
        ("MAIL <a@b>", vec![(D::LabelMissing, 5..5)]),
        ("MAIL a@b", vec![(D::LabelMissing, 5..5)]),
        ("MAIL TO:<a@b>", vec![(D::LabelMissing, 5..7)]),
        ("RCPT FROM:<a@b>", vec![(D::LabelMissing, 5..9)]),
        ("MAIL FROM<a@b>", vec![(D::LabelMissing, 9..9)]),
        ("MAIL FROM <a@b>", vec![(D::LabelMissing, 9..9)]),
        ("MAIL FROM: <a@b>", vec![(D::SpaceAfterColon, 10..11)]),
        ("MAIL FROM :<a@b>", vec![(D::SpaceBeforeColon, 9..10)]),
        ("MAIL FROM:\t<a@b>", vec![(D::SpaceAfterColon, 10..11)]),
        ("MAIL  FROM:<a@b>", vec![(D::TabSeparator, 4..6)]),
        ("MAIL FROM:a@b", vec![(D::MissingBrackets, 10..13)]),
        ("MAIL FROM:a@b SIZE=1", vec![(D::MissingBrackets, 10..13)]),
        ("MAIL FROM:<a@b", vec![(D::Unbalanced, 14..14)]),
        ("MAIL FROM:<a@b SIZE=1", vec![(D::Unbalanced, 14..14)]),
        ("MAIL FROM:a@b>", vec![(D::Unbalanced, 10..10)]),
        ("MAIL FROM:<<a@b>", vec![(D::Unbalanced, 11..12)]),
        ("MAIL FROM:<<a@b>>", vec![(D::Unbalanced, 11..12)]),
        ("MAIL FROM:<a@b>>", vec![(D::Unbalanced, 15..16)]),
        ("MAIL FROM:<\"a@b>", vec![(D::Unbalanced, 11..12)]),
        ("MAIL FROM:<a@b>SIZE=1", vec![(D::TrailingGarbage, 15..21)]),
        ("MAIL FROM:Joe <a@b>", vec![(D::LeadingGarbage, 10..13)]),
        ("MAIL FROM:<a b@c>", vec![(D::LocalPartInvalid, 12..13)]),
        ("MAIL FROM:<a..b@c>", vec![(D::LocalPartInvalid, 13..14)]),
        ("MAIL FROM:<.a@c>", vec![(D::LocalPartInvalid, 11..12)]),
        ("MAIL FROM:<a.@c>", vec![(D::LocalPartInvalid, 12..13)]),
        ("MAIL FROM:<@c>", vec![(D::LocalPartInvalid, 11..11)]),
        ("MAIL FROM:<a@b@c>", vec![(D::LocalPartInvalid, 12..13)]),
        ("MAIL FROM:<\"a\"b@c>", vec![(D::LocalPartInvalid, 14..15)]),
        ("MAIL FROM:<a@b_c>", vec![(D::DomainInvalid, 14..15)]),
        ("MAIL FROM:<a@b.>", vec![(D::DomainInvalid, 14..15)]),
        ("MAIL FROM:<a@b >", vec![(D::DomainInvalid, 14..15)]),
        ("MAIL FROM:<a@[1.2.3]>", vec![(D::LiteralInvalid, 13..20)]),
        ("MAIL FROM:<a@[1.2.3.4>", vec![(D::LiteralInvalid, 13..21)]),
        ("MAIL FROM:<a@[fe80::1]>", vec![(D::Ipv6TagMissing, 13..22)]),
        ("MAIL FROM:<a@[::1]>", vec![(D::Ipv6TagEmpty, 13..18)]),
        (
            "MAIL FROM: <a@[fe80::1]>",
            vec![(D::SpaceAfterColon, 10..11), (D::Ipv6TagMissing, 14..23)],
        ),
        ("MAIL FROM:<a>", vec![(D::DomainMissing, 12..12)]),
        ("MAIL FROM:<a@>", vec![(D::DomainMissing, 13..13)]),
        ("MAIL FROM:<Postmaster>", vec![(D::DomainMissing, 21..21)]),
        ("RCPT TO:<>", vec![(D::NullForwardPath, 8..10)]),
        ("RCPT TO: <postmaster>", vec![(D::SpaceAfterColon, 8..9)]),
        ("RCPT TO:<@a,@b:c@d>", vec![(D::SourceRoute, 9..15)]),
        ("RCPT TO:<@a,b:c@d>", vec![(D::SourceRoute, 9..14), (D::DomainInvalid, 12..13)]),
        ("RCPT TO:<\u{fc}@b>", vec![(D::AddressUtf8NotNegotiated, 9..11)]),
        ("RCPT TO:<a\0b@c>", vec![(D::Nul, 10..11)]),
        ("RCPT TO:<a@b\x01\x02c>", vec![(D::Control, 12..14)]),
        ("RCPT TO:<a@b>\r", vec![(D::BareCr, 13..14)]),
        ("RCPT TO:<\"a\tb\"@c>", vec![(D::Control, 11..12)]),
        ("RCPT TO:<a@xn--99999999>", vec![(D::ALabelInvalid, 11..23)]),
        ("MAIL FROM:<a@b> =1", vec![(D::ParamMalformed, 16..17)]),
        ("MAIL FROM:<a@b> SIZE=", vec![(D::ParamMalformed, 21..21)]),
        ("MAIL FROM:<a@b> A=b=c", vec![(D::ParamMalformed, 19..20)]),
        ("MAIL FROM:<a@b> <c@d>", vec![(D::ParamMalformed, 16..17)]),
        ("MAIL FROM:<a@b>  SIZE=1", vec![(D::TabSeparator, 15..17)]),
        (
            "MAIL FROM:<a@b> SIZE=1\tRET=FULL ",
            vec![(D::TabSeparator, 22..23), (D::TrailingSpace, 31..32)],
        ),
        ("MAIL FROM:<a@b> ENVID=\u{fc}", vec![(D::EightBit, 22..24)]),
        ("MAIL FROM:<a@b> SIZE=abc", vec![(D::SizeInvalid, 16..24)]),
        ("MAIL FROM:<a@b> SIZE", vec![(D::SizeInvalid, 16..20)]),
        ("MAIL FROM:<a@b> SIZE=1 size=2", vec![(D::ParamDuplicate, 23..29)]),
        ("MAIL FROM:<a@b> BODY=7BIT BODY=8BITMIME", vec![(D::ParamDuplicate, 26..39)]),
        ("MAIL FROM:<a@b> RET=FULL RET=FULL", vec![(D::DsnParamRepeated, 25..33)]),
        (
            "MAIL FROM:<a@b> X=1 Y x=2",
            vec![
                (D::ParamUnknown, 16..19),
                (D::ParamUnknown, 20..21),
                (D::ParamUnknown, 22..25),
                (D::ParamDuplicate, 22..25),
            ],
        ),
        ("RCPT TO:<a@b> SIZE=1", vec![(D::ParamWrongCommand, 14..20)]),
        ("MAIL FROM:<a@b> NOTIFY=NEVER", vec![(D::ParamWrongCommand, 16..28)]),
        (
            "MAIL FROM:<a@b> HOLDFOR=1 HOLDUNTIL=2020-01-01T00:00:00Z",
            vec![(D::HoldConflict, 26..56)],
        ),
        ("RCPT TO:<a@b> ORCPT=rfc822;a+b", vec![(D::OrcptInvalid, 28..30)]),
        ("BDAT", vec![(D::BdatSizeMissing, 4..4)]),
        ("BDAT LAST", vec![(D::BdatSizeMissing, 5..5)]),
        ("BDAT x", vec![(D::BdatInvalid, 5..6)]),
        ("BDAT -1", vec![(D::BdatSizeOverflow, 5..7)]),
        ("BDAT 18446744073709551616", vec![(D::BdatSizeOverflow, 5..25)]),
        ("BDAT 1 LASTS", vec![(D::BdatTrailingText, 7..12)]),
        ("BDAT 1 LAST x", vec![(D::BdatTrailingText, 12..13)]),
        ("BDAT 1  LAST", vec![(D::TabSeparator, 6..8)]),
        ("BDAT 1  FIRST", vec![(D::TabSeparator, 6..8), (D::BdatTrailingText, 8..13)]),
        ("AUTH", vec![(D::MissingArgument, 4..4)]),
        ("AUTH pl.in", vec![(D::AuthMechanismMalformed, 5..10)]),
        ("AUTH PLAIN abc", vec![(D::AuthResponseInvalid, 11..14)]),
        ("ETRN a_b", vec![(D::EtrnInvalid, 6..7)]),
        ("ATRN a,", vec![(D::ArgumentInvalid, 7..7)]),
        ("BURL x", vec![(D::ArgumentInvalid, 5..6)]),
        ("XCLIENT NAME", vec![(D::ArgumentInvalid, 8..12)]),
    ]
    .into_iter()
    .map(|(line, flaws)| (line.to_owned(), flaws))
    .chain([
        (format!("MAIL FROM:<{}@b>", long("a", 65)), vec![(D::LocalPartTooLong, 11..76)]),
        (format!("MAIL FROM:<a@{}>", long("b", 64)), vec![(D::LabelTooLong, 13..77)]),
        (format!("EHLO {}", long("b", 64)), vec![(D::LabelTooLong, 5..69)]),
        (format!("MAIL FROM:<a@{}b>", long("b.", 128)), vec![(D::DomainTooLong, 13..270)]),
        (format!("MAIL FROM:<a@{}b>", long("b.", 125)), vec![]),
        (format!("MAIL FROM:<ab@{}b>", long("b.", 126)), vec![(D::PathTooLong, 10..268)]),
    ])
    .collect();
    for (line, expected) in cases {
        let mut expected = expected;
        expected.sort_by_key(|(_, range)| range.start);
        assert_eq!(flaws(&line), expected, "{line}");
    }
}

#[test]
fn smtputf8_lets_letters_in() {
    let utf8 = |line: &str| flaws_in(line.as_bytes(), Charset::Utf8);
    for line in [
        "MAIL FROM:<\u{fc}.\u{e9}@m\u{fc}nchen.example> SMTPUTF8 ENVID=x",
        "RCPT TO:<\"\u{fc} x\"@a> ORCPT=utf-8;\u{fc}@a",
        "VRFY \u{fc} SMTPUTF8",
        "EXPN \"\u{fc}\" smtputf8",
        "NOOP \u{fc}",
    ] {
        assert_eq!(utf8(line), [], "{line}");
    }
    assert_eq!(utf8("EHLO m\u{fc}"), [(D::EightBit, 6..8)]);
    assert_eq!(utf8("VRFY a  SMTPUTF8"), [(D::TabSeparator, 6..8)]);
    assert_eq!(utf8("MAIL FROM:<\u{fc}@b> \u{fc}=1"), [(D::ParamMalformed, 17..18)]);
    assert_eq!(utf8("MAIL FROM: <\u{fc}@b>"), [(D::SpaceAfterColon, 10..11)]);
    assert_eq!(utf8("MAIL FROM:<a@-\u{fc}>"), [(D::DomainInvalid, 13..14)]);
    for charset in [Charset::Ascii, Charset::Utf8] {
        let found = flaws_in(b"MAIL FROM:<a\xfcb@c>", charset);
        assert_eq!(found, [(D::InvalidUtf8, 12..13)]);
    }
}

#[test]
fn values_are_told() {
    let parsed = command(b"MAIL FROM:<@a:\"b\"@c.d> SIZE=10 HOLDFOR=5 X", Charset::Ascii);
    let Argument::Envelope(envelope) = parsed.argument else { panic!("no envelope") };
    let line = "MAIL FROM:<@a:\"b\"@c.d> SIZE=10 HOLDFOR=5 X";
    let Address { whole, route, local, domain } = envelope.address.clone();
    assert_eq!(
        [whole, route, local, domain].map(|part| line.get(part).unwrap()),
        ["<@a:\"b\"@c.d>", "@a:", "\"b\"", "c.d"]
    );
    let values: Vec<_> = envelope.params().map(|param| param::value(Verb::Mail, &param)).collect();
    assert_eq!(values, [Some(Value::Size(10)), Some(Value::HoldFor(5)), None]);
    let chunk = command(b"BDAT 5 LAST", Charset::Ascii).argument;
    assert_eq!(chunk, Argument::Chunk(Chunk { octets: 5, last: true }));
    assert_eq!(command(b"EHLO a", Charset::Ascii).argument, Argument::Name(b"a"));
    // Also of what is wrong.
    let wrong = command(b"MAIL FROM: a@b SIZE=7", Charset::Ascii);
    let Argument::Envelope(envelope) = wrong.argument else { panic!("no envelope") };
    assert_eq!(envelope.address.local, 11..12);
    let sizes: Vec<_> = envelope.params().map(|param| param.value).collect();
    assert_eq!(sizes, [Some(&b"7"[..])]);
}

fn reply_flaws(text: &str, kind: Kind, charset: Charset) -> FoundInReply {
    let lines: Vec<&[u8]> = text.split('\n').map(str::as_bytes).collect();
    let flaws = reply(&lines, kind, charset).flaws.into_iter();
    flaws.map(|found| (found.line, found.flaw.defect, found.flaw.range)).collect()
}

#[test]
fn replies_have_their_faults() {
    use Kind::{Any, Ehlo, Greeting};
    let cases: Vec<(Kind, &str, FoundInReply)> = vec![
        (Any, "250 2.1.0 Ok", vec![]),
        (Any, "250-a\n250-\n250 b\tc", vec![]),
        (Any, "250", vec![(0, D::ReplyTextMissing, 3..3)]),
        (Any, "250 ", vec![(0, D::ReplyTextEmpty, 3..4)]),
        (Any, "", vec![(0, D::ReplyEmptyLine, 0..0)]),
        (Any, "ok", vec![(0, D::ReplyMalformed, 0..2)]),
        (Any, "25 ok", vec![(0, D::ReplyMalformed, 0..3)]),
        (Any, "150 ok", vec![(0, D::ReplyCodeOutOfRange, 0..3)]),
        (Any, "270 ok", vec![(0, D::ReplyCodeOutOfRange, 0..3)]),
        (Any, "250\tok", vec![(0, D::ReplySeparatorInvalid, 3..4)]),
        (Any, "250-ok", vec![(0, D::ReplyUnterminated, 3..4)]),
        (Any, "250 a\n250 b", vec![(0, D::ReplySeparatorInvalid, 3..4)]),
        (Any, "250-a\n251 b", vec![(1, D::ReplyCodeMismatch, 0..3)]),
        (Any, "250 a\0\x01b\x7f", vec![(0, D::ReplyControl, 5..7), (0, D::ReplyControl, 8..9)]),
        (Any, "250 a\rb", vec![(0, D::ReplyBareCr, 5..6)]),
        (Any, "250 \u{fc}", vec![(0, D::ReplyEightBit, 4..6)]),
        (Any, "550 2.1.0 no", vec![(0, D::EnhancedClassMismatch, 4..5)]),
        (Any, "550 5.1.0: no", vec![(0, D::EnhancedMalformed, 9..10)]),
        (Any, "550-5.1.1 a\n550 5.1.2 b", vec![(1, D::EnhancedInconsistent, 4..9)]),
        (Greeting, "220 mx.example ESMTP", vec![]),
        (Greeting, "220 [1.2.3.4]", vec![]),
        (Greeting, "220-a b\n220-\n220", vec![(2, D::ReplyTextMissing, 3..3)]),
        (Greeting, "220", vec![(0, D::GreetingDomainMissing, 3..3)]),
        (Greeting, "220 *** ready", vec![(0, D::GreetingDomainMissing, 4..7)]),
        (Greeting, "220 a_b ready", vec![(0, D::GreetingDomainMissing, 5..6)]),
        (Greeting, "220 a ", vec![(0, D::ReplyTextEmpty, 5..6)]),
        (Greeting, "220-a\n221 b", vec![(1, D::ReplyCodeStray, 0..3)]),
        (Greeting, "554 *** no", vec![]),
        (Ehlo, "250-a hi\n250-SIZE 10\n250 HELP", vec![]),
        (Ehlo, "250 a", vec![]),
        (Ehlo, "250-[1.2.3.4]\n250 HELP", vec![(0, D::EhloDomainMissing, 4..13)]),
        (Ehlo, "250-a \x01\n250 HELP", vec![(0, D::EhloGreetControl, 6..7)]),
        (Ehlo, "250-a\n250 X_Y", vec![(1, D::EhloKeywordMalformed, 5..6)]),
        (Ehlo, "250-a\n250 ", vec![(1, D::EhloKeywordMalformed, 4..4)]),
        (Ehlo, "250-a\n250-AUTH=LOGIN\n250 HELP", vec![(1, D::EhloAuthEquals, 8..9)]),
        (Ehlo, "250-a\n250 SIZE  1", vec![(1, D::EhloParamMalformed, 8..10)]),
        (Ehlo, "250-a\n250 SIZE ", vec![(1, D::EhloParamMalformed, 8..9)]),
        (Ehlo, "250-a\n250 SIZE\t1", vec![(1, D::EhloParamMalformed, 8..9)]),
        (Ehlo, "250-a\n250 SIZE x", vec![(1, D::EhloParameterInvalid, 9..10)]),
        (Ehlo, "250-a\n250 DELIVERBY x", vec![(1, D::EhloParameterInvalid, 14..15)]),
        (Ehlo, "250-a\n250 DELIVERBY 240", vec![]),
        (Ehlo, "250-a\n250 FUTURERELEASE 9", vec![(1, D::EhloParameterInvalid, 19..19)]),
        (Ehlo, "250-a\n250 FUTURERELEASE 9 2030-01-01T00:00:00Z", vec![]),
        (Ehlo, "250-a\n250 PIPELINING 1", vec![(1, D::EhloParameterUnexpected, 15..16)]),
        (Ehlo, "250-a\n250 LIMITS", vec![(1, D::EhloParameterInvalid, 10..10)]),
        (Ehlo, "250-a\n250 LIMITS RCPTMAX", vec![(1, D::LimitIgnored, 11..18)]),
        (Ehlo, "250-a\n250 LIMITS RCPTMAX:20", vec![(1, D::LimitIgnored, 11..21)]),
        (Ehlo, "250-a\n250 LIMITS X Y=", vec![(1, D::LimitIgnored, 13..15)]),
        (Ehlo, "250-a\n250 LIMITS RCPTMAX=0", vec![(1, D::LimitIgnored, 19..20)]),
        (Ehlo, "250-a\n250 LIMITS RCPTMAX=20 X=y Z", vec![]),
        (Ehlo, "250-a\n250 \u{fc}", vec![(1, D::ReplyEightBit, 4..6)]),
        (Ehlo, "502 no", vec![]),
    ];
    for (kind, text, expected) in cases {
        assert_eq!(reply_flaws(text, kind, Charset::Ascii), expected, "{kind:?} {text:?}");
    }
    assert_eq!(reply_flaws("251 \u{fc}@a", Any, Charset::Utf8), []);
    let lines: [&[u8]; 2] = [b"550-5.7.1 a", b"550 5.7.1 b"];
    let judged = reply(&lines, Any, Charset::Ascii);
    assert_eq!(judged.code, Some(550));
    assert_eq!(judged.enhanced, Some(Enhanced { class: 5, subject: 7, detail: 1 }));
}
