//! What names hosts in a session besides the lines of its dialog: its ends, what TLS shows.

use super::command::is_surely_command;
use super::session::Session;
use crate::redact::Redactor;
use crate::tls::{Certificate, Facts};

impl Session {
    /// Masks the ends and the names in TLS's handshake, as the lines were masked.
    pub fn mask(&mut self, redactor: &Redactor) {
        if let Some(peers) = &mut self.opening.peers {
            peers.client = redactor.socket(peers.client);
            peers.server = redactor.socket(peers.server);
        }
        if let Some(via) = &mut self.opening.via {
            via.addr = via.addr.map(|addr| redactor.addr(addr));
        }
        if let Some(tls) = &mut self.tls {
            mask_facts(&mut tls.facts, redactor);
        }
        for odd in self.messages.iter_mut().filter_map(|message| message.odd.as_deref_mut()) {
            for end in &mut odd.ends {
                end.behind = masked_content(&end.behind, redactor);
            }
        }
    }
}

/// Content that a lenient server reads as commands: those that may be, and the rest letter by
/// letter.
fn masked_content(content: &[u8], redactor: &Redactor) -> Vec<u8> {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let lines = content.chunk_by(|a, b| is_end(a) == is_end(b)).map(|line| {
        if is_surely_command(line) { redactor.command(line) } else { redactor.content(line) }
    });
    lines.collect::<Vec<_>>().concat()
}

fn mask_facts(facts: &mut Facts, redactor: &Redactor) {
    if let Some(name) = facts.hello.as_mut().and_then(|hello| hello.server_name.as_mut()) {
        *name = redactor.name(name).into();
    }
    if let Some(Certificate { subject, names, .. }) = facts.certificate.as_deref_mut() {
        *names = names.iter().map(|name| redactor.name(name)).collect();
        *subject = masked_subject(subject, redactor).into();
    }
}

/// `CN=mx.example,O=Example` with its values masked.
fn masked_subject(subject: &[u8], redactor: &Redactor) -> Vec<u8> {
    let parts = subject.split(|&byte| byte == b',').map(|part| {
        let value = part.iter().position(|&byte| byte == b'=').map_or(0, |at| at + 1);
        let (kind, value) = part.split_at_checked(value).unwrap_or((&[], part));
        [kind, &redactor.name(value)].concat()
    });
    parts.collect::<Vec<_>>().join(&b',')
}
