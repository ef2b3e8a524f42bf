//! Identifiers kept in a text file of their own, beside an array of templates.

use super::error::{Place, ReadError, RecordFault};
use super::text;
use crate::template::{Eye, SubjectId};

/// Whose template a record is, and of which eye where that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whose it is.
    pub subject: SubjectId,
    /// Of which eye.
    pub eye: Option<Eye>,
}

/// Reads identifiers, one a line, each followed by a comma or a tab and `left` or `right` (`l`, `r`) where that matters.
///
/// Lines that begin with `#` are comments. Blank lines are admitted at the end only: elsewhere one could stand for a
/// record whose identifier is lost.
///
/// # Errors
///
/// [`ReadError::Record`] with the line at fault; [`ReadError::NoRecords`] when there is no identifier.
pub fn identities(bytes: &[u8]) -> Result<Vec<Identity>, ReadError> {
    let mut identities = Vec::new();
    let mut blank = None;
    for (line, content) in text::lines(bytes) {
        let at = ReadError::at(Place::Line(line));
        let content = content.map_err(&at)?;
        if content.starts_with('#') {
            continue;
        }
        if content.is_empty() {
            blank.get_or_insert(line);
            continue;
        }
        if let Some(line) = blank {
            return Err(ReadError::at(Place::Line(line))(RecordFault::Blank));
        }
        identities.push(identity(content).map_err(&at)?);
    }
    if identities.is_empty() { Err(ReadError::NoRecords) } else { Ok(identities) }
}

fn identity(line: &str) -> Result<Identity, RecordFault> {
    let (subject, eye) = match line.rsplit_once([',', '\t']) {
        Some((subject, eye)) => (subject.trim(), Some(text::eye(eye)?)),
        None => (line, None),
    };
    if subject.contains([',', '\t']) {
        return Err(RecordFault::Eye);
    }
    Ok(Identity { subject: RecordFault::subject(subject)?, eye })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eye_may_follow_each_identifier() {
        let read = identities(b"# exported today\n\xC3\x89ric 1\nb,left\r\nc\tR\n\n").unwrap();
        let read: Vec<_> = read.iter().map(|i| (i.subject.as_str(), i.eye)).collect();
        assert_eq!(read, [("Éric 1", None), ("b", Some(Eye::Left)), ("c", Some(Eye::Right))]);
    }

    #[test]
    fn faults_are_named_by_line() {
        let fault = |file: &[u8]| match identities(file).unwrap_err() {
            ReadError::Record { place, fault } => (place, fault),
            other => panic!("{other}"),
        };
        assert_eq!(fault(b"a\n\nb\n"), (Place::Line(2), RecordFault::Blank));
        assert_eq!(fault(b"a\nPerez, Juan\n"), (Place::Line(2), RecordFault::Eye));
        assert_eq!(fault(b"Perez, Juan, left\n"), (Place::Line(1), RecordFault::Eye));
        assert_eq!(fault(b"a\n\xff\n"), (Place::Line(2), RecordFault::NotText));
        assert!(matches!(fault(b",left\n"), (Place::Line(1), RecordFault::Identifier(_))));
        assert_eq!(identities(b"# none\n").unwrap_err(), ReadError::NoRecords);
    }
}
