//! The bytes of a gallery's file: a header, then segments that are only ever appended.
//!
//! All numbers are little-endian. The header, 128 bytes:
//!
//! | bytes | field |
//! |---|---|
//! | 72 | the header of every file (see [`crate::wire`]), kind gallery, payload length 0 |
//! | 2 + 2 | layout: 1; zero |
//! | 4 | bytes of a record, which is one stored reference |
//! | 4 | records in a chunk |
//! | 12 | salt: random, so that names of the gallery's versions tell nothing of its content |
//! | 32 | SHA-256 of all that precedes: the first *link* |
//!
//! A segment, whose length is a multiple of 64, so that the commit lies within one sector of a disk and is written whole or not at all:
//!
//! | bytes | field |
//! |---|---|
//! | 64 | head: see [`Head`]; ends with SHA-256 of the link before and the head's first half |
//! | 8 a new subject | end of its id among the ids, end of its references among the segment's |
//! | 8 an earlier subject | its number, end of its references (in a segment of removals, restorations or replacements: 0) |
//! | 1 a reference | its eye: 0 where eyes are not told apart, 1 left, 2 right |
//! | 32 a subject, new or earlier | only in a segment with handles: the handle that the subject is given, then zeros; or zeros (in one of replacements: of new subjects alone) |
//! | ... | ids, one after the other |
//! | a record a reference | records, of new subjects first |
//! | 32 a chunk | SHA-256 of each chunk of records |
//! | ... | zeros |
//! | 32 | commit: SHA-256 of all of the segment but the records; the next *link* |
//!
//! Subjects are numbered in the order of enrolment, from 0, over all segments; a number is never given twice. Who is removed keeps number
//! and references, so that a later segment can restore both. A program that does not know a purpose refuses the file as damaged.
//!
//! In a segment of replacements the earlier subjects are removed, and the first of the new ones take their places: the first new subject has
//! the id of the first earlier one, and so on. So nobody is removed for whom nobody is enrolled, and both are done by one commit.
//!
//! A segment has handles only where it gives at least one: a gallery in which nobody has one has the bytes that it had before there were
//! any. Who has a handle is given no other, and no two who are enrolled have the same one.
//!
//! An interrupted append leaves bytes behind the last segment that are shorter than they claim to be, or whose head or commit is still
//! zero: they are ignored, and overwritten by the next append. Everything else that does not fit is damage, and refused.

use sha2::{Digest as _, Sha256};

use super::GalleryError;
use crate::parameters::SetMark;
use crate::scheme::Opened;
use crate::template::Handle;
use crate::wire::{Header, Kind, WireError};

pub(super) const HEADER_BYTES: usize = 128;
pub(super) const HEAD_BYTES: usize = 64;
/// Bytes of a commit, or of any other SHA-256.
pub(super) const LINK_BYTES: usize = 32;
/// Bytes of a subject in the tables.
pub(super) const ENTRY_BYTES: usize = 8;
const LAYOUT: u16 = 1;
const MAGIC: [u8; 8] = *b"SEGMENT\n";
/// Records are checked in chunks of about so many bytes when one of them is first read.
const CHUNK_BYTES: usize = 1 << 16;

/// Random bytes in the header, which compacting keeps.
pub(super) type Salt = [u8; 12];

/// A checksum that the next one depends on, so that segments cannot be left out, repeated or exchanged.
pub(super) type Link = [u8; LINK_BYTES];

pub(super) fn digest(parts: &[&[u8]]) -> Link {
    parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
}

/// How records are laid out in one gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub record_bytes: usize,
    pub chunk_records: usize,
}

impl Layout {
    pub(crate) fn of(agreement: &Opened) -> Self {
        // At least one: a template is never empty.
        let record_bytes = agreement.functional().reference_bytes().max(1);
        Self { record_bytes, chunk_records: (CHUNK_BYTES / record_bytes).max(1) }
    }

    pub(crate) fn chunks(&self, records: usize) -> usize {
        records.div_ceil(self.chunk_records)
    }
}

