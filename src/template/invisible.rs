//! Characters that people do not see.

/// Whether a character is refused everywhere because it leaves no mark, so that two texts that look alike would differ. These are controls of
/// direction and format; ids that were enrolled may have others that leave none ([`leaves_no_mark`]).
pub(super) fn does_not_show(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether a character may leave no mark, or not its own: Unicode's Default_Ignorable_Code_Point (selectors of variants, fillers, tags), annotations,
/// ends of lines and paragraphs, and the blank pattern of Braille. With the joiners: see [`is_joiner`].
pub(super) fn leaves_no_mark(c: char) -> bool {
    let ignorable = matches!(c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}');
    ignorable || does_not_show(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{2800}')
}

/// The joiners that Indic scripts and Persian write with: they are part of how a word is spelt.
pub(super) fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}
