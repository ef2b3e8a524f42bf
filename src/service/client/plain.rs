//! The other party's text.

/// The other party's text, fit for a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(500).collect()
}
