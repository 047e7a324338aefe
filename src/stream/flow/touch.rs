//! What a connection's next segment needs, read beforehand, so that the memory fetches that of many
//! connections side by side.

use super::{Flow, Stage};
use crate::chunk::Consume;
use crate::stream::half::Half;

impl<D: Consume> Flow<D> {
    /// See [`Consume::touch`].
    #[inline]
    pub(in crate::stream) fn touch(&self) -> u64 {
        let halves = self.halves.iter().map(Half::touch).fold(0, |sum, half| sum ^ half);
        let stage = u64::from(matches!(self.stage, Stage::Following(_)));
        halves ^ stage ^ self.arrivals ^ u64::from(self.fed)
    }

    /// The same for what takes its chunks.
    #[inline]
    pub(in crate::stream) fn touch_dialog(&self) -> u64 {
        match &self.stage {
            Stage::Following(dialog) => dialog.touch(),
            Stage::Judging(_) | Stage::Shaken(..) | Stage::Ignored => 0,
        }
    }
}
