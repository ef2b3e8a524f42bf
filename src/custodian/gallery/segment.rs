//! One segment of a gallery's file, read where it lies.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Damage;
use super::format::{ENTRY_BYTES, Head, LINK_BYTES, Layout, Link, Next, Places, Purpose, digest, number_at};
use crate::template::{Eye, Handle, SubjectId};

/// A segment whose tables are sound. Its records are checked when they are read.
pub(super) struct Segment {
    /// Counted from 1.
    number: usize,
    head: Head,
    places: Places,
    layout: Layout,
    /// The number of its first new subject.
    pub first_subject: u32,
    /// Which chunks of records have been found to be what was written.
    checked: Vec<AtomicBool>,
}

/// What follows a segment.
pub(super) enum Found {
    /// A segment, and the link that it leaves.
    Segment(Segment, Link),
    /// An append that did not come to its end.
    Unfinished,
}

impl Segment {
    /// Reads the tables at `at`, which is within `file`.
    ///
    /// # Errors
    ///
    /// [`Damage`] for anything but a segment that a gallery would write, or the beginning of one.
    pub(crate) fn read(
        file: &[u8],
        at: usize,
        link: &Link,
        layout: Layout,
        first_subject: u32,
        number: usize,
    ) -> Result<Found, Damage> {
        let damaged = |part| Damage { segment: number, part };
        let head = match Head::read(file.get(at..).unwrap_or_default(), link) {
            Next::Head(head) => head,
            Next::Unfinished => return Ok(Found::Unfinished),
            Next::Damaged => return Err(damaged("head")),
        };
        let Some(places) = head.places(at, &layout).filter(|places| places.end <= file.len()) else {
            return Ok(Found::Unfinished);
        };
        let part = |range: Range<usize>| file.get(range).ok_or(damaged("length"));
        let commit = digest(&[part(at..places.records)?, part(places.digests..places.commit)?]);
        let written = part(places.commit..places.end)?;
        if written == [0; LINK_BYTES] {
            return Ok(Found::Unfinished);
        }
        if written != commit {
            return Err(damaged("tables"));
        }
        let checked = std::iter::repeat_with(|| AtomicBool::new(false));
        let checked = checked.take(layout.chunks(head.references as usize)).collect();
        let segment = Self { number, head, places, layout, first_subject, checked };
        segment.check_tables(file).ok_or(damaged("tables"))?;
        segment.check_handles(file).ok_or(damaged("handles"))?;
        Ok(Found::Segment(segment, commit))
    }

    /// Whether the tables say what a gallery would write. The checksum finds accidents; this finds what no program of ours wrote.
    fn check_tables(&self, file: &[u8]) -> Option<()> {
        let purpose = self.head.purpose;
        let (mut id_end, mut reference_end, mut earlier) = (0, 0, None);
        for entry in 0..self.entries() {
            let (first, end) = self.entry(file, entry)?;
            let is_new = entry < self.head.new_subjects as usize;
            if is_new {
                let length = first.checked_sub(id_end)?;
                id_end = first;
                (1..=SubjectId::LIMIT_BYTES as u32).contains(&length).then_some(())?;
                SubjectId::admits(self.id(file, entry)?).then_some(())?;
            } else {
                (earlier.is_none_or(|before| before < first) && first < self.first_subject).then_some(())?;
                earlier = Some(first);
            }
            // Whoever is enrolled has at least one reference.
            match purpose.enrols() && (is_new || !purpose.replaces()) {
                true => reference_end = Some(end).filter(|end| *end > reference_end)?,
                false => (end == 0).then_some(())?,
            }
        }
        let whole = u64::from(id_end) == self.head.id_bytes && reference_end == self.head.references;
        let fits = match purpose {
            Purpose::References | Purpose::Handles => self.entries() > 0,
            Purpose::Removals | Purpose::Restorations => self.entries() > 0 && self.head.new_subjects == 0,
            Purpose::Replacements | Purpose::ReplacementsWithHandles => {
                (1..=self.head.new_subjects).contains(&self.head.earlier_subjects)
            }
        };
        let eyes = file.get(self.places.eyes..self.places.handles)?;
        (whole && fits && eyes.iter().all(|&eye| eye <= 2)).then_some(())
    }

