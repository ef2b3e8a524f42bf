//! A log outside its database: JSON Lines, an entry a line, verbatim, so that it can be checked wherever it is.

use std::borrow::Cow;
use std::io::{BufRead, ErrorKind, Read};

use super::Entry;
use super::entry::CONTENT_LIMIT_BYTES;
use crate::remedy::Remedy;

/// Longest line, in bytes: a content with every character escaped, and what stands around it.
pub const LINE_LIMIT_BYTES: usize = 2 * CONTENT_LIMIT_BYTES + 1024;

/// Why a file is no log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogFileError {
    /// It cannot be read.
    #[error("line {line} cannot be read ({kind})")]
    Unreadable {
        /// Counted from 1.
        line: u64,
        /// As the system says.
        kind: ErrorKind,
    },
    /// Longer than any entry.
    #[error("line {line} is longer than {} bytes, as no entry is", LINE_LIMIT_BYTES)]
    TooLong {
        /// Counted from 1.
        line: u64,
    },
    /// The last line does not end.
    #[error("line {line} does not end: the file was cut")]
    Unended {
        /// Counted from 1.
        line: u64,
    },
    /// Not an entry, or not in its one form.
    #[error("line {line} is not an entry as this program writes it")]
    Form {
        /// Counted from 1.
        line: u64,
    },
}

impl Remedy for LogFileError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Unreadable { .. } => "check the file and its medium",
            Self::TooLong { .. } => "export the log again",
            Self::Unended { .. } => "get it again, or export the log again",
            Self::Form { .. } => "export the log again, entry by entry",
        };
        Some(remedy.into())
    }
}

/// The entries of a log in JSON Lines, read one by one. Ends after the first error.
pub struct LogLines<R> {
    reader: R,
    line: u64,
    buffer: Vec<u8>,
    failed: bool,
}

impl<R: BufRead> LogLines<R> {
    /// Reads from the beginning of a log.
    pub fn new(reader: R) -> Self {
        Self { reader, line: 0, buffer: Vec::new(), failed: false }
    }

    fn read(&mut self) -> Result<Option<Entry>, LogFileError> {
        self.buffer.clear();
        self.line += 1;
        let line = self.line;
        // One byte more than admitted: a longer line shows without being read whole.
        let mut bounded = self.reader.by_ref().take(LINE_LIMIT_BYTES as u64 + 1);
        let read = bounded.read_until(b'\n', &mut self.buffer);
        if let Err(error) = read {
            return Err(LogFileError::Unreadable { line, kind: error.kind() });
        }
        match self.buffer.strip_suffix(b"\n") {
            None if self.buffer.is_empty() => Ok(None),
            None if self.buffer.len() > LINE_LIMIT_BYTES => Err(LogFileError::TooLong { line }),
            None => Err(LogFileError::Unended { line }),
            Some(text) => parse(text).map(Some).ok_or(LogFileError::Form { line }),
        }
    }
}

impl<R: BufRead> Iterator for LogLines<R> {
    type Item = Result<Entry, LogFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let read = self.read().transpose();
        self.failed = !matches!(read, Some(Ok(_)));
        read
    }
}

impl Entry {
    /// As a line of a log, with its end.
    pub fn to_line(&self) -> String {
        // Numbers and texts: nothing that could fail.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// The entry, if this is its one text.
fn parse(text: &[u8]) -> Option<Entry> {
    let entry: Entry = serde_json::from_slice(text).ok()?;
    (serde_json::to_vec(&entry).ok()? == text).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::audit::samples::Exchange;

    fn read(text: &[u8]) -> Result<Vec<Entry>, LogFileError> {
        LogLines::new(text).collect()
    }

    fn written() -> (Vec<Entry>, String) {
        let mut entries = Exchange::sample().custodian.entries;
        entries[3].content = None;
        let text = entries.iter().map(Entry::to_line).collect();
        (entries, text)
    }

    #[test]
    fn a_log_comes_back_from_its_lines() {
        let (entries, text) = written();
        assert_eq!(read(text.as_bytes()), Ok(entries));
        assert_eq!(read(b""), Ok(vec![]));
    }

    #[test]
    fn what_is_not_exactly_a_log_is_refused_by_its_line() {
        let (_, text) = written();
        assert_eq!(read(text.trim_end().as_bytes()), Err(LogFileError::Unended { line: text.lines().count() as u64 }));
        let second = text.find('\n').unwrap() + 1;
        let changed: [(&str, String); 6] = [
            ("a blank line", text.replacen('\n', "\n\n", 1)),
            ("line ends of Windows", text.replace('\n', "\r\n").replacen("\r\n", "\n", 1)),
            ("a blank", format!("{} {}", &text[..second], &text[second..])),
            ("another field", text[second..].replacen("{", "{\"x\":1,", 1)),
            ("not all fields", format!("{}{{\"time\":\"1970-01-01T00:00:00.000Z\"}}\n", &text[..second])),
            ("no JSON", format!("{}\u{0}\n", &text[..second])),
        ];
        for (what, text) in changed {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(matches!(error, LogFileError::Form { line: 1 | 2 }), "{what}: {error}");
        }
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let endless = std::io::BufReader::new(std::io::repeat(b'{'));
        let mut lines = LogLines::new(endless);
        assert_eq!(lines.next(), Some(Err(LogFileError::TooLong { line: 1 })));
        assert_eq!(lines.next(), None);
        assert!(lines.buffer.capacity() < 4 * LINE_LIMIT_BYTES);
    }

    #[test]
    fn the_longest_content_fits_a_line() {
        let mut entry = Exchange::sample().custodian.entries.remove(0);
        entry.content = Some("\"".repeat(CONTENT_LIMIT_BYTES));
        entry.number = u64::MAX;
        assert!(entry.to_line().len() <= LINE_LIMIT_BYTES);
        assert_eq!(read(entry.to_line().as_bytes()), Ok(vec![entry]));
    }
}
