//! How long a session took, and for what → its JSON.

use super::room::{Room, Strip};
use crate::dialog::session::Timing;
use crate::timing::{Phase, Phases, Timings};

/// Writes how long it took.
pub(super) fn times<'r>(out: Room<'r>, timing: &Timing, timings: &Timings) -> Room<'r> {
    let (phases, way) = (&timings.phases, timings.round_trip);
    out.strip(|out| {
        let out = out.raw(r#"{"connect_us":"#).lapse(timing.connect);
        let out = out.raw(r#","greeting_us":"#).lapse(timing.greeting);
        let out = out.raw(r#","envelope_us":"#).lapse(timing.envelope);
        let out = out.raw(r#","data_us":"#).lapse(timing.data);
        let out = out.raw(r#","client_us":"#).lapse(timing.client);
        let out = out.raw(r#","server_us":"#).lapse(timing.server);
        let out = out.raw(r#","idle_us":"#).lapse(timing.idle);
        let out = by_phase(out.raw(r#","phases_us":"#), phases);
        let out = out.raw(r#","round_trip_us":{"client":"#).lapse(way.client);
        let out = out.raw(r#","server":"#).lapse(way.server);
        match way.measured() {
            Some(measured) => out.raw(r#","measured":"#).name(measured).raw("}}"),
            None => out.raw(r#","measured":null}}"#),
        }
    })
}

fn by_phase<'r>(out: Strip<'r>, phases: &Phases) -> Strip<'r> {
    let out = out.raw(r#"{"connect":"#).lapse(phases.of(Phase::Connect));
    let out = out.raw(r#","greeting":"#).lapse(phases.of(Phase::Greeting));
    let out = out.raw(r#","ehlo":"#).lapse(phases.of(Phase::Ehlo));
    let out = out.raw(r#","tls":"#).lapse(phases.of(Phase::Tls));
    let out = out.raw(r#","auth":"#).lapse(phases.of(Phase::Auth));
    let out = out.raw(r#","envelope":"#).lapse(phases.of(Phase::Envelope));
    let out = out.raw(r#","data":"#).lapse(phases.of(Phase::Data));
    let out = out.raw(r#","final":"#).lapse(phases.of(Phase::Final));
    let out = out.raw(r#","quit":"#).lapse(phases.of(Phase::Quit));
    out.raw(r#","other":"#).lapse(phases.of(Phase::Other)).raw("}")
}
