//! The lines and fields of a text: what separates them, and where they begin.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, Cursor, Read};

use super::super::error::{Place, ReadError, RecordFault};
use super::super::source::Source;

/// A text of records of fields, with comments before it left out.
pub(super) struct Table<'a> {
    reader: ::csv::Reader<Numbered<Box<dyn Read + 'a>>>,
    separator: Separator,
}

/// What stands between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    Comma,
    Semicolon,
    Tab,
    /// Any white space.
    Spaces,
}

/// So many records are looked at for what separates fields, of at most so many bytes.
const SAMPLE_RECORDS: usize = 8;
const SAMPLE_BYTES: usize = 1 << 22;

impl<'a> Table<'a> {
    pub(super) fn of(mut source: Source<'a>) -> Result<Self, ReadError> {
        let text = source.ahead(SAMPLE_BYTES)?;
        let (rest, skipped) = without_comments(text);
        let (passed, separator) = (text.len() - rest.len(), Separator::of(rest));
        source.pass(passed);
        let text: Box<dyn Read + 'a> = match separator {
            Separator::Spaces => Box::new(Spaced { source, line: Cursor::default() }),
            _ => Box::new(source),
        };
        let byte = match separator {
            Separator::Comma | Separator::Spaces => b',',
            Separator::Semicolon => b';',
            Separator::Tab => b'\t',
        };
        let mut builder = ::csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).trim(::csv::Trim::All).delimiter(byte).buffer_capacity(1 << 16);
        Ok(Self { reader: builder.from_reader(Numbered::new(text, 1 + skipped)), separator })
    }

    /// Whether a comma may stand before a fraction.
    pub(super) fn decimal_commas(&self) -> bool {
        matches!(self.separator, Separator::Semicolon | Separator::Tab)
    }

    /// Reads the next record, and tells where it is; `None` behind the last.
    pub(super) fn read(&mut self, record: &mut ::csv::ByteRecord) -> Result<Option<Place>, ReadError> {
        let there = self.reader.read_byte_record(record);
        let lines = self.reader.get_mut();
        match there.map_err(::csv::Error::into_kind) {
            Ok(true) => {
                let offset = record.position().map_or(0, ::csv::Position::byte);
                Ok(Some(Place::Line(lines.line_at(offset))))
            }
            Ok(false) => Ok(None),
            Err(::csv::ErrorKind::Io(error)) => Err(ReadError::Unreadable(error.kind())),
            Err(_) => Err(ReadError::at(Place::Line(lines.line))(RecordFault::NotText)),
        }
    }
}

impl Separator {
    /// What occurs as often in every record: the tab before the semicolon before the comma.
    fn of(text: &[u8]) -> Self {
        let records = sample(text);
        let counts =
            |separator: u8| records.iter().map(move |record| outside_quotes(record, separator)).collect::<Vec<_>>();
        let (tabs, semicolons, commas) = (counts(b'\t'), counts(b';'), counts(b','));
        let even =
            |counts: &[usize]| counts.first().is_some_and(|first| *first > 0 && counts.iter().all(|n| n == first));
        let first = |counts: &[usize]| counts.first().copied().unwrap_or_default();
        // With decimal commas, no field has two of them.
        let decimal = records
            .iter()
            .all(|record| record.split(|&byte| byte == b';').all(|field| outside_quotes(field, b',') < 2));
        match (even(&tabs), even(&semicolons) && decimal, even(&commas)) {
            (true, ..) => Self::Tab,
            (_, true, _) => Self::Semicolon,
            (.., true) => Self::Comma,
            _ if first(&tabs) > first(&commas) => Self::Tab,
            _ if first(&semicolons) > first(&commas) => Self::Semicolon,
            _ if first(&commas) > 0 => Self::Comma,
            _ if records.iter().any(|record| record.trim_ascii().contains(&b' ') && !record.contains(&b'"')) => {
                Self::Spaces
            }
            _ => Self::Comma,
        }
    }
}

/// The first records that are not blank; a line break within quotes ends none.
fn sample(text: &[u8]) -> Vec<&[u8]> {
    let text = text.get(..SAMPLE_BYTES).unwrap_or(text);
    let mut inside = false;
    let records = text.split(|&byte| {
        inside ^= byte == b'"';
        byte == b'\n' && !inside
    });
    records.filter(|record| !record.trim_ascii().is_empty()).take(SAMPLE_RECORDS).collect()
}

fn outside_quotes(record: &[u8], separator: u8) -> usize {
    let mut inside = false;
    record
        .iter()
        .filter(|&&byte| {
            inside ^= byte == b'"';
            byte == separator && !inside
        })
        .count()
}

