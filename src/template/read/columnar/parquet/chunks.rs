//! What the decoder reads from: any part of a file, and heads of pages that were looked at.

use std::io::{self, Cursor, Read, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;

use super::super::super::error::ReadError;
use super::super::super::source::{Seekable, Whole};
use super::limits::Limits;
use super::pages::Head;

/// A file, or what is in memory of one.
pub(super) struct File {
    bytes: u64,
    place: Place,
}

enum Place {
    File(Mutex<Box<dyn Seekable>>),
    Memory(Bytes),
}

impl File {
    pub(super) fn of(whole: Whole) -> std::result::Result<Self, ReadError> {
        Ok(match whole {
            Whole::Memory(bytes) => Self { bytes: bytes.len() as u64, place: Place::Memory(bytes.into()) },
            Whole::File(mut file) => {
                let bytes = file.seek(SeekFrom::End(0)).map_err(|error| ReadError::Unreadable(error.kind()))?;
                Self { bytes, place: Place::File(Mutex::new(file)) }
            }
        })
    }

    /// How long it is.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// So many bytes from a place on.
    pub(super) fn read(&self, start: u64, bytes: u64) -> std::result::Result<Bytes, ReadError> {
        self.part(start, bytes).map_err(|error| ReadError::Unreadable(error.kind()))
    }

    fn part(&self, start: u64, bytes: u64) -> io::Result<Bytes> {
        let end = start.checked_add(bytes).filter(|end| *end <= self.bytes).ok_or(io::ErrorKind::UnexpectedEof)?;
        match &self.place {
            Place::Memory(all) => match (usize::try_from(start), usize::try_from(end)) {
                (Ok(start), Ok(end)) => Ok(all.slice(start..end)),
                _ => Err(io::ErrorKind::UnexpectedEof.into()),
            },
            Place::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(start))?;
                // It is within the file, as long as that is.
                let mut part = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
                match file.as_mut().take(bytes).read_to_end(&mut part)? as u64 == bytes {
                    true => Ok(part.into()),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
        }
    }
}

/// A file with the limits that its pages are held to.
pub(super) struct Chunks(Arc<Limited>);

struct Limited {
    file: File,
    limits: Mutex<Limits>,
}

impl Chunks {
    pub(super) fn new(file: File, limits: Limits) -> Self {
        Self(Arc::new(Limited { file, limits: Mutex::new(limits) }))
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.file.bytes
    }
}

impl ChunkReader for Chunks {
    type T = PageHead;

    /// The decoder reads heads of pages so, and nothing else.
    fn get_read(&self, start: u64) -> Result<PageHead> {
        Ok(PageHead { chunks: self.0.clone(), start, head: None })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.0.file.part(start, length as u64).map_err(|error| ParquetError::External(error.into()))
    }
}

/// The head of a page, which is looked at as soon as it is read.
pub(super) struct PageHead {
    chunks: Arc<Limited>,
    start: u64,
    head: Option<Cursor<Bytes>>,
}

/// A head is read in a piece of this length, or, where statistics in it are long, in one that is longer.
const HEAD_BYTES: u64 = 256;
/// Longest head of a page, in bytes.
const LONGEST_HEAD_BYTES: u64 = 1 << 20;

impl PageHead {
    fn checked(&self) -> io::Result<Bytes> {
        let Limited { file, limits } = &*self.chunks;
        let left = file.bytes.saturating_sub(self.start).min(LONGEST_HEAD_BYTES);
        let mut bytes = HEAD_BYTES;
        loop {
            let piece = file.part(self.start, bytes.min(left))?;
            if let Some(head) = Head::of(&piece) {
                let mut limits = limits.lock().unwrap_or_else(PoisonError::into_inner);
                limits.admit(self.start, &head).map_err(io::Error::other)?;
                return Ok(piece.slice(..head.bytes.min(piece.len())));
            }
            if bytes >= left {
                return Err(io::Error::other("the head of a page cannot be read"));
            }
            bytes *= 16;
        }
    }
}

impl Read for PageHead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.head.is_none() {
            self.head = Some(Cursor::new(self.checked()?));
        }
        self.head.as_mut().map_or(Ok(0), |head| head.read(out))
    }
}
