//! Which language somebody is shown who has not chosen one.

use super::{Words, all, of};

/// Languages that a browser names are looked at up to this one.
const MOST: usize = 20;

/// The first language of ours that a browser asks for (`Accept-Language`, RFC 9110, section 12.5.4), by its order of preference.
pub fn preferred(accepted: &str) -> &'static Words {
    let mut wanted: Vec<(f64, &str)> = accepted.split(',').take(MOST).filter_map(weighed).collect();
    // Stable: of equal weight, the first comes first.
    wanted.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let found = wanted.iter().find_map(|(_, tag)| all().iter().find(|words| is_of(tag, words)));
    found.unwrap_or_else(|| of("en"))
}

fn weighed(range: &str) -> Option<(f64, &str)> {
    let (tag, weight) = match range.split_once(';') {
        None => (range, 1.0),
        Some((tag, weight)) => (tag, weight.trim().strip_prefix("q=")?.parse().ok()?),
    };
    (weight > 0.0).then_some((weight, tag.trim()))
}

/// `es-MX` is answered with `es`.
fn is_of(tag: &str, words: &Words) -> bool {
    tag.split('-').next().is_some_and(|language| language.eq_ignore_ascii_case(words.tag()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_first_of_ours_that_is_asked_for() {
        for (accepted, tag) in [
            ("es-MX,es;q=0.9,en;q=0.8", "es"),
            ("fr, ES;q=0.5, en;q=0.4", "es"),
            ("en-GB,es", "en"),
            ("en;q=0.3, es;q=0.7", "es"),
            ("es;q=0", "en"),
            ("de", "en"),
            ("", "en"),
            (";;;q=,=", "en"),
        ] {
            assert_eq!(preferred(accepted).tag(), tag, "{accepted}");
        }
    }
}
