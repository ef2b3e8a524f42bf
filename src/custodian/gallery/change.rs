//! Changes of a gallery: what is to be appended to its file, and the file anew without those who were removed.

use std::io::{self, ErrorKind, Write};

use super::batch::Batch;
use super::file::GalleryFile;
use super::format::{self, Head, LINK_BYTES, Layout, Link, Purpose};
use super::writer::SegmentWriter;
use super::{Damage, Gallery};
use crate::functional::Reference;
use crate::scheme::{Progress, Stopped};
use crate::template::SubjectId;

/// A segment to be appended to a gallery's file, or the header and first segment of a new one. Holds biometric data in the clear.
///
/// Whoever writes it must have the file for itself, put what [`Change::write`] writes at byte [`Change::at`] (anything there is what an
/// interrupted append has left), bring it to the disk, and only then put the commit behind it: until the commit is whole the gallery
/// opens as before.
pub struct Change {
    at: u64,
    /// What stands before the segment, in a new file.
    header: Vec<u8>,
    link: Link,
    layout: Layout,
    content: Content,
}

/// What a segment is about.
pub(super) enum Content {
    References(Batch),
    /// These subjects, ascending, are removed or restored.
    Standing(Purpose, Vec<u32>),
}

impl Content {
    fn head(&self) -> Head {
        match self {
            Self::References(batch) => batch.head(),
            Self::Standing(purpose, numbers) => Head {
                purpose: *purpose,
                new_subjects: 0,
                earlier_subjects: numbers.len() as u32,
                references: 0,
                id_bytes: 0,
            },
        }
    }

    fn write(&mut self, writer: &mut SegmentWriter<'_>) -> io::Result<()> {
        match self {
            Self::References(batch) => batch.write(writer)?,
            Self::Standing(_, numbers) => numbers.iter().for_each(|&number| writer.entry(number, 0)),
        }
        Ok(())
    }
}

impl Change {
    pub(super) fn of(file: &GalleryFile, content: Content) -> Self {
        Self { at: file.end as u64, header: Vec::new(), link: file.link, layout: file.layout, content }
    }

    pub(super) fn of_new(header: Vec<u8>, layout: Layout, batch: Batch) -> Self {
        // A header ends with its link.
        let link = header.last_chunk().copied().unwrap_or_default();
        Self { at: 0, header, link, layout, content: Content::References(batch) }
    }

    /// Whether it enrolls somebody in the place of who is enrolled under an id.
    pub fn replaces(&self, gallery: &Gallery, id: &SubjectId) -> bool {
        match &self.content {
            Content::References(batch) => gallery.file.number_of(id).is_some_and(|number| batch.replaces(number)),
            Content::Standing(..) => false,
        }
    }

    /// Where it begins, in bytes of the file.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Where the file ends that has it, in bytes.
    pub fn end(&self) -> u64 {
        let before = self.at as usize + self.header.len();
        self.content.head().places(before, &self.layout).map_or(before, |places| places.end) as u64
    }

    /// Writes all but the commit, which it gives.
    ///
    /// # Errors
    ///
    /// Of the stream, or of the spool that references lie on.
    pub fn write(&mut self, out: &mut dyn Write) -> io::Result<[u8; LINK_BYTES]> {
        out.write_all(&self.header)?;
        let mut writer = SegmentWriter::begin(out, self.content.head(), &self.link, self.layout);
        self.content.write(&mut writer)?;
        writer.finish()
    }

    /// The file that has it, of the file so far, in memory.
    ///
    /// # Errors
    ///
    /// As of [`Change::write`].
    pub fn applied_to(mut self, file: &[u8]) -> io::Result<Vec<u8>> {
        // In one piece: growing would copy.
        let mut whole = Vec::with_capacity(self.end() as usize);
        whole.extend(file);
        let commit = self.write(&mut whole)?;
        whole.extend(commit);
        Ok(whole)
    }
}

/// Subjects that are to be removed, but are not enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSubjects(pub Vec<SubjectId>);