/// The header of a new file.
pub(super) fn header(agreement: &Opened, salt: Salt) -> Vec<u8> {
    let layout = Layout::of(agreement);
    let mark = Some(SetMark::of(agreement.parameters())).filter(|mark| mark.marks_galleries());
    let wire = Header {
        kind: Kind::Gallery,
        scheme: mark.map(SetMark::scheme),
        parameters: mark,
        key: None,
        agreement: Kind::Gallery.binding(agreement),
        payload_bytes: 0,
    };
    let mut bytes = wire.to_bytes();
    bytes.extend(LAYOUT.to_le_bytes());
    bytes.extend([0; 2]);
    // At most twice the largest dimension that an agreement admits.
    bytes.extend((layout.record_bytes as u32).to_le_bytes());
    bytes.extend((layout.chunk_records as u32).to_le_bytes());
    bytes.extend(salt);
    let link = digest(&[&bytes]);
    bytes.extend(link);
    bytes
}

/// Reads a file's header.
pub(super) fn read_header(bytes: &[u8]) -> Result<(Header, Layout, Link), GalleryError> {
    let wire = crate::wire::inspect(bytes)?;
    if wire.kind != Kind::Gallery {
        return Err(WireError::Kind { expected: Kind::Gallery, actual: wire.kind }.into());
    }
    let whole = bytes.first_chunk::<HEADER_BYTES>().ok_or(WireError::Truncated)?;
    let (fields, link) = whole.split_last_chunk::<LINK_BYTES>().ok_or(WireError::Truncated)?;
    if digest(&[fields]) != *link {
        // Before galleries could grow, a payload stood here.
        return Err(if wire.payload_bytes > 0 { GalleryError::Layout } else { WireError::Checksum.into() });
    }
    let layout = Layout { record_bytes: number(fields, 76)?, chunk_records: number(fields, 80)? };
    let sound = wire.payload_bytes == 0 && layout.record_bytes > 0 && layout.chunk_records > 0;
    match fields.get(72..76) {
        Some([1, 0, 0, 0]) if sound => Ok((wire, layout, *link)),
        _ => Err(GalleryError::Layout),
    }
}

/// The salt of a file whose header was read.
pub(super) fn salt(bytes: &[u8]) -> Salt {
    bytes.get(84..).and_then(|rest| rest.first_chunk().copied()).unwrap_or_default()
}

fn number(bytes: &[u8], at: usize) -> Result<usize, GalleryError> {
    Ok(number_at(bytes, at).ok_or(WireError::Truncated)? as usize)
}

/// The four bytes at a place.
pub(super) fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

/// What a segment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Purpose {
    /// Enrolls subjects, or further references of subjects.
    References = 1,
    /// Removes subjects.
    Removals = 2,
    /// Enrolls subjects again who were removed, with all their references.
    Restorations = 3,
    /// As [`Purpose::References`], and gives handles to some of these subjects.
    Handles = 4,
    /// Enrolls subjects; the first of them anew, and those who had their ids are removed.
    Replacements = 5,
    /// As [`Purpose::Replacements`], and gives handles to some of the new subjects.
    ReplacementsWithHandles = 6,
}

impl Purpose {
    /// Whether references are enrolled.
    pub(crate) fn enrols(self) -> bool {
        !matches!(self, Self::Removals | Self::Restorations)
    }

    /// Whether earlier subjects are removed for new ones of the same ids.
    pub(crate) fn replaces(self) -> bool {
        matches!(self, Self::Replacements | Self::ReplacementsWithHandles)
    }

    /// Whether handles may be given.
    pub(crate) fn gives_handles(self) -> bool {
        matches!(self, Self::Handles | Self::ReplacementsWithHandles)
    }

    /// Of a segment of references.
    pub(crate) fn of_references(replaces: bool, handles: bool) -> Self {
        match (replaces, handles) {
            (false, false) => Self::References,
            (false, true) => Self::Handles,
            (true, false) => Self::Replacements,
            (true, true) => Self::ReplacementsWithHandles,
        }
    }
}

/// What stands in front of a segment, in this order: magic (8 bytes), purpose, new subjects, earlier subjects, references (4 bytes each),
/// bytes of ids (8 bytes), checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub purpose: Purpose,
    pub new_subjects: u32,
    pub earlier_subjects: u32,
    pub references: u32,
    pub id_bytes: u64,
}

