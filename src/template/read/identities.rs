//! Identifiers kept in a file of their own, beside an array of templates.

use std::borrow::Cow;

use super::array::{self, Array};
use super::error::{ArrayFault, Place, ReadError, RecordFault};
use super::{Foreign, names, text};
use crate::template::{Eye, SubjectId};

/// Whose template a record is, and of which eye where that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whose it is.
    pub subject: SubjectId,
    /// Of which eye.
    pub eye: Option<Eye>,
    /// Where in the list it stands.
    pub place: Place,
}

/// Reads a list of identifiers, one a line, each followed by a comma or a tab and `left` or `right` (`l`, `r`) where that matters.
///
/// This is the one reader of such lists, and it guesses nothing: a line is an id in its normal form ([`SubjectId`]), or refused. An id may
/// stand in double quotes, as CSV has it, and must where it holds a separator or would be taken for something else. A byte order mark is
/// dropped. Lines that begin with `#` are comments. Blank lines are admitted at the end only: elsewhere one could stand for a
/// record whose identifier is lost. A first line that is a heading (`id`, `label`, ...) is refused. A NumPy array `(n,)` of integers or text
/// is read as well.
///
/// # Errors
///
/// [`ReadError::Record`] with the line at fault; [`ReadError::NoRecords`] when there is no identifier; [`ReadError::Array`] for an array
/// of another shape or type.
pub fn identities(bytes: &[u8]) -> Result<Vec<Identity>, ReadError> {
    if bytes.starts_with(array::MAGIC) {
        return of_array(bytes);
    }
    if let Some(foreign) = Foreign::marked(bytes) {
        return Err(ReadError::Foreign(foreign));
    }
    let (mut identities, mut blank): (Vec<Identity>, _) = (Vec::new(), None);
    // Whether all ids so far stand without quotes, and are fractions.
    let mut fractions = true;
    for (line, content) in text::lines(&text::decoded(bytes)) {
        let place = Place::Line(line);
        let at = ReadError::at(place);
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
        let (identity, is_plain) = identity(content, place, identities.is_empty()).map_err(&at)?;
        fractions &= is_plain && is_fraction(identity.subject.as_str());
        identities.push(identity);
    }
    match identities.first() {
        None => Err(ReadError::NoRecords),
        Some(first) if fractions => Err(ReadError::at(first.place)(RecordFault::FractionIds)),
        Some(_) => Ok(identities),
    }
}

fn of_array(bytes: &[u8]) -> Result<Vec<Identity>, ReadError> {
    let fault = ReadError::in_array("ids");
    let array = Array::parse(bytes).map_err(&fault)?;
    let Some(count) = array.rows_of(1).filter(|_| !array.is_float()) else {
        if array.is_float() {
            return Err(fault(array.not("text or an integer type")));
        }
        let expected = "(n,), one identifier for each record,".to_owned();
        return Err(fault(ArrayFault::Shape { expected, actual: array.shape().to_vec() }));
    };
    let identity = |position| {
        let text = array.text(position).ok_or_else(|| fault(array.not("text or an integer type")))?;
        let place = Place::Row(position + 1);
        let subject = RecordFault::subject(&text).map_err(ReadError::at(place))?;
        Ok(Identity { subject, eye: None, place })
    };
    let identities = (0..count).map(identity).collect::<Result<Vec<_>, ReadError>>()?;
    if identities.is_empty() { Err(ReadError::NoRecords) } else { Ok(identities) }
}

/// The identity on a line, and whether its id stands there without quotes.
fn identity(line: &str, place: Place, first: bool) -> Result<(Identity, bool), RecordFault> {
    let fields = fields(line)?;
    let (subject, eye) = match fields.as_slice() {
        [Field::Plain(heading)] if first && names::is_label(heading) => return Err(RecordFault::Heading),
        [subject] => (subject, None),
        [subject, eye] => (subject, Some(text::eye(eye.text())?)),
        _ => return Err(RecordFault::Eye),
    };
    let identity = Identity { subject: RecordFault::subject(subject.text())?, eye, place };
    Ok((identity, matches!(subject, Field::Plain(_))))
}

/// Whether a text is a whole number with a fraction, such as `7.0`: where all are, a program has made measures of them.
pub(super) fn is_fraction(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or_default();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(fraction) && fraction.bytes().all(|byte| byte == b'0')
}

/// How an identifier is written to a list, so that [`identities`] reads it again: in double quotes where it must be.
pub(in crate::template) fn written(id: &SubjectId) -> Cow<'_, str> {
    let id = id.as_str();
    let alone = matches!(fields(id).as_deref(), Ok([Field::Plain(plain)]) if *plain == id);
    match alone && !id.starts_with('#') && !names::is_label(id) {
        true => Cow::Borrowed(id),
        false => Cow::Owned(format!("\"{}\"", id.replace('"', "\"\""))),
    }
}

/// A field of a line.
enum Field<'a> {
    Plain(&'a str),
    Quoted(String),
}

impl Field<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Quoted(text) => text,
        }
    }
}

