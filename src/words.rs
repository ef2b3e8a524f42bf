//! English as messages need it: numbers with their nouns, and articles.

use std::fmt::Display;

/// "1 probe", "2 probes": for nouns that take an s.
pub(crate) fn counted(number: impl TryInto<u64>, noun: &str) -> String {
    // What a message counts fits: anything else is more than one.
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// "a query", "an answer": by how a noun begins, in letters.
pub(crate) fn with_article(noun: impl Display) -> String {
    let noun = noun.to_string();
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_no_s_and_vowels_have_an_n() {
        assert_eq!([0u64, 1, 2].map(|number| counted(number, "day")), ["0 days", "1 day", "2 days"]);
        assert_eq!(["evaluation key", "pending query"].map(with_article), ["an evaluation key", "a pending query"]);
    }
}