/// What the bytes behind the last segment are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The head of a segment.
    Head(Head),
    /// An append that did not come to its end.
    Unfinished,
    /// Nothing that an append would leave.
    Damaged,
}

impl Head {
    pub(crate) fn to_bytes(self, link: &Link) -> [u8; HEAD_BYTES] {
        let mut fields = Vec::with_capacity(HEAD_BYTES);
        fields.extend(MAGIC);
        for number in [self.purpose as u32, self.new_subjects, self.earlier_subjects, self.references] {
            fields.extend(number.to_le_bytes());
        }
        fields.extend(self.id_bytes.to_le_bytes());
        fields.extend(digest(&[link, &fields]));
        fields.first_chunk().copied().unwrap_or([0; HEAD_BYTES])
    }

    /// Reads the head at the beginning of `bytes`, which are not empty.
    pub(crate) fn read(bytes: &[u8], link: &Link) -> Next {
        let Some(head) = bytes.first_chunk::<HEAD_BYTES>() else {
            let begun = bytes.iter().zip(MAGIC).all(|(&byte, magic)| byte == magic);
            let never_reached = bytes.iter().all(|&byte| byte == 0);
            return if begun || never_reached { Next::Unfinished } else { Next::Damaged };
        };
        if *head == [0; HEAD_BYTES] {
            return Next::Unfinished;
        }
        Self::parse(head, link).map_or(Next::Damaged, Next::Head)
    }

    fn parse(head: &[u8; HEAD_BYTES], link: &Link) -> Option<Self> {
        let (fields, checksum) = head.split_last_chunk::<LINK_BYTES>()?;
        let purpose = match number_at(fields, 8)? {
            1 => Purpose::References,
            2 => Purpose::Removals,
            3 => Purpose::Restorations,
            4 => Purpose::Handles,
            5 => Purpose::Replacements,
            6 => Purpose::ReplacementsWithHandles,
            _ => return None,
        };
        let read = Self {
            purpose,
            new_subjects: number_at(fields, 12)?,
            earlier_subjects: number_at(fields, 16)?,
            references: number_at(fields, 20)?,
            id_bytes: u64::from_le_bytes(*fields.get(24..)?.first_chunk()?),
        };
        (fields.starts_with(&MAGIC) && digest(&[link, fields]) == *checksum).then_some(read)
    }

    /// Where the parts of a segment stand whose head is at `at`; `None` where it would be longer than any file.
    pub(crate) fn places(&self, at: usize, layout: &Layout) -> Option<Places> {
        let references = self.references as usize;
        let entries = at.checked_add(HEAD_BYTES)?;
        let entry_count = (self.new_subjects as usize).checked_add(self.earlier_subjects as usize)?;
        let eyes = entries.checked_add(entry_count.checked_mul(ENTRY_BYTES)?)?;
        let handles = eyes.checked_add(references)?;
        let handle_count = match self.purpose {
            Purpose::Handles => entry_count,
            Purpose::ReplacementsWithHandles => self.new_subjects as usize,
            _ => 0,
        };
        let ids = handles.checked_add(handle_count.checked_mul(Handle::MOST_BYTES)?)?;
        let records = ids.checked_add(usize::try_from(self.id_bytes).ok()?)?;
        let digests = records.checked_add(references.checked_mul(layout.record_bytes)?)?;
        let padding = digests.checked_add(layout.chunks(references).checked_mul(LINK_BYTES)?)?;
        let length = (padding - at).checked_add(LINK_BYTES)?.checked_next_multiple_of(HEAD_BYTES)?;
        let end = at.checked_add(length)?;
        Some(Places { entries, eyes, handles, ids, records, digests, commit: end - LINK_BYTES, end })
    }
}

/// Where the parts of a segment begin, in bytes of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub entries: usize,
    pub eyes: usize,
    pub handles: usize,
    pub ids: usize,
    pub records: usize,
    pub digests: usize,
    pub commit: usize,
    pub end: usize,
}