/// What separates fields.
const SEPARATORS: [char; 2] = [',', '\t'];
/// Marks that other programs put around texts, and that CSV does not know.
const MARKS: [char; 12] = [
    '\'', '`', '\u{b4}', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201c}', '\u{201d}', '\u{201e}', '\u{ab}', '\u{bb}',
    '\u{ff02}',
];

/// The fields of a line.
fn fields(line: &str) -> Result<Vec<Field<'_>>, RecordFault> {
    let mut fields = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let field;
        (field, rest) = match text.trim_start_matches(' ').strip_prefix('"') {
            Some(inside) => quoted(inside)?,
            None => plain(text)?,
        };
        fields.push(field);
    }
    Ok(fields)
}

/// A field up to the next separator, and what follows that.
fn plain(text: &str) -> Result<(Field<'_>, Option<&str>), RecordFault> {
    let (field, rest) = text.split_once(SEPARATORS).map_or((text, None), |(field, rest)| (field, Some(rest)));
    let field = field.trim();
    if field.contains('"') || (field.chars().count() > 1 && field.starts_with(MARKS) && field.ends_with(MARKS)) {
        return Err(RecordFault::Quotes);
    }
    if field.contains(';') {
        return Err(RecordFault::Semicolon);
    }
    if field.split_once('#').is_some_and(|(before, _)| before.ends_with(char::is_whitespace)) {
        return Err(RecordFault::Comment);
    }
    Ok((Field::Plain(field), rest))
}

/// A field whose opening quotation mark is read already, and what follows it.
fn quoted(mut text: &str) -> Result<(Field<'_>, Option<&str>), RecordFault> {
    let mut field = String::new();
    loop {
        let (part, rest) = text.split_once('"').ok_or(RecordFault::Quotes)?;
        field.push_str(part);
        match rest.strip_prefix('"') {
            // Two stand for one.
            Some(again) => {
                field.push('"');
                text = again;
            }
            None => {
                let rest = rest.trim_start_matches(' ');
                let next = rest.strip_prefix(SEPARATORS);
                return if next.is_some() || rest.is_empty() {
                    Ok((Field::Quoted(field), next))
                } else {
                    Err(RecordFault::Quotes)
                };
            }
        }
    }
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
        [array::MAGIC, &[1, 0], &length, header.as_bytes(), data].concat()
    }

    #[test]
    fn an_array_of_integers_is_read() {
        let bytes: Vec<u8> = [7i64, -1].iter().flat_map(|id| id.to_le_bytes()).collect();
        let read = identities(&array("<i8", "(2,)", &bytes)).unwrap();
        assert_eq!(read.iter().map(|i| i.subject.as_str()).collect::<Vec<_>>(), ["7", "-1"]);
        assert_eq!(identities(&array("<i8", "(2, 1)", &bytes)).unwrap(), read);
        assert!(matches!(identities(&array("<i8", "(1, 2)", &bytes)), Ok(list) if list == read));
        assert!(matches!(identities(&array("<f8", "(2,)", &bytes)), Err(ReadError::Array { .. })));
        assert!(matches!(identities(&array("<i8", "(3,)", &bytes)), Err(ReadError::Array { .. })));
    }

    #[test]
    fn quotes_are_understood_as_csv_does() {
        let file = "\u{feff}\"Perez, Juan\",left\r\n\"id\"\n \"#8\" \nO'Brien\n'\n\"a \"\"b\"\"\"\tr\na#1\n";
        let read = identities(file.as_bytes()).unwrap();
        let read: Vec<_> = read.iter().map(|i| (i.subject.as_str(), i.eye)).collect();
        let (left, right) = (Some(Eye::Left), Some(Eye::Right));
        let expected = [
            ("Perez, Juan", left),
            ("id", None),
            ("#8", None),
            ("O'Brien", None),
            ("'", None),
            ("a \"b\"", right),
            ("a#1", None),
        ];
        assert_eq!(read, expected);
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(text in "[a-c0#;,'\"\u{e9}\u{301}\u{201c} ]{1,6}|id|names") {
            if let Ok(id) = SubjectId::try_from(text) {
                let read = identities(written(&id).as_bytes()).unwrap();
                proptest::prop_assert_eq!(&read[..], [Identity { subject: id, eye: None, place: Place::Line(1) }]);
            }
        }
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
        assert_eq!(fault(b"a;b\n"), (Place::Line(1), RecordFault::Semicolon));
        assert_eq!(fault(b"a #b\n"), (Place::Line(1), RecordFault::Comment));
        assert_eq!(fault(b"# ids\nSubject\na\n"), (Place::Line(2), RecordFault::Heading));
        for quotes in ["\"a", "a\"", "\"a\"b", "a\"b\"", "'a'", "\u{201c}a\u{201d}", "\"a\nb\"", "\"a\",\"left"] {
            assert_eq!(fault(quotes.as_bytes()), (Place::Line(1), RecordFault::Quotes), "{quotes}");
        }
        assert!(matches!(fault(b",left\n"), (Place::Line(1), RecordFault::Identifier(_))));
        assert_eq!(identities(b"# none\n").unwrap_err(), ReadError::NoRecords);
    }
}
