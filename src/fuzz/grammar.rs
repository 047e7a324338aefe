//! Lines: whatever they are, the grammar judges them, and says where in them it is wrong.

use super::bytes::Bytes;
use crate::smtp::command::Command;
use crate::smtp::defect::Flaw;
use crate::smtp::grammar::reply::{Kind, reply};
use crate::smtp::grammar::{Argument, Charset, command, param};

/// A byte that says which letters are legal and what the lines are, then lines.
pub fn grammar(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let head = bytes.byte();
    let charset = if head & 1 == 0 { Charset::Ascii } else { Charset::Utf8 };
    let kind = match head >> 1 & 3 {
        0 => Kind::Greeting,
        1 => Kind::Ehlo,
        _ => Kind::Any,
    };
    let lines: Vec<&[u8]> = bytes.take(data.len()).split(|&byte| byte == b'\n').collect();
    for line in &lines {
        one_command(line, charset);
    }
    let judged = reply(&lines, kind, charset);
    assert!(judged.flaws.is_sorted_by_key(|found| found.line), "flaws are in order of lines");
    for found in &judged.flaws {
        let line = lines.get(found.line);
        assert!(line.is_some_and(|line| lies_in(&found.flaw, line)), "{found:?}");
    }
}

fn one_command(line: &[u8], charset: Charset) {
    let parsed = command(line, charset);
    assert_eq!(parsed.command, Command::parse(line), "both readings agree");
    assert!(parsed.flaws.is_sorted_by_key(|flaw| flaw.range.start), "flaws are in order");
    for flaw in &parsed.flaws {
        assert!(lies_in(flaw, line), "{}: {flaw:?}", line.escape_ascii());
        assert!(!flaw.expected.is_empty(), "a flaw says what belongs there");
    }
    if let Argument::Envelope(envelope) = &parsed.argument {
        let address = &envelope.address;
        for part in [&address.route, &address.local, &address.domain] {
            assert!(address.whole.start <= part.start && part.end <= address.whole.end);
        }
        assert!(address.whole.end <= line.len(), "a path lies in its line");
        for param in envelope.params() {
            assert!(param.range.end <= line.len(), "a parameter lies in its line");
            let _ = param::value(parsed.command.verb, &param);
        }
    }
}

fn lies_in(flaw: &Flaw, line: &[u8]) -> bool {
    flaw.range.start <= flaw.range.end && flaw.range.end <= line.len()
}
