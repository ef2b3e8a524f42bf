//! What a custodian calls a person in its own records, as it may be disclosed of a hit.

use std::borrow::Cow;

use super::invisible::{does_not_show, is_joiner, leaves_no_mark};
use crate::remedy::Remedy;

/// A record handle: a case or record number that the custodian chose, 1 to 32 bytes of text.
///
/// Without white space around it, control characters, or characters that leave no mark, but for joiners. Kept as it was given: it is quoted back to the
/// custodian, byte for byte.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle {
    /// The text, then zeros: no text has a zero byte, so the order of these bytes is the order of texts.
    padded: [u8; Self::MOST_BYTES],
}

impl Handle {
    /// Longest handle, in bytes of UTF-8.
    pub const MOST_BYTES: usize = 32;

    /// A text as a new handle.
    ///
    /// # Errors
    ///
    /// [`HandleError`] where it is none.
    pub fn new(text: impl Into<String>) -> Result<Self, HandleError> {
        let text = text.into();
        let handle = Self::of(&text)?;
        match text.chars().position(|c| leaves_no_mark(c) && !is_joiner(c)) {
            Some(character) => Err(HandleError::Invisible { character }),
            None => Ok(handle),
        }
    }

    /// A handle that was given before, from bytes of UTF-8. Selectors and fillers are no fault of it: galleries may have such handles.
    ///
    /// # Errors
    ///
    /// [`HandleError`] where they are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HandleError> {
        Self::of(std::str::from_utf8(bytes).map_err(|_| HandleError::NotText)?)
    }

    fn of(text: &str) -> Result<Self, HandleError> {
        let bytes = text.len();
        if bytes == 0 {
            return Err(HandleError::Empty);
        }
        let mut padded = [0; Self::MOST_BYTES];
        padded.get_mut(..bytes).ok_or(HandleError::TooLong { bytes })?.copy_from_slice(text.as_bytes());
        if text.trim().len() != bytes {
            return Err(HandleError::White);
        }
        match text.chars().position(|c| c.is_control() || does_not_show(c)) {
            Some(character) => Err(HandleError::Invisible { character }),
            None => Ok(Self { padded }),
        }
    }

    /// As [`Handle::new`], from what [`Handle::padded`] gives; nothing else is read as the same handle.
    ///
    /// # Errors
    ///
    /// [`HandleError`] where it is none: a zero byte within the text is a control character.
    pub(crate) fn from_padded(padded: &[u8; Self::MOST_BYTES]) -> Result<Self, HandleError> {
        let zeros = padded.iter().rev().take_while(|&&byte| byte == 0).count();
        Self::from_bytes(padded.get(..Self::MOST_BYTES - zeros).unwrap_or_default())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // It was text when it was made.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// As it stands in a list for people: in quotes where it could be taken for two, or for a remark, and with characters that leave no mark by
    /// their numbers.
    pub fn listed(&self) -> Cow<'_, str> {
        let unseen = |c: char| leaves_no_mark(c) && !is_joiner(c);
        if !self.as_str().contains(|c| matches!(c, ',' | '"' | '(' | '\\') || unseen(c)) {
            return self.as_str().into();
        }
        let shown = self.as_str().chars().map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if unseen(c) => c.escape_unicode().to_string(),
            c => c.to_string(),
        });
        format!("\"{}\"", shown.collect::<String>()).into()
    }

    /// The text's bytes: 1 to 32 of them.
    pub fn as_bytes(&self) -> &[u8] {
        let bytes = self.padded.iter().position(|&byte| byte == 0).unwrap_or(Self::MOST_BYTES);
        self.padded.get(..bytes).unwrap_or_default()
    }

    /// The text's bytes, then zeros: as long for every handle.
    pub fn padded(&self) -> &[u8; Self::MOST_BYTES] {
        &self.padded
    }
}

/// Prints nothing of it, not even its length: a handle leads to a person's record.
impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handle(redacted)")
    }
}

/// Why a text is no handle. Says how long it is, or where the fault is, and nothing of what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandleError {
    /// Nothing in it.
    #[error("the handle is empty")]
    Empty,
    /// Longer than what an answer can carry.
    #[error("the handle has {bytes} bytes where at most {} are admitted", Handle::MOST_BYTES)]
    TooLong {
        /// Bytes of UTF-8 that it has.
        bytes: usize,
    },
    /// Two handles that look alike would differ.
    #[error("the handle has white space at an end")]
    White,
    /// As [`HandleError::White`], or a line's end and the like.
    #[error("character {} of the handle is a control character, or one that does not show", character + 1)]
    Invisible {
        /// Zero-based position among the characters.
        character: usize,
    },
    /// Bytes that are no UTF-8.
    #[error("the handle is not UTF-8")]
    NotText,
}

