//! A gallery's file as it lies: which subjects there are, and where their references stand. Knows nothing of the agreement.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::format::{self, HEADER_BYTES, Layout, Link, Purpose, read_header};
use super::segment::{Found, Segment};
use super::{Damage, GalleryError};
use crate::template::{Eye, Handle, SubjectId};
use crate::wire::{GalleryVersion, Header};

/// The bytes of a file, wherever they are.
pub(super) type Bytes = Box<dyn AsRef<[u8]> + Send + Sync>;

/// A gallery's file, its tables checked. Nothing is decoded.
///
/// Memory: 8 bytes a subject beside the file itself, 8 more for one who has a handle (and 12 for each time that references were added to a
/// subject later). In the file a handle takes 32 bytes, and as many for each other subject of its segment.
pub struct GalleryFile {
    bytes: Bytes,
    pub(super) header: Header,
    pub(super) layout: Layout,
    segments: Vec<Segment>,
    /// After each segment: its end, and the state that it made.
    states: Vec<(usize, [u8; 32])>,
    /// Behind the last segment.
    pub(super) end: usize,
    pub(super) link: Link,
    /// Subjects ever enrolled: their numbers lie below.
    numbers: u32,
    /// Numbers of those who are removed, ascending.
    removed: Vec<u32>,
    /// References that were added to subjects later: number, segment, entry, ascending.
    additions: Vec<(u32, u32, u32)>,
    /// Of those who are enrolled: 32 bits of the id's hash, then the number; ascending.
    index: Vec<u64>,
    /// Of those who are enrolled and have a handle: 32 bits of its hash, then the number; ascending.
    handles: Vec<u64>,
    /// Of those who are enrolled.
    references: usize,
}

/// Where references of one subject stand: in which segment, and which of them.
pub(super) struct Part<'a> {
    pub segment: &'a Segment,
    pub references: Range<usize>,
}

