//! Parameters of MAIL and RCPT (RFC 5321 §4.1.2 esmtp-param): each by itself, and all of one
//! command together.
//!
//! In: words behind a path. Out: what they say, and what is wrong with them by the grammar of the
//! extension that defines them. Whether a server offered it is not known here.

use super::class::{LDH, LET_DIG, VALUE, is, run};
use super::params::Value;
use crate::smtp::command::{Param, Verb};
use crate::smtp::defect::{Defect, Flaw};
use crate::smtp::extension::{self, Known};
use std::ops::Range;

/// Why a value does not fit the grammar of its parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub defect: Defect,
    /// Where in the value; `None` for the whole parameter.
    pub range: Option<Range<usize>>,
    /// What the grammar wants there.
    pub expected: &'static str,
}

/// The grammar of one parameter: what its value says.
pub type Check = for<'a> fn(Option<&'a [u8]>) -> Result<Value<'a>, Fault>;

/// What `param`, given with `verb`, says; `None` if no known extension defines it there, or if
/// its value is malformed.
#[must_use]
pub fn value<'a>(verb: Verb, param: &Param<'a>) -> Option<Value<'a>> {
    match extension::parameter(verb, param.keyword) {
        Known::Here { check, .. } => check(param.value).ok(),
        Known::Elsewhere | Known::No => None,
    }
}

/// The esmtp-param at the start of `text`: the lengths of its keyword and of all of it, 0 and 0
/// if there is none. `extra` is what else a value may have.
#[inline]
pub(super) fn lengths(text: &[u8], extra: u8) -> (usize, usize) {
    if !text.first().is_some_and(|&first| is(first, LET_DIG)) {
        return (0, 0);
    }
    let keyword = run(text, LDH);
    match text.get(keyword..) {
        Some([b'=', value @ ..]) => match run(value, VALUE | extra) {
            0 => (keyword, keyword),
            length => (keyword, keyword + 1 + length),
        },
        _ => (keyword, keyword),
    }
}

/// The parameters of one command as they come by.
#[derive(Default)]
pub(super) struct Seen {
    /// Those that the table knows, by their place in it.
    known: u64,
    /// Whether one came that it does not know.
    has_unknown: bool,
}

impl Seen {
    /// Judges the parameter of `verb` whose keyword has `keyword` octets and which is `whole`, at
    /// `at` in its line; `before` is what stands between the path and it.
    #[inline]
    pub(super) fn judge(
        &mut self,
        verb: Verb,
        (keyword, whole): (usize, &[u8]),
        at: usize,
        before: &[u8],
        flaws: &mut Vec<Flaw>,
    ) {
        let (name, rest) = whole.split_at_checked(keyword).unwrap_or((whole, b""));
        let value = rest.strip_prefix(b"=");
        let all = at..at + whole.len();
        let known = extension::parameter(verb, name);
        let Known::Here { check, place } = known else {
            self.stray(known, name, before, all, flaws);
            return;
        };
        let bit = 1 << (place % 64);
        if self.known & bit != 0 {
            let defect = match name.to_ascii_uppercase().as_slice() {
                b"RET" | b"ENVID" | b"NOTIFY" | b"ORCPT" => Defect::DsnParamRepeated,
                _ => Defect::ParamDuplicate,
            };
            flaws.push(Flaw { defect, range: all.clone(), expected: "each parameter once" });
        }
        self.known |= bit;
        if let Err(fault) = check(value) {
            let value_at = at + keyword + 1;
            let range = match fault.range {
                Some(range) => value_at + range.start..value_at + range.end,
                None => all.clone(),
            };
            flaws.push(Flaw { defect: fault.defect, range, expected: fault.expected });
        }
        if name.len() > 4 && name.get(..4).is_some_and(|hold| hold.eq_ignore_ascii_case(b"HOLD")) {
            let other: &[u8] = if name.len() == 7 { b"HOLDUNTIL" } else { b"HOLDFOR" };
            if has(before, other) {
                let expected = "one of HOLDFOR and HOLDUNTIL";
                flaws.push(Flaw { defect: Defect::HoldConflict, range: all, expected });
            }
        }
    }

    /// Judges a parameter that the command does not have by any known extension.
    #[cold]
    fn stray(
        &mut self,
        known: Known,
        name: &[u8],
        before: &[u8],
        range: Range<usize>,
        flaws: &mut Vec<Flaw>,
    ) {
        let (defect, expected) = match known {
            Known::Elsewhere => (Defect::ParamWrongCommand, "a parameter of this command"),
            _ => (Defect::ParamUnknown, "a parameter that an extension defines"),
        };
        flaws.push(Flaw { defect, range: range.clone(), expected });
        if self.has_unknown && has(before, name) {
            let expected = "each parameter once";
            flaws.push(Flaw { defect: Defect::ParamDuplicate, range, expected });
        }
        self.has_unknown = true;
    }
}

/// Whether one of the parameters in `text` has the keyword `name`.
fn has(text: &[u8], name: &[u8]) -> bool {
    text.split(|&octet| octet == b' ').any(|word| {
        let keyword = word.split(|&octet| octet == b'=').next().unwrap_or_default();
        keyword.eq_ignore_ascii_case(name)
    })
}
