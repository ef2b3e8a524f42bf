//! Identifiers kept in a file of their own, beside an array of templates.

use super::error::{ArrayFault, Place, ReadError, RecordFault};
use super::npy::Array;
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
/// record whose identifier is lost. A NumPy array `(n,)` of integers or text is read as well.
///
/// # Errors
///
/// [`ReadError::Record`] with the line at fault; [`ReadError::NoRecords`] when there is no identifier; [`ReadError::Array`] for an array
/// of another shape or type.
pub fn identities(bytes: &[u8]) -> Result<Vec<Identity>, ReadError> {
    if bytes.starts_with(NUMPY_MAGIC) {
        return of_array(bytes);
    }
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

/// What a `.npy` file begins with; no identifier does.
const NUMPY_MAGIC: &[u8] = b"\x93NUMPY";

fn of_array(bytes: &[u8]) -> Result<Vec<Identity>, ReadError> {
    let fault = ReadError::in_array("ids");
    let array = Array::parse(bytes).map_err(&fault)?;
    let [count] = *array.shape() else {
        let expected = "(n,), one identifier for each record,".to_owned();
        return Err(fault(ArrayFault::Shape { expected, actual: array.shape().to_vec() }));
    };
    let identity = |position| {
        let text = array.text(position).ok_or_else(|| fault(array.not("text or an integer type")))?;
        let subject = RecordFault::subject(&text).map_err(ReadError::at(Place::Row(position + 1)))?;
        Ok(Identity { subject, eye: None })
    };
    let identities = (0..count).map(identity).collect::<Result<Vec<_>, ReadError>>()?;
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

    fn array(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let length = (header.len() as u16).to_le_bytes();
        [NUMPY_MAGIC, &[1, 0], &length, header.as_bytes(), data].concat()
    }

    #[test]
    fn an_array_of_integers_is_read() {
        let bytes: Vec<u8> = [7i64, -1].iter().flat_map(|id| id.to_le_bytes()).collect();
        let read = identities(&array("<i8", "(2,)", &bytes)).unwrap();
        assert_eq!(read.iter().map(|i| i.subject.as_str()).collect::<Vec<_>>(), ["7", "-1"]);
        assert!(matches!(identities(&array("<i8", "(2, 1)", &bytes)), Err(ReadError::Array { .. })));
        assert!(matches!(identities(&array("<f8", "(2,)", &bytes)), Err(ReadError::Array { .. })));
        assert!(matches!(identities(&array("<i8", "(3,)", &bytes)), Err(ReadError::Array { .. })));
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
