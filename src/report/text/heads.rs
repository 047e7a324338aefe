//! How the texts of exchanges begin.

use crate::dialog::session::Request;
use crate::smtp::command::Verb;

/// As long as the longest.
const LEN: usize = 32;

/// A beginning, and its length.
type Head = ([u8; LEN], usize);

/// The beginnings, each at its [`Request::kind`].
// What is indexed is so when it is compiled.
#[allow(clippy::indexing_slicing)]
static ALL: [Head; Request::KINDS] = {
    let mut all = [head(Request::Command(Verb::Other)); Request::KINDS];
    let mut at = 0;
    while at < Verb::ALL.len() {
        all[at] = head(Request::Command(Verb::ALL[at]));
        at += 1;
    }
    all[Request::EndOfData.kind()] = head(Request::EndOfData);
    all[Request::AuthLine.kind()] = head(Request::AuthLine);
    all
};

/// The beginning of an exchange with `request`: the request's name, and the name of what follows.
#[inline]
// There is one for each kind.
#[allow(clippy::indexing_slicing)]
pub(super) fn of(request: Request) -> &'static Head {
    &ALL[request.kind()]
}

/// One of [`ALL`].
#[allow(clippy::indexing_slicing)]
const fn head(request: Request) -> Head {
    let parts = [r#"{"verb":""#, request.name(), r#"","line":"#];
    let (mut head, mut len, mut part) = ([0; LEN], 0, 0);
    while part < parts.len() {
        let (text, mut at) = (parts[part].as_bytes(), 0);
        while at < text.len() {
            head[len] = text[at];
            (len, at) = (len + 1, at + 1);
        }
        part += 1;
    }
    (head, len)
}
