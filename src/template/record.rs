//! Templates with the identity they belong to.

use super::Template;

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

/// A subject's identifier in one party's records: 1 to 256 bytes of text without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubjectId(String);

impl SubjectId {
    /// Longest identifier, in bytes.
    pub const LIMIT_BYTES: usize = 256;

    /// Whether a text can be an identifier.
    pub(crate) fn admits(text: &str) -> bool {
        !text.is_empty() && text.len() <= Self::LIMIT_BYTES && !text.chars().any(char::is_control)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SubjectId {
    type Error = RecordError;

    fn try_from(text: String) -> Result<Self, RecordError> {
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

/// Why a set of records is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not a usable identifier.
    #[error("an identifier needs 1 to {} bytes without control characters", SubjectId::LIMIT_BYTES)]
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
        assert_eq!(SubjectId::try_from("Pérez 7".to_owned()).unwrap().as_str(), "Pérez 7");
    }
}
