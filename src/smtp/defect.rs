//! What the grammar can complain of. Which of them is a finding, and how grave, rules say.

/// A departure from the grammar, given with its place in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Defect {
    /// Blanks between the colon of `FROM:` or `TO:` and the path (RFC 5321 §3.3).
    SpaceAfterColon,
}
