// SPDX-License-Identifier: BSD-2-Clause
//! Words of the description in messages.

/// Characters of a value that a message quotes.
const QUOTED_MAX: usize = 48;

/// Words longer than this are no misspelling of anything.
const WORD_MAX: usize = 64;

/// A value as a message shows it: in quotes, on one line, of bounded length.
pub(super) fn quote(value: &str) -> String {
    let mut text = String::from("'");
    for (count, character) in value.chars().enumerate() {
        if count == QUOTED_MAX {
            text.push('…');
            break;
        }
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    text.push('\'');
    text
}

/// Candidates that are looked at; more names than any real system has.
const CANDIDATES_MAX: usize = 1000;

/// The candidate that `word` is most likely meant to be, if one is close enough.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    if word.len() > WORD_MAX {
        return None;
    }
    let word_lowercase = word.to_lowercase();
    candidates
        .into_iter()
        .take(CANDIDATES_MAX)
        .filter(|candidate| candidate.len() <= WORD_MAX && *candidate != word)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word_lowercase, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|&(distance, candidate)| distance <= (word.len().max(candidate.len()) / 3).max(1))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// A list of words for a help text: `a, b and c`.
pub(super) fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).into(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_bounded_and_printable() {
        assert_eq!(quote("uart"), "'uart'");
        assert_eq!(quote("a\n\u{1b}b"), "'a\\n\\u{1b}b'");
        let long = quote(&"ä".repeat(1000));
        assert_eq!(long.chars().count(), QUOTED_MAX + 3);
    }

    #[test]
    fn the_nearest_word_must_be_near() {
        let words = ["vaddr", "mr", "perms", "cached"];
        for (word, expected) in [
            ("vadr", Some("vaddr")),
            ("VADDR", Some("vaddr")),
            ("permissions", None),
            ("chached", Some("cached")),
            ("m", Some("mr")),
            ("iovaddr", Some("vaddr")),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, words), expected, "{word}");
        }
        assert_eq!(nearest(&"a".repeat(100_000), words), None);
    }

    #[test]
    fn lists_read_well() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