/// A text without blank lines and comments before its first record, and how many lines these are. A last comment that has as many fields as
/// the record below is its header, as NumPy writes it.
fn without_comments(text: &[u8]) -> (&[u8], usize) {
    let (mut rest, mut skipped, mut comment) = (text, 0, None);
    loop {
        let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let trimmed = line.trim_ascii();
        let is_comment = trimmed.starts_with(b"#");
        if rest.is_empty() || !(trimmed.is_empty() || is_comment) {
            break;
        }
        comment = is_comment.then_some((rest, skipped));
        rest = rest.get(line.len() + 1..).unwrap_or_default();
        skipped += 1;
    }
    if let Some((comment, before)) = comment {
        let header = comment.trim_ascii_start().strip_prefix(b"#").unwrap_or_default();
        let fields = |text| sample(text).first().map_or(0, |record| Separator::of(record).count(record));
        let same = Separator::of(header.split(|&byte| byte == b'\n').next().unwrap_or_default()) == Separator::of(rest);
        if same && fields(header) > 0 && fields(header) == fields(rest) {
            return (header, before);
        }
    }
    (rest, skipped)
}

impl Separator {
    /// How many of it are in a record.
    fn count(self, record: &[u8]) -> usize {
        match self {
            Self::Comma => outside_quotes(record, b','),
            Self::Semicolon => outside_quotes(record, b';'),
            Self::Tab => outside_quotes(record, b'\t'),
            Self::Spaces => {
                record.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).count().saturating_sub(1)
            }
        }
    }
}

/// Lines of fields that white space separates, with commas between them.
struct Spaced<'a> {
    source: Source<'a>,
    line: Cursor<Vec<u8>>,
}

impl Read for Spaced<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.line.position() == self.line.get_ref().len() as u64 {
            let mut line = Vec::new();
            self.source.read_until(b'\n', &mut line)?;
            let fields: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).collect();
            let mut commas = fields.join(&b',');
            if !line.is_empty() {
                commas.push(b'\n');
            }
            self.line = Cursor::new(commas);
        }
        self.line.read(out)
    }
}

/// A text of which it is known on which lines records begin. The reader's own count takes no notice of the blank lines it passes over.
struct Numbered<R> {
    text: R,
    /// Bytes of the text that were read.
    offset: u64,
    /// Line breaks among them, and the first line's number.
    read_line: usize,
    at_start: bool,
    /// Where lines that are not blank begin, and their numbers.
    starts: VecDeque<(u64, usize)>,
    /// The line of the last record that was asked for.
    line: usize,
}

impl<R> Numbered<R> {
    fn new(text: R, first_line: usize) -> Self {
        Self { text, offset: 0, read_line: first_line, at_start: true, starts: VecDeque::new(), line: first_line }
    }

    /// The line of the first record at or behind an offset, which is not before the last one that was asked for.
    fn line_at(&mut self, offset: u64) -> usize {
        while let Some((start, line)) = self.starts.front().copied() {
            if start >= offset {
                self.line = line;
                break;
            }
            self.starts.pop_front();
        }
        self.line
    }
}

impl<R: Read> Read for Numbered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(out)?;
        for (byte, offset) in out.iter().take(read).zip(self.offset..) {
            let is_break = matches!(byte, b'\r' | b'\n');
            if self.at_start && !is_break {
                self.starts.push_back((offset, self.read_line));
            }
            self.read_line += usize::from(*byte == b'\n');
            self.at_start = is_break;
        }
        self.offset += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_fields_is_found() {
        for (text, separator) in [
            ("1,2\n3,4\n", Separator::Comma),
            ("a;b\n0,5;0,25\n", Separator::Semicolon),
            ("0,5;0,25\n0,1;0\n", Separator::Semicolon),
            ("x;1,0.5,0.25\ny;2,0.5,1\n", Separator::Comma), // semicolons in ids
            ("id\tv,1\nx\t1,5\n", Separator::Tab),
            ("1 2\n3  4\n", Separator::Spaces),
            ("id,\"a;b\"\nx,\"[1;\n2]\"\n", Separator::Comma),
            ("1\n2\n", Separator::Comma),
            ("1,2,\n3,4\n", Separator::Comma),
            ("", Separator::Comma),
        ] {
            assert_eq!(Separator::of(text.as_bytes()), separator, "{text}");
        }
    }

    #[test]
    fn comments_before_the_first_record_are_left_out_but_for_a_header() {
        for (text, rest, skipped) in [
            ("# exported\n\nid,a\nx,1\n", "id,a\nx,1\n", 2),
            ("# exported, today\n# id,a\nx,1\n", " id,a\nx,1\n", 1),
            ("# id a\nx 1\n", " id a\nx 1\n", 0),
            ("id,a\n#x,1\n", "id,a\n#x,1\n", 0),
            ("# one\n", "", 1),
        ] {
            assert_eq!(without_comments(text.as_bytes()), (rest.as_bytes(), skipped), "{text}");
        }
    }
}
