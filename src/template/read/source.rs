//! A file read front to back, of which what comes next can be looked at first.

use std::io::{self, BufRead, Cursor, Read, Seek, SeekFrom};

use super::error::ReadError;
use super::text;

/// So much is read together.
const PIECE_BYTES: usize = 1 << 18;
/// So much of a file says how it is written.
const BEGINNING_BYTES: usize = 1 << 20;

/// What is left to be read of a file. Text of a byte order mark is UTF-8 without it.
///
/// Memory: what has been looked at and not been passed.
pub struct Source<'a> {
    file: Origin<'a>,
    /// Read, and passed up to `passed`.
    buffer: Vec<u8>,
    passed: usize,
    ended: bool,
}

/// Where a file's bytes come from.
enum Origin<'a> {
    Stream(Box<dyn Read + 'a>),
    File(Box<dyn Seekable>),
    Memory(Cursor<&'a [u8]>),
}

/// All of a file, to be read at any place by whoever holds it.
#[cfg(feature = "columnar")]
pub(super) enum Whole {
    File(Box<dyn Seekable>),
    Memory(Vec<u8>),
}

/// What can be read at any place, also by another thread.
pub(super) trait Seekable: Read + Seek + Send {}

impl<T: Read + Seek + Send> Seekable for T {}

impl Origin<'_> {
    fn read(&mut self) -> &mut dyn Read {
        match self {
            Self::Stream(stream) => stream,
            Self::File(file) => file,
            Self::Memory(bytes) => bytes,
        }
    }
}

impl<'a> Source<'a> {
    /// What comes from somewhere, from its beginning.
    ///
    /// # Errors
    ///
    /// [`ReadError::Unreadable`].
    pub fn new(stream: impl Read + 'a) -> Result<Self, ReadError> {
        Self::from(Origin::Stream(Box::new(stream)))
    }

    /// A file, from its beginning: an archive or a Parquet file in it need not fit in memory.
    ///
    /// # Errors
    ///
    /// [`ReadError::Unreadable`].
    pub fn file(file: impl Read + Seek + Send + 'static) -> Result<Self, ReadError> {
        Self::from(Origin::File(Box::new(file)))
    }

