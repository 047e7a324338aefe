//! Names of rules as users give them: an id, a category, or a glob over ids.

use super::set::Set;
use super::{Category, all};

/// The rules that `pattern` names: a rule's id, a category, or a glob over ids with `*` and `?`.
///
/// # Errors
///
/// If it names none: what was meant, perhaps.
pub fn named(pattern: &str) -> Result<Set, NoRule> {
    let mut set = Set::default();
    for (place, rule) in all().iter().enumerate() {
        if rule.category.name() == pattern || glob(pattern.as_bytes(), rule.id.as_bytes()) {
            set.add(place);
        }
    }
    if set == Set::default() { Err(NoRule { name: pattern.to_owned() }) } else { Ok(set) }
}

/// A name that is no rule's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no rule or category is named '{name}'{}", hint(&near(name)))]
pub struct NoRule {
    /// It.
    pub name: String,
}

/// Names that are near to `name`, the nearest first: at most three.
#[must_use]
pub fn near(name: &str) -> Vec<&'static str> {
    let ids = all().iter().map(|rule| rule.id);
    let names = ids.chain(Category::ALL.iter().map(|category| category.name()));
    let mut near: Vec<(usize, &str)> = names
        .map(|known| (distance(name.as_bytes(), known.as_bytes()), known))
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(2))
        .collect();
    near.sort_unstable();
    let mut near: Vec<&'static str> = near.into_iter().map(|(_, known)| known).collect();
    if near.is_empty() && name.len() > 3 {
        // Who knows a part of it.
        let ids = all().iter().map(|rule| rule.id);
        near.extend(ids.filter(|id| id.contains(name)));
    }
    near.truncate(3);
    near
}

fn hint(near: &[&str]) -> String {
    if near.is_empty() {
        "; `smtp-audit rules` lists them".to_owned()
    } else {
        format!("; did you mean {}?", near.join(" or "))
    }
}

/// Whether `text` is what `pattern` says: `*` is any text, `?` any octet.
#[must_use]
pub fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = ((0, 0), None);
    loop {
        let (p, t) = at;
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                from = Some((p + 1, t));
                at = (p + 1, t);
            }
            (Some(b'?'), Some(_)) => at = (p + 1, t + 1),
            (Some(one), Some(other)) if one == other => at = (p + 1, t + 1),
            (None, None) => return true,
            // The last `*` takes one octet more.
            _ => match from {
                Some((p, t)) if t < text.len() => {
                    from = Some((p, t + 1));
                    at = (p, t + 1);
                }
                _ => return false,
            },
        }
    }
}

/// How many octets must be changed, added or taken out to make one of the other (Levenshtein).
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, a) in one.iter().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(other) {
            let best = (diagonal + usize::from(a != b)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text) in
            [("path-*", "path-too-long"), ("*", ""), ("*-8bit-*", "a-8bit-b"), ("a?c", "abc")]
        {
            assert!(glob(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in [("path-*", "path"), ("a?c", "ac"), ("*x", "xy"), ("", "a")] {
            assert!(!glob(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
        // Not exponential.
        assert!(!glob(&b"*a".repeat(40), &b"a".repeat(39)));
    }

    #[test]
    fn distances() {
        for (one, other, so_many) in [("", "abc", 3), ("kitten", "sitting", 3), ("a", "a", 0)] {
            assert_eq!(distance(one.as_bytes(), other.as_bytes()), so_many);
            assert_eq!(distance(other.as_bytes(), one.as_bytes()), so_many);
        }
    }

    #[test]
    fn near_misses_are_suggested() {
        let error = named("path-space-after-colum").unwrap_err();
        assert_eq!(near("path-space-after-colum"), ["path-space-after-colon"]);
        assert!(error.to_string().ends_with("did you mean path-space-after-colon?"), "{error}");
        assert!(near("zzzzzzzzzzzz").is_empty());
        assert_eq!(named("path-space-after-colon").unwrap().iter().count(), 1);
        assert!(named("sequence").unwrap().iter().count() >= 1);
    }
}