impl Remedy for HandleError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Empty => "leave the record without a handle, or give it one",
            Self::TooLong { .. } => "give the record's number alone",
            Self::White | Self::Invisible { .. } => "write it without them",
            Self::NotText => "write it in UTF-8",
        };
        Some(remedy.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_handle_is_a_short_text_that_shows() {
        assert_eq!(Handle::new("GRP-2026/0007").unwrap().as_str(), "GRP-2026/0007");
        let longest = "x".repeat(Handle::MOST_BYTES);
        assert_eq!(Handle::new(longest.as_str()).unwrap().as_bytes(), longest.as_bytes());
        // The limit is on bytes, not on characters.
        assert_eq!(Handle::new("\u{e9}".repeat(17)), Err(HandleError::TooLong { bytes: 34 }));
        assert_eq!(Handle::new(""), Err(HandleError::Empty));
        assert_eq!(Handle::new(" 7"), Err(HandleError::White));
        assert_eq!(Handle::new("7\u{a0}"), Err(HandleError::White));
        assert_eq!(Handle::new("\u{e9}7\0a"), Err(HandleError::Invisible { character: 2 }));
        assert_eq!(Handle::new("7\u{202e}a"), Err(HandleError::Invisible { character: 1 }));
        assert_eq!(Handle::from_bytes(&[b'7', 0xff]), Err(HandleError::NotText));
    }

    #[test]
    fn a_handle_in_a_list_cannot_be_taken_for_two_or_for_none() {
        let listed = |text: &str| Handle::from_bytes(text.as_bytes()).unwrap().listed().into_owned();
        assert_eq!(listed("GRP-2026/7 a"), "GRP-2026/7 a");
        assert_eq!(listed("A, B"), "\"A, B\"");
        assert_eq!(listed("(no handle)"), "\"(no handle)\"");
        assert_eq!(listed("7\u{fe0f}"), "\"7\\u{fe0f}\"");
        assert_eq!(listed("7\\u{fe0f}"), "\"7\\\\u{fe0f}\"");
        assert_eq!(listed("say \"7\""), "\"say \\\"7\\\"\"");
    }

    #[test]
    fn what_leaves_no_mark_is_in_no_new_handle_and_no_fault_of_one_that_was_given() {
        for unseen in [
            '\u{34f}',
            '\u{115f}',
            '\u{1160}',
            '\u{180e}',
            '\u{2028}',
            '\u{2029}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{ffa0}',
            '\u{e0000}',
            '\u{e007f}',
            '\u{e0100}',
        ] {
            let text = format!("7{unseen}a");
            assert_eq!(Handle::new(text.as_str()), Err(HandleError::Invisible { character: 1 }));
            let given = Handle::from_bytes(text.as_bytes()).unwrap();
            assert_eq!(Handle::from_padded(given.padded()).as_ref(), Ok(&given));
        }
        // As Persian and Hindi are spelt.
        for text in ["\u{645}\u{6cc}\u{200c}\u{62f}", "\u{915}\u{94d}\u{200d}\u{937}"] {
            assert_eq!(Handle::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_handle_and_its_errors_print_nothing_of_it() {
        assert_eq!(format!("{:?}", Handle::new("case-4711").unwrap()), "Handle(redacted)");
        let long = Handle::new("4711".repeat(9)).unwrap_err();
        let hidden = Handle::new("case\u{200b}4711").unwrap_err();
        for error in [long, hidden] {
            let told = format!("{error} {error:?} {:?}", error.remedy());
            assert!(!told.contains("4711") && !told.contains("case"), "{told}");
        }
        assert!(long.to_string().contains("36 bytes"));
    }

    proptest! {
        #[test]
        fn what_is_admitted_is_kept_as_it_was_given(text in any::<String>()) {
            match Handle::new(text.as_str()) {
                Ok(handle) => {
                    prop_assert_eq!(handle.as_str(), &text);
                    prop_assert_eq!(Handle::from_bytes(handle.as_bytes()), Ok(handle.clone()));
                    prop_assert_eq!(Handle::from_padded(handle.padded()), Ok(handle));
                    prop_assert!((1..=Handle::MOST_BYTES).contains(&text.len()));
                }
                Err(error) => prop_assert!(error.remedy().is_some()),
            }
        }

        #[test]
        fn printable_texts_of_up_to_32_bytes_are_admitted(text in "[!-~]([ -~]{0,30}[!-~])?") {
            prop_assert!(Handle::new(text).is_ok());
        }

        #[test]
        fn handles_are_ordered_as_their_texts(a in "[ab]{1,4}", b in "[ab]{1,4}") {
            let handle = |text: &str| Handle::new(text).unwrap();
            prop_assert_eq!(handle(&a).cmp(&handle(&b)), a.cmp(&b));
            prop_assert_eq!(handle(&a) == handle(&b), a == b);
        }
    }
}