/// Why a gallery is not written anew, or not found to be whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// The gallery itself.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The place it is written to.
    #[error("cannot be written: {0}")]
    Unwritable(ErrorKind),
    /// Told to stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Gallery {
    /// Removes subjects, each with all its references. Their data stay in the file until [`Gallery::compact`] writes it anew; until then
    /// [`Gallery::restore`] brings them back.
    ///
    /// # Errors
    ///
    /// [`UnknownSubjects`] with all ids that are not enrolled.
    pub fn remove(&self, ids: &[SubjectId]) -> Result<Option<Change>, UnknownSubjects> {
        let (mut numbers, mut unknown) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            match self.file.number_of(id) {
                Some(number) => numbers.push(number),
                None => unknown.push(id.clone()),
            }
        }
        if !unknown.is_empty() {
            return Err(UnknownSubjects(unknown));
        }
        Ok(self.about(Purpose::Removals, numbers))
    }

    /// A segment that names subjects by their numbers; none where there are none.
    pub(super) fn about(&self, purpose: Purpose, mut numbers: Vec<u32>) -> Option<Change> {
        numbers.sort_unstable();
        numbers.dedup();
        (!numbers.is_empty()).then(|| Change::of(&self.file, Content::Standing(purpose, numbers)))
    }

    /// Checks and decodes every reference; `progress` counts them.
    ///
    /// # Errors
    ///
    /// [`RewriteError`] for a gallery that is damaged, or when `progress` asks to stop.
    pub(crate) fn verify(&self, progress: &dyn Progress) -> Result<(), RewriteError> {
        self.compact(&mut std::io::sink(), progress)
    }

    /// Writes the gallery anew: those who are enrolled, and nothing of those who were removed. Every reference is checked and decoded on
    /// the way; `progress` counts references.
    ///
    /// Memory: 32 bytes for each 64 KiB of references.
    ///
    /// # Errors
    ///
    /// [`RewriteError`] for a gallery that is damaged, a stream that fails, or when `progress` asks to stop.
    pub fn compact(&self, out: &mut dyn Write, progress: &dyn Progress) -> Result<(), RewriteError> {
        let unwritable = |error: std::io::Error| RewriteError::Unwritable(error.kind());
        let header = format::header(&self.agreement, format::salt(self.file.bytes()));
        out.write_all(&header).map_err(unwritable)?;
        let Some(link) = header.last_chunk().filter(|_| !self.is_empty()) else { return Ok(()) };
        let numbers = || (0..self.len()).filter_map(|position| self.file.number(position));
        let id = |number| self.file.id_of(number).ok_or(self.file.inadmissible());
        let head = Head {
            purpose: Purpose::of_references(false, self.handles() > 0),
            new_subjects: self.len() as u32,
            earlier_subjects: 0,
            references: self.references() as u32,
            id_bytes: numbers().map(|number| Ok(id(number)?.len() as u64)).sum::<Result<_, Damage>>()?,
        };
        let mut writer = SegmentWriter::begin(out, head, link, self.file.layout);
        let (mut id_end, mut reference_end) = (0, 0);
        for number in numbers() {
            id_end += id(number)?.len() as u32;
            reference_end += self.file.reference_count(number) as u32;
            writer.entry(id_end, reference_end);
        }
        numbers().flat_map(|number| self.file.eyes(number)).for_each(|eye| writer.eye(eye));
        for number in numbers().filter(|_| self.handles() > 0) {
            writer.handle(self.file.handle_of(number).as_ref());
        }
        for number in numbers() {
            writer.table(id(number)?.as_bytes());
        }
        for stored in numbers().flat_map(|number| self.file.records(number)) {
            let (_, record) = stored?;
            Reference::from_bytes(self.agreement.functional(), record).ok_or(self.file.inadmissible())?;
            writer.record(record);
            progress.advance(1);
            if progress.stop() {
                return Err(Stopped.into());
            }
            if writer.has_failed() {
                break;
            }
        }
        let commit = writer.finish().map_err(unwritable)?;
        out.write_all(&commit).map_err(unwritable)
    }
}
