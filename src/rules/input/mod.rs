//! Rules about the recording itself: never a peer's fault.

pub(super) mod session_midstream;
