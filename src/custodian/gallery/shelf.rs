//! Stored references, put aside until all are there and it is known in which order they are written.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// Where bytes can be put aside: `Cursor::new(Vec::new())` in memory, or a file that has no name, since it holds biometric data in the clear.
/// It is empty at first.
pub trait Spool: Read + Write + Seek + Send {}

impl<T: Read + Write + Seek + Send> Spool for T {}

/// So many bytes are written, or read, together.
const RUN_BYTES: usize = 1 << 20;

/// Takes references, all of one length.
pub(super) struct Shelf {
    spool: Box<dyn Spool>,
    record_bytes: usize,
    /// Not written yet.
    run: Vec<u8>,
}

/// Gives them back.
pub(super) struct Filled {
    spool: Box<dyn Spool>,
    record_bytes: usize,
    /// As they lie on the spool, from the place on that `run_at` tells.
    run: Vec<u8>,
    run_at: u64,
}

impl Shelf {
    pub(crate) fn new(spool: impl Spool + 'static, record_bytes: usize) -> Self {
        Self { spool: Box::new(spool), record_bytes, run: Vec::new() }
    }

    pub(crate) fn put(&mut self, record: &[u8]) -> io::Result<()> {
        self.run.extend(record);
        if self.run.len() < RUN_BYTES {
            return Ok(());
        }
        self.spool.write_all(&self.run)?;
        self.run.clear();
        Ok(())
    }

    pub(crate) fn filled(mut self) -> io::Result<Filled> {
        self.spool.write_all(&self.run)?;
        self.spool.flush()?;
        let Self { spool, record_bytes, mut run } = self;
        run.clear();
        Ok(Filled { spool, record_bytes, run, run_at: 0 })
    }
}

impl Filled {
    /// The reference that was put as so-manieth, from 0. Neighbours are read together.
    pub(crate) fn get(&mut self, number: u32) -> io::Result<&[u8]> {
        let at = u64::from(number) * self.record_bytes as u64;
        let there = |run_at: u64, run: &[u8]| {
            let start = usize::try_from(at.checked_sub(run_at)?).ok()?;
            let end = start.checked_add(self.record_bytes)?;
            (end <= run.len()).then_some(start..end)
        };
        if there(self.run_at, &self.run).is_none() {
            self.spool.seek(SeekFrom::Start(at))?;
            self.run.clear();
            let run_bytes = (RUN_BYTES / self.record_bytes.max(1)).max(1) * self.record_bytes;
            (&mut self.spool).take(run_bytes as u64).read_to_end(&mut self.run)?;
            self.run_at = at;
        }
        let found = there(self.run_at, &self.run).and_then(|range| self.run.get(range));
        found.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn what_is_put_aside_is_found_again_in_any_order() {
        let record = |number: u32| number.to_le_bytes().repeat(50_000);
        let mut shelf = Shelf::new(Cursor::new(Vec::new()), 200_000);
        (0..20).for_each(|number| shelf.put(&record(number)).unwrap());
        let mut filled = shelf.filled().unwrap();
        for number in (0..20).chain([7, 19, 0, 3, 2, 1]) {
            assert!(filled.get(number).unwrap() == record(number), "{number}");
        }
        assert_eq!(filled.get(20).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
