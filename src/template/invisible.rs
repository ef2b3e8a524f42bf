//! Characters that people do not see.

/// Whether a character leaves no mark, so that two texts that look alike would differ. The joiners that Indic scripts and Persian write with
/// (U+200C, U+200D) are admitted.
pub(super) fn does_not_show(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