impl GalleryFile {
    /// Reads a file: its header and the tables of its segments, not the references.
    ///
    /// Bytes that an interrupted append has left are ignored: see [`GalleryFile::ignored_bytes`].
    ///
    /// # Errors
    ///
    /// [`GalleryError`] for anything but a gallery.
    pub fn read(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self, GalleryError> {
        Self::of(Box::new(bytes))
    }

    pub(super) fn of(bytes: Bytes) -> Result<Self, GalleryError> {
        let (header, layout, link) = read_header((*bytes).as_ref())?;
        let mut file = Self {
            bytes,
            header,
            layout,
            segments: Vec::new(),
            states: Vec::new(),
            end: HEADER_BYTES,
            link,
            numbers: 0,
            removed: Vec::new(),
            additions: Vec::new(),
            index: Vec::new(),
            handles: Vec::new(),
            references: 0,
        };
        file.read_segments()?;
        file.build_index()?;
        file.build_handles()?;
        let counts = (0..file.len()).filter_map(|index| Some(file.reference_count(file.number(index)?)));
        file.references = counts.sum();
        Ok(file)
    }

    fn read_segments(&mut self) -> Result<(), Damage> {
        let mut removed = BTreeSet::new();
        while self.end < self.bytes().len() {
            let number = self.segments.len() + 1;
            let found = Segment::read(self.bytes(), self.end, &self.link, self.layout, self.numbers, number)?;
            let Found::Segment(segment, link) = found else { break };
            let earlier: Vec<_> = segment.earlier(self.bytes()).collect();
            let place = (number - 1) as u32;
            for (subject, entry) in earlier {
                let (sound, part) = match segment.purpose() {
                    Purpose::References | Purpose::Handles => {
                        self.additions.push((subject, place, entry as u32));
                        (!removed.contains(&subject), "additions")
                    }
                    Purpose::Removals => (removed.insert(subject), "removals"),
                    Purpose::Replacements | Purpose::ReplacementsWithHandles => {
                        let anew = segment.id(self.bytes(), entry - segment.new_subjects() as usize);
                        (removed.insert(subject) && anew.is_some() && anew == self.id_of(subject), "replacements")
                    }
                    Purpose::Restorations => (removed.remove(&subject), "restorations"),
                };
                sound.then_some(()).ok_or(segment.damaged(part))?;
            }
            self.numbers = self.numbers.checked_add(segment.new_subjects()).ok_or(segment.damaged("tables"))?;
            (self.end, self.link) = (segment.end(), link);
            self.states.push((self.end, state(&self.link)));
            self.segments.push(segment);
        }
        self.additions.sort_unstable();
        self.removed = removed.into_iter().collect();
        Ok(())
    }

    /// Also finds identifiers that stand for two subjects.
    fn build_index(&mut self) -> Result<(), Damage> {
        let entry = |index| {
            let number = self.number(index)?;
            Some(u64::from(hash(self.id_of(number)?)) << 32 | u64::from(number))
        };
        let repeated = Damage { segment: self.segments.len(), part: "ids" };
        let mut index = (0..self.len()).map(entry).collect::<Option<Vec<_>>>().ok_or(repeated)?;
        index.sort_unstable();
        let same_hash = index.chunk_by(|before, after| before >> 32 == after >> 32).filter(|same| same.len() > 1);
        for same in same_hash {
            let mut ids: Vec<_> = same.iter().map(|&entry| self.id_of(entry as u32)).collect();
            ids.sort_unstable();
            if !ids.is_sorted_by(|before, after| before < after) {
                return Err(repeated);
            }
        }
        self.index = index;
        Ok(())
    }

    /// Also finds handles that stand for two subjects, and subjects that have two.
    fn build_handles(&mut self) -> Result<(), Damage> {
        if self.segments.iter().all(|segment| !segment.purpose().gives_handles()) {
            return Ok(());
        }
        let damaged = Damage { segment: self.segments.len(), part: "handles" };
        let mut index = Vec::new();
        for number in (0..self.len()).filter_map(|position| self.number(position)) {
            if let Some(handle) = self.one_handle(number).ok_or(damaged)? {
                index.push(u64::from(hash(&handle)) << 32 | u64::from(number));
            }
        }
        index.sort_unstable();
        let same_hash = index.chunk_by(|before, after| before >> 32 == after >> 32).filter(|same| same.len() > 1);
        for same in same_hash {
            let mut handles: Vec<_> = same.iter().map(|&entry| self.handle_of(entry as u32)).collect();
            handles.sort_unstable();
            handles.is_sorted_by(|before, after| before < after).then_some(()).ok_or(damaged)?;
        }
        self.handles = index;
        Ok(())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    /// Names this content: see [`super::Gallery::version`].
    pub(crate) fn version(&self) -> GalleryVersion {
        version(&state(&self.link))
    }

    /// Whether it is in this state, or was, as segments of its own tell.
    pub(super) fn was(&self, known: &[u8; 32]) -> bool {
        // The state of a file without any is none that something was appended to: a file that was compacted to nobody has it as well.
        state(&self.link) == *known || self.states.iter().any(|(_, state)| state == known)
    }

    /// The beginning of the file that was all of it at a version.
    pub(super) fn until(self, wanted: GalleryVersion) -> Option<Beginning> {
        // A gallery of nobody has a version too.
        let known = self.states.iter().find(|(_, state)| version(state) == wanted).map(|(end, _)| *end);
        let end = known.or((self.version() == wanted).then_some(self.end))?;
        Some(Beginning { bytes: self.bytes, end })
    }

    /// What stands in front.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of a stored reference.
    pub(crate) fn record_bytes(&self) -> usize {
        self.layout.record_bytes
    }

    /// How many subjects are enrolled.
    pub(crate) fn len(&self) -> usize {
        // Only numbers that were given are removed.
        self.numbers as usize - self.removed.len()
    }

    /// Whether nobody is enrolled.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many subjects are removed since the file was made or compacted; their references are still in it.
    pub fn removed(&self) -> usize {
        self.removed.len()
    }

    /// How many references there are, of all who are enrolled.
    pub(crate) fn references(&self) -> usize {
        self.references
    }

    /// Bytes of the header and all segments.
    pub(crate) fn committed_bytes(&self) -> usize {
        self.end
    }

    /// Bytes behind the last segment: what an interrupted append has left.
    pub(crate) fn ignored_bytes(&self) -> usize {
        self.bytes().len() - self.end
    }

    /// Whether not even what was first enrolled is whole: the file was cut short, for that is written in one go.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.segments.is_empty() && self.ignored_bytes() > 0
    }

    /// Checks that every reference is what was written. `each` is told of so many more bytes and says whether to go on.
    ///
    /// # Errors
    ///
    /// [`Damage`] for one that is not. `Ok(false)` when told to stop.
    pub fn check_references(&self, mut each: impl FnMut(usize) -> bool) -> Result<bool, Damage> {
        for segment in &self.segments {
            if !segment.check_records(self.bytes(), &mut each)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The number of the subject at a position among those who are enrolled.
    pub(super) fn number(&self, index: usize) -> Option<u32> {
        if index >= self.len() {
            return None;
        }
        // removed[i] - i numbers are enrolled below removed[i], and that never falls: count the removed with at most `index` below.
        let (mut low, mut high) = (0, self.removed.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.removed.get(middle) {
                Some(&removed) if removed as usize - middle <= index => low = middle + 1,
                _ => high = middle,
            }
        }
        u32::try_from(index + low).ok()
    }

    /// Numbers of those who are removed, ascending.
    pub(super) fn removed_numbers(&self) -> &[u32] {
        &self.removed
    }

    /// The position of an enrolled subject, by its id.
    pub(super) fn position(&self, id: &SubjectId) -> Option<usize> {
        let number = self.number_of(id)?;
        Some(number as usize - self.removed.partition_point(|&removed| removed < number))
    }

    /// The number of an enrolled subject, by its id.
    pub(super) fn number_of(&self, id: &SubjectId) -> Option<u32> {
        let mut same = numbers_of(&self.index, hash(id.as_str()));
        same.find(|&number| self.id_of(number) == Some(id.as_str()))
    }

    /// How many of those who are enrolled have a handle.
    pub(crate) fn handles(&self) -> usize {
        self.handles.len()
    }

    /// The number of the enrolled subject who has a handle.
    pub(super) fn number_of_handle(&self, handle: &Handle) -> Option<u32> {
        let mut same = numbers_of(&self.handles, hash(handle));
        same.find(|&number| self.handle_of(number).as_ref() == Some(handle))
    }

    /// The segment that a subject was first enrolled in, and its entry there.
    fn home(&self, number: u32) -> Option<(&Segment, usize)> {
        let after = self.segments.partition_point(|segment| segment.first_subject <= number);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let entry = (number - segment.first_subject) as usize;
        (entry < segment.new_subjects() as usize).then_some((segment, entry))
    }

    /// A subject's id.
    pub(super) fn id_of(&self, number: u32) -> Option<&str> {
        let (segment, entry) = self.home(number)?;
        segment.id(self.bytes(), entry)
    }

    /// Where a subject is named, in the order in which references were added: segment, and entry.
    fn entries(&self, number: u32) -> impl Iterator<Item = (&Segment, usize)> {
        let from = self.additions.partition_point(|&(subject, ..)| subject < number);
        let added = self.additions.get(from..).unwrap_or_default();
        let added = added.iter().take_while(move |&&(subject, ..)| subject == number);
        let added =
            added.filter_map(|&(_, segment, entry)| Some((self.segments.get(segment as usize)?, entry as usize)));
        self.home(number).into_iter().chain(added)
    }

    /// A subject's references, in the order in which they were added.
    pub(super) fn parts(&self, number: u32) -> impl Iterator<Item = Part<'_>> {
        self.entries(number)
            .filter_map(|(segment, entry)| Some(Part { segment, references: segment.references(self.bytes(), entry)? }))
    }

    /// The handles that a subject was given: at most one, in a file that is what was written.
    fn handles_of(&self, number: u32) -> impl Iterator<Item = Handle> {
        self.entries(number).filter_map(|(segment, entry)| segment.handle(self.bytes(), entry))
    }

    /// A subject's handle, if it has one; none for a subject that was given two.
    pub(super) fn one_handle(&self, number: u32) -> Option<Option<Handle>> {
        let mut given = self.handles_of(number);
        let first = given.next();
        given.next().is_none().then_some(first)
    }

    /// A subject's handle, if it has one.
    pub(super) fn handle_of(&self, number: u32) -> Option<Handle> {
        self.handles_of(number).next()
    }

    pub(super) fn reference_count(&self, number: u32) -> usize {
        self.parts(number).map(|part| part.references.len()).sum()
    }

    /// The eyes of a subject's references.
    pub(super) fn eyes(&self, number: u32) -> impl Iterator<Item = Option<Eye>> {
        self.parts(number)
            .flat_map(move |part| part.references.map(move |reference| part.segment.eye(self.bytes(), reference)))
    }

    /// A subject's references as stored, each checked when it is first read.
    pub(super) fn records(&self, number: u32) -> impl Iterator<Item = Result<(Option<Eye>, &[u8]), Damage>> {
        self.parts(number).flat_map(move |part| {
            part.references.map(move |reference| {
                let record = part.segment.record(self.bytes(), reference)?;
                Ok((part.segment.eye(self.bytes(), reference), record))
            })
        })
    }

    /// For a reference that is what was written, but no reference under the agreement.
    pub(super) fn inadmissible(&self) -> Damage {
        Damage { segment: self.segments.len(), part: "references" }
    }
}

/// The beginning of a file.
pub(super) struct Beginning {
    bytes: Bytes,
    end: usize,
}

impl AsRef<[u8]> for Beginning {
    fn as_ref(&self) -> &[u8] {
        let whole = (*self.bytes).as_ref();
        whole.get(..self.end).unwrap_or(whole)
    }
}

/// Names what a file holds up to a link: the last commit covers all segments before it, and the checksums of all references.
pub(super) fn state(link: &Link) -> [u8; 32] {
    format::digest(&[b"cotejo gallery state\0", link])
}

fn version(state: &[u8; 32]) -> GalleryVersion {
    GalleryVersion(state.first_chunk().copied().unwrap_or_default())
}

/// The numbers of those in an index whose text has this hash.
fn numbers_of(index: &[u64], hash: u32) -> impl Iterator<Item = u32> {
    let from = index.partition_point(|&entry| entry >> 32 < u64::from(hash));
    let rest = index.get(from..).unwrap_or_default();
    rest.iter().take_while(move |&&entry| entry >> 32 == u64::from(hash)).map(|&entry| entry as u32)
}

fn hash(text: &(impl Hash + ?Sized)) -> u32 {
    // Not secret: whoever chooses ids or handles that collide makes their own gallery slow.
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish() as u32
}
