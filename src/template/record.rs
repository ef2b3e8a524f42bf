//! Templates with the identity they belong to.

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use super::invisible::{does_not_show, leaves_no_mark};
use super::{Handle, Template};

/// Which iris of a person a template is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Eye {
    /// The person's left eye.
    Left,
    /// The person's right eye.
    Right,
}

impl std::fmt::Display for Eye {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::Right => "right",
        })
    }
}

/// A subject's identifier in one party's records: 1 to 256 bytes of text, in one normal form.
///
/// That form is Unicode's NFC (UAX 15), without white space around it, control characters, or controls of direction and format. White space
/// around a text is dropped and its form made NFC; anything else is refused. So two programs that mean the same id write the same bytes. Joiners,
/// selectors and fillers are admitted, which may leave no mark: [`SubjectId::shown`] tells such ids apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubjectId(String);

impl SubjectId {
    /// Longest identifier, in bytes.
    pub const LIMIT_BYTES: usize = 256;

    /// Whether a text is an identifier, in its normal form.
    pub(crate) fn admits(text: &str) -> bool {
        let fits = (1..=Self::LIMIT_BYTES).contains(&text.len()) && text.trim().len() == text.len();
        fits && !text.chars().any(|c| c.is_control() || does_not_show(c)) && is_nfc(text)
    }

    /// What is left of a text without that in which people differ when they write the same id: case, leading zeros, white space and
    /// compatible forms of a character (Unicode's NFKC).
    pub(crate) fn folded(text: &str) -> String {
        let mut folded = String::with_capacity(text.len());
        let mut in_number = false;
        let mut characters = text.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).peekable();
        while let Some(c) = characters.next() {
            let leading = c == '0' && !in_number && characters.peek().is_some_and(char::is_ascii_digit);
            if !leading {
                in_number = c.is_ascii_digit();
                folded.push(c);
            }
        }
        folded.nfkc().collect()
    }

    /// The identifier in its normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For people to read, where one id must not be taken for another: joiners, selectors, fillers and white space but the common one stand as
    /// `\u{200c}`, and a backslash as two. No two ids are shown alike but those whose letters look alike.
    pub fn shown(&self) -> String {
        let mut shown = String::with_capacity(self.0.len());
        for c in self.0.chars() {
            match c {
                '\\' => shown.push_str("\\\\"),
                c if leaves_no_mark(c) || c.is_whitespace() && c != ' ' => shown.extend(c.escape_unicode()),
                c => shown.push(c),
            }
        }
        shown
    }
}

impl TryFrom<String> for SubjectId {
    type Error = RecordError;

    fn try_from(text: String) -> Result<Self, RecordError> {
        // Most texts are in the form already.
        let text = if is_nfc(&text) { text } else { text.nfc().collect() };
        let text = if text.trim().len() == text.len() { text } else { text.trim().to_owned() };
        if Self::admits(&text) { Ok(Self(text)) } else { Err(RecordError::Identifier) }
    }
}

impl From<SubjectId> for String {
    fn from(id: SubjectId) -> Self {
        id.0
    }
}

impl std::fmt::Display for SubjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One template, whose it is, and of which eye where that matters.
#[derive(Clone, Debug)]
pub struct Record {
    /// Whose it is.
    pub subject: SubjectId,
    /// Of which eye, where the file says so.
    pub eye: Option<Eye>,
    /// The template.
    pub template: Template,
}

/// A record, and the handle that its subject has in the custodian's records, where it has one.
#[derive(Clone, Debug)]
pub struct Filed {
    /// The record.
    pub record: Record,
    /// The handle: one for all records of a subject; a record without one leaves it to the others.
    pub handle: Option<Handle>,
}

impl From<Record> for Filed {
    fn from(record: Record) -> Self {
        Self { record, handle: None }
    }
}

/// Why a set of records is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not a usable identifier.
    #[error(
        "an identifier needs 1 to {} bytes without control characters and others that do not show",
        SubjectId::LIMIT_BYTES
    )]
    Identifier,
}

/// What belongs to subjects gathered by subject, in the order in which each subject first appears.
pub fn group_by_subject<T>(items: impl IntoIterator<Item = (SubjectId, T)>) -> Vec<(SubjectId, Vec<T>)> {
    let mut places = std::collections::HashMap::new();
    let mut groups: Vec<(SubjectId, Vec<T>)> = Vec::new();
    for (subject, item) in items {
        let place = *places.entry(subject.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((subject, Vec::new()));
        }
        if let Some((_, group)) = groups.get_mut(place) {
            group.push(item);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_bounded_and_printable() {
        assert!(SubjectId::try_from(String::new()).is_err());
        assert!(SubjectId::try_from("a\nb".to_owned()).is_err());
        assert!(SubjectId::try_from("x".repeat(257)).is_err());
        assert!(SubjectId::try_from("a\u{200b}b".to_owned()).is_err());
        assert_eq!(SubjectId::try_from("Pérez 7".to_owned()).unwrap().as_str(), "Pérez 7");
    }

    #[test]
    fn what_leaves_no_mark_is_shown() {
        let shown = |text: &str| SubjectId::try_from(text.to_owned()).unwrap().shown();
        for plain in ["Pérez 7", "محمد", "नेपाल", "李小龍", "O'Neill"] {
            assert_eq!(shown(plain), plain);
        }
        assert_eq!(shown("an\u{200c}na"), "an\\u{200c}na");
        // What is written with a backslash is another id.
        assert_eq!(shown("an\\u{200c}na"), "an\\\\u{200c}na");
        for unseen in [
            '\u{34f}',
            '\u{a0}',
            '\u{115f}',
            '\u{1160}',
            '\u{180e}',
            '\u{200d}',
            '\u{2003}',
            '\u{2028}',
            '\u{2029}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{ffa0}',
            '\u{e0041}',
            '\u{e0100}',
        ] {
            assert_eq!(shown(&format!("a{unseen}b")), format!("a{}b", unseen.escape_unicode()));
        }
    }

    #[test]
    fn an_identifier_has_one_form() {
        let id = |text: &str| SubjectId::try_from(text.to_owned()).unwrap();
        assert_eq!(id("Jose\u{301}"), id("Jos\u{e9}"));
        assert_eq!(id(" anna\u{a0}"), id("anna"));
        assert_eq!(id("\u{1112}\u{1161}").as_str(), "\u{d558}");
        assert!(!SubjectId::admits("Jose\u{301}") && !SubjectId::admits(" anna") && SubjectId::admits("Jos\u{e9}"));
        // Three bytes of NFD may be two of NFC; the limit is on what is kept.
        assert_eq!(id(&"e\u{301}".repeat(128)).as_str().len(), 256);
    }

    #[test]
    fn what_is_likely_meant_is_told_from_what_is_not() {
        let alike = |a: &str, b: &str| SubjectId::folded(a) == SubjectId::folded(b);
        for (a, b) in [
            ("Anna", "aNNA"),
            ("7", "0007"),
            ("S-7", "s-0007"),
            ("000", "0"),
            ("JOSE\u{301}", "jos\u{e9}"),
            ("ﬁn 1", "FIN01"),
        ] {
            assert!(alike(a, b), "{a} {b}");
        }
        for (a, b) in [("70", "7"), ("10", "1"), ("anna", "ana"), ("a0b", "ab"), ("0", "")] {
            assert!(!alike(a, b), "{a} {b}");
        }
    }
}
