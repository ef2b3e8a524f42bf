//! Writing a segment front to back.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::format::{HEAD_BYTES, Head, LINK_BYTES, Layout, Link};
use crate::template::{Eye, Handle};

/// A segment in the making: its tables, then its records, in the order of the format.
pub(super) struct SegmentWriter<'a> {
    out: &'a mut dyn Write,
    failed: Option<io::Error>,
    layout: Layout,
    /// Of all but the records.
    commit: Sha256,
    chunk: Sha256,
    chunk_records: usize,
    digests: Vec<u8>,
    /// Bytes so far.
    written: usize,
}

impl<'a> SegmentWriter<'a> {
    pub(crate) fn begin(out: &'a mut dyn Write, head: Head, link: &Link, layout: Layout) -> Self {
        let mut writer = Self {
            out,
            failed: None,
            layout,
            commit: Sha256::new(),
            chunk: Sha256::new(),
            chunk_records: 0,
            digests: Vec::new(),
            written: 0,
        };
        writer.table(&head.to_bytes(link));
        writer
    }

    fn write(&mut self, bytes: &[u8]) {
        self.written += bytes.len();
        if self.failed.is_none() {
            self.failed = self.out.write_all(bytes).err();
        }
    }

    /// A part of the tables.
    pub(crate) fn table(&mut self, bytes: &[u8]) {
        self.commit.update(bytes);
        self.write(bytes);
    }

    /// An entry of the tables: two numbers.
    pub(crate) fn entry(&mut self, first: u32, reference_end: u32) {
        self.table(&first.to_le_bytes());
        self.table(&reference_end.to_le_bytes());
    }

    /// The eye of a reference.
    pub(crate) fn eye(&mut self, eye: Option<Eye>) {
        self.table(&[match eye {
            None => 0,
            Some(Eye::Left) => 1,
            Some(Eye::Right) => 2,
        }]);
    }

    /// What a subject is given, or that it is given none.
    pub(crate) fn handle(&mut self, handle: Option<&Handle>) {
        self.table(handle.map_or(&[0; Handle::MOST_BYTES], |handle| handle.padded()));
    }

    /// A record.
    pub(crate) fn record(&mut self, bytes: &[u8]) {
        self.write(bytes);
        self.chunk.update(bytes);
        self.chunk_records += 1;
        if self.chunk_records == self.layout.chunk_records {
            self.end_chunk();
        }
    }

    /// Whether writing has failed, so that going on is idle.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    fn end_chunk(&mut self) {
        self.digests.extend(self.chunk.finalize_reset());
        self.chunk_records = 0;
    }

    /// All but the commit is written.
    ///
    /// # Errors
    ///
    /// The first error of the stream.
    pub(crate) fn finish(mut self) -> io::Result<Link> {
        if self.chunk_records > 0 {
            self.end_chunk();
        }
        let digests = std::mem::take(&mut self.digests);
        self.table(&digests);
        let end = (self.written + LINK_BYTES).next_multiple_of(HEAD_BYTES);
        self.table(&vec![0; end - LINK_BYTES - self.written]);
        match self.failed {
            Some(error) => Err(error),
            None => Ok(self.commit.finalize().into()),
        }
    }
}
