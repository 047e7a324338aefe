//! Where in the inputs of a run something stands: every finding can be traced to a frame or line.
//!
//! [`Origin`] is what a reader of one input knows. [`Place`] counts the frames and lines of all
//! inputs as one: it takes eight bytes, orders what happened, and goes on where a rotated capture
//! goes on in the next file. [`Places`] translates.

/// A place in one input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Index of the input among the inputs of the run, from 0.
    pub input: u32,
    /// Number of the frame in the capture or of the line in the transcript, from 1.
    pub number: u64,
    /// Offset in bytes of that frame or line in the (decompressed) input.
    pub offset: u64,
}

/// A frame or line, counted from 1 over the inputs of the run (or over one input, where a reader
/// knows no other). 0 is nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u64);

/// Orders the sessions of a run as their numbers do: by the frame or line that began them. Known
/// long before the numbers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Index of the input.
    pub input: u32,
    /// Number of the frame or line in it.
    pub number: u64,
    /// Where a session began that was recognised only at that frame, among others perhaps; else 0.
    pub since: u64,
}

/// How the places of a run lie in its inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Frames and lines before each input, with its index; in order.
    starts: Vec<(u64, u32)>,
}

impl Place {
    /// The frame or line with this number, from 1.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number, from 1; 0 is nowhere.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// This place, with `by` frames and lines before those that it counts.
    #[must_use]
    pub const fn after(self, by: u64) -> Self {
        Self(self.0.saturating_add(by))
    }
}

impl Places {
    /// Those of a single input.
    #[must_use]
    pub fn of_input(index: u32) -> Self {
        Self { starts: vec![(0, index)] }
    }

    /// Notes that input `index` begins after so many frames and lines. Inputs come in order.
    pub fn begin(&mut self, before: u64, index: u32) {
        if self.starts.last() != Some(&(before, index)) {
            self.starts.push((before, index));
        }
    }

    /// Frames and lines before the last input so far, and its index.
    #[must_use]
    pub fn last(&self) -> Option<(u64, u32)> {
        self.starts.last().copied()
    }

    /// The input in which `place` lies.
    #[must_use]
    pub fn input(&self, place: Place) -> u32 {
        self.start(place).1
    }

    /// The input and the number in it; the offset is not known.
    #[must_use]
    pub fn origin(&self, place: Place) -> Origin {
        let (before, input) = self.start(place);
        Origin { input, number: place.0.saturating_sub(before), offset: 0 }
    }

    /// The slot of a session that `place` began.
    #[must_use]
    pub fn slot(&self, place: Place) -> Slot {
        let Origin { input, number, .. } = self.origin(place);
        Slot { input, number, since: 0 }
    }

    fn start(&self, place: Place) -> (u64, u32) {
        // Nearly all places are in the last input so far.
        match self.starts.last() {
            Some(&last) if last.0 < place.0 => last,
            None => (0, 0),
            Some(_) => {
                let after = self.starts.partition_point(|&(before, _)| before < place.0);
                let found = self.starts.get(after.saturating_sub(1));
                found.copied().unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_their_inputs() {
        let mut places = Places::default();
        // The second input could not be read, the third is empty.
        for (before, index) in [(0, 0), (10, 2), (10, 3), (15, 4)] {
            places.begin(before, index);
        }
        let cases = [(1, 0, 1), (10, 0, 10), (11, 3, 1), (15, 3, 5), (16, 4, 1), (99, 4, 84)];
        for (place, input, number) in cases {
            let origin = places.origin(Place::new(place));
            assert_eq!((origin.input, origin.number), (input, number), "place {place}");
        }
        assert_eq!(Places::of_input(7).origin(Place::new(3)).input, 7);
        assert_eq!(Places::default().origin(Place::new(3)).number, 3);
        assert_eq!(Place::new(3).after(4).number(), 7);
    }
}