    /// Whether those that are given are handles, and one at least is given where any could be.
    fn check_handles(&self, file: &[u8]) -> Option<()> {
        let (slots, _) = file.get(self.places.handles..self.places.ids)?.as_chunks::<{ Handle::MOST_BYTES }>();
        let mut given = slots.iter().filter(|slot| slot.iter().any(|&byte| byte != 0)).peekable();
        let any = given.peek().is_some() || !self.head.purpose.gives_handles();
        (any && given.all(|slot| Handle::from_padded(slot).is_ok())).then_some(())
    }

    /// How many new subjects there are.
    pub(crate) fn new_subjects(&self) -> u32 {
        self.head.new_subjects
    }

    pub(crate) fn purpose(&self) -> Purpose {
        self.head.purpose
    }

    pub(crate) fn end(&self) -> usize {
        self.places.end
    }

    fn entries(&self) -> usize {
        self.head.new_subjects as usize + self.head.earlier_subjects as usize
    }

    /// The earlier subjects that the segment is about: number, and entry.
    pub(crate) fn earlier<'a>(&'a self, file: &'a [u8]) -> impl Iterator<Item = (u32, usize)> + 'a {
        let entries = self.head.new_subjects as usize..self.entries();
        entries.filter_map(move |entry| Some((self.entry(file, entry)?.0, entry)))
    }

    fn entry(&self, file: &[u8], entry: usize) -> Option<(u32, u32)> {
        let at = self.places.entries + ENTRY_BYTES * entry;
        Some((number_at(file, at)?, number_at(file, at + 4)?))
    }

    /// The id of a new subject, by its entry.
    pub(crate) fn id<'a>(&self, file: &'a [u8], entry: usize) -> Option<&'a str> {
        let end = self.entry(file, entry)?.0 as usize;
        let start = match entry.checked_sub(1) {
            Some(before) => self.entry(file, before)?.0 as usize,
            None => 0,
        };
        let ids = file.get(self.places.ids..self.places.records)?;
        std::str::from_utf8(ids.get(start..end)?).ok()
    }

    /// The references of an entry, among the segment's.
    pub(crate) fn references(&self, file: &[u8], entry: usize) -> Option<Range<usize>> {
        let end = self.entry(file, entry)?.1 as usize;
        match entry.checked_sub(1) {
            Some(before) => Some(self.entry(file, before)?.1 as usize..end),
            None => Some(0..end),
        }
    }

    /// The eye of a reference.
    pub(crate) fn eye(&self, file: &[u8], reference: usize) -> Option<Eye> {
        match file.get(self.places.eyes..self.places.handles)?.get(reference)? {
            1 => Some(Eye::Left),
            2 => Some(Eye::Right),
            _ => None,
        }
    }

    /// The handle that the subject of an entry is given here, if it is given one.
    pub(crate) fn handle(&self, file: &[u8], entry: usize) -> Option<Handle> {
        let (slots, _) = file.get(self.places.handles..self.places.ids)?.as_chunks();
        Handle::from_padded(slots.get(entry)?).ok()
    }

    /// The record of a reference, its chunk checked when it is first read.
    pub(crate) fn record<'a>(&self, file: &'a [u8], reference: usize) -> Result<&'a [u8], Damage> {
        self.check_chunk(file, reference / self.layout.chunk_records)?;
        let records = file.get(self.places.records..self.places.digests).unwrap_or_default();
        let start = reference * self.layout.record_bytes;
        records.get(start..start + self.layout.record_bytes).ok_or(self.damaged("records"))
    }

    /// Checks all records, calling `each` after every chunk with the number of its bytes; `false` stops.
    pub(crate) fn check_records(&self, file: &[u8], mut each: impl FnMut(usize) -> bool) -> Result<bool, Damage> {
        for chunk in 0..self.checked.len() {
            self.check_chunk(file, chunk)?;
            if !each(self.layout.chunk_records * self.layout.record_bytes) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn check_chunk(&self, file: &[u8], chunk: usize) -> Result<(), Damage> {
        let damaged = || self.damaged("records");
        let checked = self.checked.get(chunk).ok_or_else(damaged)?;
        if checked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let records = file.get(self.places.records..self.places.digests).ok_or_else(damaged)?;
        let length = self.layout.chunk_records * self.layout.record_bytes;
        let content = records.chunks(length).nth(chunk).ok_or_else(damaged)?;
        let digests = file.get(self.places.digests..self.places.commit).ok_or_else(damaged)?;
        if digests.chunks(LINK_BYTES).nth(chunk) != Some(&digest(&[content])) {
            return Err(damaged());
        }
        checked.store(true, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn damaged(&self, part: &'static str) -> Damage {
        Damage { segment: self.number, part }
    }
}