    fn from(file: Origin<'a>) -> Result<Self, ReadError> {
        let mut source = Self { file, buffer: Vec::new(), passed: 0, ended: false };
        match source.ahead(3)? {
            [0xef, 0xbb, 0xbf, ..] => source.pass(3),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                let bytes = source.rest()?;
                let text = text::decoded(&bytes).into_owned();
                return Ok(Self { file: Origin::Stream(Box::new(io::empty())), buffer: text, passed: 0, ended: true });
            }
            _ => {}
        }
        Ok(source)
    }

    /// Bytes in memory.
    ///
    /// # Errors
    ///
    /// None: memory can be read.
    pub fn of(bytes: &'a [u8]) -> Result<Self, ReadError> {
        Self::from(Origin::Memory(Cursor::new(bytes)))
    }

    fn there(&self) -> &[u8] {
        self.buffer.get(self.passed..).unwrap_or_default()
    }

    /// So many bytes that come next, or more; all where the file ends before.
    pub(super) fn ahead(&mut self, bytes: usize) -> Result<&[u8], ReadError> {
        if self.there().len() < bytes && !self.ended {
            self.buffer.drain(..self.passed);
            self.passed = 0;
            let missing = (bytes - self.buffer.len()).max(PIECE_BYTES);
            let read = self.file.read().take(missing as u64).read_to_end(&mut self.buffer);
            self.ended = read.map_err(|error| ReadError::Unreadable(error.kind()))? < missing;
        }
        Ok(self.there())
    }

    /// The next byte at or after so many bytes ahead that is no white space, and how many bytes ahead it is.
    pub(super) fn next_ink(&mut self, from: usize) -> Result<Option<(usize, u8)>, ReadError> {
        let mut looked_at = from;
        loop {
            let ahead = self.ahead(looked_at + 1)?;
            let rest = ahead.get(looked_at..).unwrap_or_default();
            match rest.iter().position(|byte| !byte.is_ascii_whitespace()) {
                Some(at) => return Ok(rest.get(at).map(|&byte| (looked_at + at, byte))),
                None if rest.is_empty() => return Ok(None),
                None => looked_at = ahead.len(),
            }
        }
    }

    /// The beginning of what is left, and whether it is all.
    pub(super) fn beginning(&mut self) -> Result<(&[u8], bool), ReadError> {
        let ended = self.ahead(BEGINNING_BYTES)?.len() < BEGINNING_BYTES;
        Ok((self.there(), ended))
    }

    /// The last bytes of a file that can be read at any place, at most so many; none of what comes from elsewhere.
    pub(super) fn ending(&mut self, bytes: u32) -> Result<Vec<u8>, ReadError> {
        let file = match &mut self.file {
            Origin::File(file) => file,
            Origin::Memory(all) => {
                let all = all.get_ref();
                return Ok(all.get(all.len().saturating_sub(bytes as usize)..).unwrap_or_default().to_vec());
            }
            Origin::Stream(_) => return Ok(Vec::new()),
        };
        let mut ending = Vec::new();
        let read = file.stream_position().and_then(|here| {
            let end = file.seek(SeekFrom::End(0))?;
            file.seek(SeekFrom::Start(end.saturating_sub(bytes.into())))?;
            file.take(bytes.into()).read_to_end(&mut ending)?;
            file.seek(SeekFrom::Start(here))
        });
        read.map(|_| ending).map_err(|error| ReadError::Unreadable(error.kind()))
    }

    /// Bytes that were looked at are read.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.passed = (self.passed + bytes).min(self.buffer.len());
    }

    /// All that is left.
    pub(super) fn rest(mut self) -> Result<Vec<u8>, ReadError> {
        self.buffer.drain(..self.passed);
        let read = self.file.read().read_to_end(&mut self.buffer);
        read.map(|_| self.buffer).map_err(|error| ReadError::Unreadable(error.kind()))
    }

    /// The whole of it, of which nothing was passed, to be read at any place; and its length.
    pub(super) fn seekable(self) -> Result<(Box<dyn Seekable + 'a>, u64), ReadError> {
        let mut file: Box<dyn Seekable + 'a> = match self.file {
            Origin::File(file) => file,
            Origin::Memory(bytes) => Box::new(bytes),
            Origin::Stream(_) => Box::new(Cursor::new(self.rest()?)),
        };
        let bytes = file.seek(SeekFrom::End(0)).and_then(|bytes| file.rewind().map(|()| bytes));
        bytes.map(|bytes| (file, bytes)).map_err(|error| ReadError::Unreadable(error.kind()))
    }

    /// The whole of it, of which nothing was passed; of a stream at most `limit_bytes`, or none where there are more.
    #[cfg(feature = "columnar")]
    pub(super) fn whole(self, limit_bytes: u64) -> Result<Option<Whole>, ReadError> {
        match self.file {
            Origin::File(file) => Ok(Some(Whole::File(file))),
            Origin::Memory(bytes) => Ok(Some(Whole::Memory(bytes.into_inner().to_vec()))),
            Origin::Stream(_) => {
                let mut bytes = Vec::new();
                let read = self.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes);
                let read = read.map_err(|error| ReadError::Unreadable(error.kind()))? as u64;
                Ok((read <= limit_bytes).then_some(Whole::Memory(bytes)))
            }
        }
    }

    /// The next bytes, so many of them; fewer where the file ends before. At most twice what has come is reserved.
    #[cfg(feature = "columnar")]
    pub(super) fn piece(&mut self, bytes: u64) -> Result<Vec<u8>, ReadError> {
        let mut piece = Vec::new();
        loop {
            let more = (piece.len().max(PIECE_BYTES) as u64).min(bytes - piece.len() as u64);
            piece.reserve_exact(usize::try_from(more).unwrap_or_default());
            let read = self.take(more).read_to_end(&mut piece).map_err(|error| ReadError::Unreadable(error.kind()))?;
            if (read as u64) < more || piece.len() as u64 == bytes {
                return Ok(piece);
            }
        }
    }

    /// The next line without its end; `None` behind the last.
    pub(super) fn line<'b>(&mut self, line: &'b mut Vec<u8>) -> Result<Option<&'b [u8]>, ReadError> {
        line.clear();
        let read = self.read_until(b'\n', line).map_err(|error| ReadError::Unreadable(error.kind()))?;
        Ok((read > 0).then(|| line.strip_suffix(b"\n").unwrap_or(line)))
    }
}

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = Cursor::new(self.fill_buf()?).read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.ahead(1) {
            Ok(_) => Ok(self.there()),
            Err(ReadError::Unreadable(kind)) => Err(kind.into()),
            Err(_) => Err(io::ErrorKind::Other.into()),
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.pass(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ahead_stays_to_be_read() {
        let bytes: Vec<u8> = (0..PIECE_BYTES + 700).map(|byte| byte as u8).collect();
        let mut source = Source::new(bytes.as_slice().chain(&b"  \n\t x"[..])).unwrap();
        assert_eq!(&source.ahead(5).unwrap()[..5], &bytes[..5]);
        source.pass(3);
        assert_eq!(&source.ahead(PIECE_BYTES + 9).unwrap()[..PIECE_BYTES + 9], &bytes[3..PIECE_BYTES + 12]);
        let blank = bytes.len() - 3;
        assert_eq!(source.next_ink(blank).unwrap(), Some((blank + 5, b'x')));
        assert_eq!(source.next_ink(blank + 6).unwrap(), None);
        assert_eq!(source.rest().unwrap(), [&bytes[3..], b"  \n\t x"].concat());
    }

    #[test]
    fn the_end_of_a_file_is_looked_at_and_nothing_of_it_read() {
        let bytes: Vec<u8> = (0..2 * PIECE_BYTES).map(|byte| (byte % 251) as u8).collect();
        let mut source = Source::of(&bytes).unwrap();
        assert_eq!(source.ending(4).unwrap(), bytes[bytes.len() - 4..]);
        source.pass(3);
        assert_eq!(source.ending(9).unwrap(), bytes[bytes.len() - 9..]);
        assert_eq!(source.rest().unwrap(), bytes[3..]);
        assert_eq!(Source::of(b"ab").unwrap().ending(4).unwrap(), b"ab");
        assert_eq!(Source::new(&b"abcde"[..]).unwrap().ending(4).unwrap(), b"");
    }

    #[test]
    fn lines_are_read_without_their_ends() {
        let (mut source, mut line) = (Source::of(b"\xef\xbb\xbfa\n\nb").unwrap(), Vec::new());
        for expected in [Some(&b"a"[..]), Some(b""), Some(b"b"), None] {
            assert_eq!(source.line(&mut line).unwrap(), expected);
        }
    }

    #[test]
    fn a_byte_order_mark_tells_the_encoding() {
        let units: Vec<u16> = "é,1\n".encode_utf16().collect();
        let marked: Vec<u8> = [0xfeff].iter().chain(&units).flat_map(|unit| unit.to_le_bytes()).collect();
        assert_eq!(Source::of(&marked).unwrap().rest().unwrap(), "é,1\n".as_bytes());
        assert_eq!(Source::of(b"").unwrap().rest().unwrap(), b"");
    }
}
