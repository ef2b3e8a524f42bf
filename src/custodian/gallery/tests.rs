//! The file of a gallery: what is appended is there, what is removed is gone, and nothing that is damaged is taken for a gallery.

use proptest::prelude::*;

use super::format::{self, Head, LINK_BYTES, Layout, Purpose, digest};
use super::writer::SegmentWriter;
use super::*;
use crate::agreement::{ComparisonTerms, EyeRule, Terms};
use crate::functional::ProbeError;
use crate::planning;
use crate::scheme::Opened;
use crate::template::{Bits, IrisCode, IrisShape, MaskSharing, Record, Template};

const DIMENSION: usize = 60;
const PER_SUBJECT: usize = 2;

fn terms(references: usize) -> Terms {
    let mut terms = Terms::hamming(DIMENSION, 20);
    terms.encryption.parameter_set = "insecure-test".to_owned();
    terms.limits.references = references;
    terms.limits.references_per_subject = PER_SUBJECT;
    terms
}

pub(super) fn agreement(references: usize) -> Opened {
    planning::open(terms(references)).unwrap()
}

pub(super) fn id(text: &str) -> SubjectId {
    SubjectId::try_from(text.to_owned()).unwrap()
}

/// A record whose bits are those of a number.
pub(super) fn record(subject: &str, number: u64) -> Record {
    let bits = Bits::new((0..DIMENSION).map(|bit| number >> (bit % 16) & 1 == 1)).unwrap();
    Record { subject: id(subject), eye: None, template: Template::Bits(bits) }
}

pub(super) fn gallery(agreement: &Opened, records: &[(&str, u64)]) -> Gallery {
    let enrolment = Gallery::enrol(agreement, records.iter().map(|&(subject, number)| record(subject, number)));
    assert!(enrolment.refused.is_empty(), "{:?}", enrolment.refused);
    enrolment.gallery.unwrap()
}

pub(super) fn with(gallery: &Gallery, change: Change) -> Vec<u8> {
    assert_eq!(change.at() as usize, gallery.as_bytes().len());
    let end = change.end();
    let whole = change.applied_to(gallery.as_bytes()).unwrap();
    assert_eq!(end as usize, whole.len());
    whole
}

/// Everybody with the bytes of their references, in order.
pub(super) type Content = Vec<(String, Vec<Vec<u8>>)>;

pub(super) fn content(gallery: &Gallery) -> Result<Content, Damage> {
    let functional = gallery.agreement.functional();
    let subjects = gallery.subjects().map(|subject| {
        let Subject { id, references, .. } = subject?;
        Ok((String::from(id), references.iter().map(|(_, reference)| reference.to_bytes(functional)).collect()))
    });
    subjects.collect()
}

pub(super) fn error(bytes: &[u8], agreement: &Opened) -> GalleryError {
    Gallery::open(bytes.to_vec(), agreement).err().unwrap()
}

/// Three subjects, one with two references; then one more, and a further reference of the first; then the second is removed.
fn grown(agreement: &Opened) -> [Vec<u8>; 3] {
    let first = gallery(agreement, &[("a", 1), ("b", 2), ("c", 3), ("b", 4)]);
    let appended = first.append([record("d", 5), record("a", 6)]);
    assert_eq!((appended.new_subjects, appended.earlier_subjects, appended.references), (1, 1, 2));
    let second = with(&first, appended.change.unwrap());
    let opened = Gallery::open(second.clone(), agreement).unwrap();
    let third = with(&opened, opened.remove(&[id("b")]).unwrap().unwrap());
    [first.as_bytes().to_vec(), second, third]
}

#[test]
fn what_is_appended_is_there_in_order_and_what_is_removed_is_gone() {
    let agreement = agreement(8);
    let stages = grown(&agreement).map(|bytes| Gallery::open(bytes, &agreement).unwrap());
    let names = |gallery: &Gallery| content(gallery).unwrap().into_iter().map(|(id, _)| id).collect::<String>();
    assert_eq!(stages.each_ref().map(names), ["abc", "abcd", "acd"]);
    assert_eq!(stages.each_ref().map(Gallery::references), [4, 6, 4]);
    let last = &stages[2];
    assert_eq!(["a", "b", "c", "d"].map(|name| last.position(&id(name))), [Some(0), None, Some(1), Some(2)]);
    assert_eq!([0, 1, 2, 3].map(|position| last.id(position)), [Some("a"), Some("c"), Some("d"), None]);
    assert_eq!([0, 1, 2, 3].map(|position| last.reference_count(position)), [2, 1, 1, 0]);
    assert_eq!((last.file().removed(), last.file().ignored_bytes()), (1, 0));
    // Further references come after the first ones.
    let functional = agreement.functional();
    let stored = [1, 6].map(|number| functional.reference(&record("a", number).template).unwrap().to_bytes(functional));
    assert_eq!(content(last).unwrap()[0].1, stored);
}

#[test]
fn who_was_removed_can_be_enrolled_again_and_comes_last() {
    let agreement = agreement(8);
    let last = Gallery::open(grown(&agreement)[2].clone(), &agreement).unwrap();
    let again = with(&last, last.append([record("b", 7)]).change.unwrap());
    let again = Gallery::open(again, &agreement).unwrap();
    assert_eq!((again.len(), again.position(&id("b")), again.reference_count(3)), (4, Some(3), 1));
}

/// The last stage of a gallery that has grown, whoever was removed restored.
fn restored(agreement: &Opened) -> Vec<u8> {
    let last = Gallery::open(grown(agreement)[2].clone(), agreement).unwrap();
    with(&last, last.restore(&[id("b")]).unwrap().change.unwrap())
}

#[test]
fn who_was_removed_is_restored_with_all_references_at_their_place() {
    let agreement = agreement(8);
    let [_, before, removed] = grown(&agreement).map(|bytes| Gallery::open(bytes, &agreement).unwrap());
    let what = removed.restore(&["b", "b"].map(id)).unwrap();
    assert_eq!((what.subjects, what.references), (1, 2));
    assert!(removed.restore(&[]).unwrap().change.is_none());
    let open = |bytes: &[u8]| Gallery::open(bytes.to_vec(), &agreement).unwrap();
    let bytes = with(&removed, what.change.unwrap());
    let back = open(&bytes);
    assert_eq!(content(&back).unwrap(), content(&before).unwrap());
    assert_eq!((back.position(&id("b")), back.position(&id("c")), back.file().removed()), (Some(1), Some(2), 0));
    // The same people at the same places are another version, and both earlier ones are known.
    assert!(back.version() != before.version() && back.version() != removed.version());
    for earlier in [&before, &removed] {
        let version = open(&bytes).at_version(earlier.version()).unwrap().unwrap();
        assert_eq!(content(&version).unwrap(), content(earlier).unwrap());
    }
    let mut compacted = Vec::new();
    back.compact(&mut compacted, &()).unwrap();
    assert_eq!(content(&open(&compacted)).unwrap(), content(&before).unwrap());
    // Removed and restored as often as one likes; further references may follow.
    let again = open(&with(&back, back.remove(&["a", "b"].map(id)).unwrap().unwrap()));
    assert_eq!((again.len(), again.file().removed()), (2, 2));
    let again = open(&with(&again, again.restore(&["b", "a"].map(id)).unwrap().change.unwrap()));
    assert_eq!(content(&again).unwrap(), content(&before).unwrap());
    let more = open(&with(&again, again.append([record("c", 7)]).change.unwrap()));
    assert_eq!((more.references(), more.reference_count(2)), (7, 2));
}

#[test]
fn only_who_is_removed_and_still_in_the_file_is_restored_and_of_one_id_the_last() {
    let agreement = agreement(8);
    let open = |bytes: &[u8]| Gallery::open(bytes.to_vec(), &agreement).unwrap();
    let reasons = |gallery: &Gallery, ids: &[&str]| match gallery
        .restore(&ids.iter().copied().map(id).collect::<Vec<_>>())
    {
        Err(RestoreError::Ids(ids)) => ids.into_iter().map(|id| (String::from(id.id), id.reason)).collect::<Vec<_>>(),
        _ => panic!("{ids:?} are restored"),
    };
    let removed = open(&grown(&agreement)[2]);
    let expected =
        [("a", Unrestorable::Enrolled), ("x", Unrestorable::Gone)].map(|(id, reason)| (id.to_owned(), reason));
    assert_eq!(reasons(&removed, &["a", "b", "x"]), expected);
    let anew = open(&with(&removed, removed.append([record("b", 7)]).change.unwrap()));
    assert_eq!(reasons(&anew, &["b"]), [("b".to_owned(), Unrestorable::EnrolledAnew)]);
    let expected = content(&anew).unwrap();
    let twice = open(&with(&anew, anew.remove(&[id("b")]).unwrap().unwrap()));
    let back = open(&with(&twice, twice.restore(&[id("b")]).unwrap().change.unwrap()));
    assert_eq!((content(&back).unwrap(), back.file().removed()), (expected, 1));
    let mut compacted = Vec::new();
    twice.compact(&mut compacted, &()).unwrap();
    assert_eq!(reasons(&open(&compacted), &["b"]), [("b".to_owned(), Unrestorable::Gone)]);
}

#[test]
fn nobody_is_restored_beyond_the_limit_or_out_of_damaged_references() {
    let agreement = agreement(3);
    let open = |bytes: &[u8]| Gallery::open(bytes.to_vec(), &agreement).unwrap();
    let first = gallery(&agreement, &[("a", 1), ("b", 2), ("b", 3)]);
    let removed = open(&with(&first, first.remove(&[id("b")]).unwrap().unwrap()));
    let full = open(&with(&removed, removed.append([record("c", 4)]).change.unwrap()));
    let expected = RestoreError::TooManyReferences { limit: 3, actual: 4 };
    assert_eq!(full.restore(&[id("b")]).err().unwrap(), expected);

    let functional = agreement.functional();
    let reference = functional.reference(&record("b", 3).template).unwrap().to_bytes(functional);
    let mut damaged = removed.as_bytes().to_vec();
    let at = damaged.windows(reference.len()).position(|window| window == reference).unwrap();
    damaged[at] ^= 1;
    let error = open(&damaged).restore(&[id("b")]).err().unwrap();
    assert_eq!(error, Damage { segment: 1, part: "records" }.into());
}

#[test]
fn an_id_that_would_exceed_its_limit_is_refused_by_name() {
    let agreement = agreement(8);
    let first = gallery(&agreement, &[("a", 1), ("b", 2), ("b", 3)]);
    let appended = first.append([record("b", 4), record("c", 5)]);
    let reason = RefusalReason::Repeated { limit: PER_SUBJECT, actual: 3 };
    assert_eq!(appended.refused, [RefusedRecord { subject: id("b"), eye: None, record: 0, reason }]);
    assert_eq!(appended.new_subjects, 1);
    let none = first.append([record("b", 4)]);
    assert!(none.change.is_none() && none.refused.len() == 1);
}

#[test]
fn a_full_gallery_refuses_what_is_too_many_and_one_over_the_limit_is_refused() {
    let small = agreement(3);
    let first = gallery(&small, &[("a", 1), ("b", 2)]);
    let appended = first.append([record("c", 3), record("d", 4)]);
    let reason = RefusalReason::Full { limit: 3 };
    assert_eq!(appended.refused, [RefusedRecord { subject: id("d"), eye: None, record: 2, reason }]);
    assert_eq!(appended.new_subjects, 1);

    // Made by a program that does not know the limit.
    let four = Forged::new(|forged| {
        forged.head = Head { new_subjects: 4, references: 4, id_bytes: 4, ..forged.head };
        forged.entries = (1..=4).map(|end| (end, end)).collect();
        (forged.eyes, forged.ids) = (vec![0; 4], b"abcd");
    });
    let bytes = four.after(format::header(&small, [0; 12]), &small);
    assert_eq!(error(&bytes, &small), GalleryError::TooManyReferences { limit: 3, actual: 4 });
}

#[test]
fn ids_that_are_not_enrolled_cannot_be_removed_and_are_all_named() {
    let agreement = agreement(8);
    let first = gallery(&agreement, &[("a", 1), ("b", 2)]);
    let unknown = first.remove(&[id("x"), id("a"), id("y")]).err().unwrap();
    assert_eq!(unknown, UnknownSubjects(vec![id("x"), id("y")]));
    assert!(first.remove(&[]).unwrap().is_none());
    let twice = with(&first, first.remove(&[id("a"), id("a")]).unwrap().unwrap());
    let left = Gallery::open(twice, &agreement).unwrap();
    assert_eq!((left.len(), left.file().removed()), (1, 1));
    assert_eq!(left.remove(&[id("a")]).err().unwrap(), UnknownSubjects(vec![id("a")]));
}

#[test]
fn a_compacted_gallery_holds_nothing_of_those_who_were_removed() {
    let agreement = agreement(8);
    let last = Gallery::open(grown(&agreement)[2].clone(), &agreement).unwrap();
    let mut compacted = Vec::new();
    last.compact(&mut compacted, &()).unwrap();
    let read = Gallery::open(compacted.clone(), &agreement).unwrap();
    assert_eq!(content(&read).unwrap(), content(&last).unwrap());
    assert_eq!((read.file().removed(), read.references()), (0, 4));
    let functional = agreement.functional();
    let removed = functional.reference(&record("b", 2).template).unwrap().to_bytes(functional);
    assert!(!compacted.windows(removed.len()).any(|window| window == removed));
    assert!(last.as_bytes().windows(removed.len()).any(|window| window == removed));

    // Everybody gone: a header, to which can be appended.
    let nobody = with(&read, read.remove(&["a", "c", "d"].map(id)).unwrap().unwrap());
    let nobody = Gallery::open(nobody, &agreement).unwrap();
    assert!(nobody.is_empty() && nobody.references() == 0);
    let mut header = Vec::new();
    nobody.compact(&mut header, &()).unwrap();
    assert_eq!(header, format::header(&agreement, [0; 12]));
    let empty = Gallery::open(header, &agreement).unwrap();
    let one = with(&empty, empty.append([record("e", 1)]).change.unwrap());
    assert_eq!(content(&Gallery::open(one, &agreement).unwrap()).unwrap()[0].0, "e");
}

#[test]
fn an_append_interrupted_anywhere_leaves_the_gallery_as_before_and_the_next_one_takes_its_place() {
    let agreement = agreement(8);
    let [first, second, third] = grown(&agreement);
    let restored = restored(&agreement);
    for [before, after] in [[&first, &second], [&second, &third], [&third, &restored]] {
        let expected = content(&Gallery::open(before.clone(), &agreement).unwrap()).unwrap();
        let as_before = |bytes: Vec<u8>, what: &str| {
            let ignored = bytes.len() - before.len();
            let opened = Gallery::open(bytes, &agreement).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(content(&opened).unwrap(), expected, "{what}");
            assert_eq!(opened.file().ignored_bytes(), ignored, "{what}");
            let again = with(&opened, opened.append([record("e", 9)]).change.unwrap());
            assert_eq!(Gallery::open(again, &agreement).unwrap().len(), expected.len() + 1, "{what}");
        };
        for length in before.len()..after.len() {
            as_before(after[..length].to_vec(), &format!("cut to {length}"));
        }
        // The file has its length, but parts were never written: sectors, or the commit.
        for sector in (before.len()..after.len()).step_by(64) {
            let mut holes = after.clone();
            holes[sector..].fill(0);
            as_before(holes, &format!("zero from {sector}"));
        }
        let mut without_head = after.clone();
        without_head[before.len()..before.len() + 64].fill(0);
        as_before(without_head, "the head was never written");
        as_before([before.as_slice(), &[0; 100_000]].concat(), "nothing was written");
    }
}

#[test]
fn a_flipped_bit_anywhere_is_found_before_it_can_change_a_verdict() {
    let agreement = agreement(8);
    let whole = grown(&agreement)[2].clone();
    for position in 0..whole.len() {
        for bit in [0, 7] {
            let mut flipped = whole.clone();
            flipped[position] ^= 1 << bit;
            let Ok(opened) = Gallery::open(flipped, &agreement) else { continue };
            assert_eq!(opened.file().ignored_bytes(), 0, "byte {position} is taken for an interrupted append");
            // Of the subject that was removed nothing is read but what shares its chunk.
            assert!(content(&opened).is_err(), "byte {position}");
            assert!(opened.verify(&()).is_err() && opened.file().check_references(|_| true).is_err());
        }
    }
}

#[test]
fn what_no_append_would_leave_is_refused() {
    let agreement = agreement(8);
    let [first, second, third] = grown(&agreement);
    let refused = |bytes: &[&[u8]]| error(&bytes.concat(), &agreement);
    let head = |segment| GalleryError::Damaged(Damage { segment, part: "head" });
    for garbage in [b"\n".as_slice(), b"SEGMENT\r", &[7; 64], &[1; 100_000]] {
        assert_eq!(refused(&[&first, garbage]), head(2));
    }
    // Segments left out, repeated or exchanged.
    let (append, removal) = (&second[first.len()..], &third[second.len()..]);
    assert_eq!(refused(&[&first, removal]), head(2));
    assert_eq!(refused(&[&second, append]), head(3));
    assert_eq!(refused(&[&first, removal, append]), head(2));
    assert_eq!(refused(&[&first[..format::HEADER_BYTES], append]), head(1));
}

#[test]
fn files_that_are_no_gallery_of_this_agreement_are_named() {
    let ours = agreement(8);
    let whole = grown(&ours)[2].clone();
    for length in 0..format::HEADER_BYTES {
        assert_eq!(error(&whole[..length], &ours), WireError::Truncated.into(), "{length}");
    }
    assert_eq!(error(b"agreement = true\n".repeat(20).as_slice(), &ours), WireError::Magic.into());
    let theirs = planning::open(Terms { title: "another".to_owned(), ..terms(8) }).unwrap();
    let other = WireError::Agreement { expected: theirs.digest(), actual: ours.digest() };
    assert_eq!(error(&whole, &theirs), other.into());
    let key = Some(crate::wire::KeyId([1; 16]));
    let query = crate::wire::Envelope::new(Kind::Query, &ours, key, vec![0; 200]).to_bytes();
    let kind = WireError::Kind { expected: Kind::Gallery, actual: Kind::Query };
    assert_eq!(error(&query, &ours), kind.into());
    // As galleries were before they could grow.
    let old = crate::wire::Envelope::new(Kind::Gallery, &ours, None, vec![0; 200]).to_bytes();
    assert_eq!(error(&old, &ours), GalleryError::Layout);
    // Of a later layout, or with records of another length.
    for (at, to) in [(72, 2), (76, 9), (80, 1)] {
        let mut altered = whole.clone();
        altered[at] = to;
        let link = digest(&[&altered[..96]]);
        altered[96..128].copy_from_slice(&link);
        assert_eq!(error(&altered, &ours), GalleryError::Layout, "{at}");
    }
}

/// A segment with sound checksums, whatever it says.
struct Forged {
    head: Head,
    entries: Vec<(u32, u32)>,
    eyes: Vec<u8>,
    ids: &'static [u8],
    record: Vec<u8>,
}

impl Forged {
    /// Subjects "a" and "b" with a reference each, before a change.
    fn new(change: impl FnOnce(&mut Self)) -> Self {
        let head =
            Head { purpose: Purpose::References, new_subjects: 2, earlier_subjects: 0, references: 2, id_bytes: 2 };
        let mut forged = Self { head, entries: vec![(1, 1), (2, 2)], eyes: vec![0, 0], ids: b"ab", record: vec![0; 8] };
        change(&mut forged);
        forged
    }

    fn after(&self, mut file: Vec<u8>, agreement: &Opened) -> Vec<u8> {
        let link = *file.last_chunk::<LINK_BYTES>().unwrap();
        let mut writer = SegmentWriter::begin(&mut file, self.head, &link, Layout::of(agreement));
        self.entries.iter().for_each(|&(first, end)| writer.entry(first, end));
        writer.table(&self.eyes);
        writer.table(self.ids);
        (0..self.head.references).for_each(|_| writer.record(&self.record));
        let commit = writer.finish().unwrap();
        file.extend(commit);
        file
    }

    fn opened(&self, agreement: &Opened) -> Result<Content, String> {
        let file = self.after(format::header(agreement, [0; 12]), agreement);
        let opened = Gallery::open(file, agreement).map_err(|error| match error {
            GalleryError::Damaged(damage) => damage.part.to_owned(),
            error => error.to_string(),
        });
        content(&opened?).map_err(|damage| damage.part.to_owned())
    }
}

#[test]
fn tables_that_no_enrolment_would_make_are_refused_in_spite_of_their_checksums() {
    let agreement = agreement(8);
    assert_eq!(Forged::new(|_| {}).opened(&agreement).unwrap().len(), 2);
    let refused = |part: &str, change: &dyn Fn(&mut Forged)| {
        assert_eq!(Forged::new(change).opened(&agreement), Err(part.to_owned()));
    };
    refused("tables", &|forged| forged.entries = vec![(0, 1), (2, 2)]);
    refused("tables", &|forged| forged.entries = vec![(2, 1), (1, 2)]);
    refused("tables", &|forged| forged.entries = vec![(1, 2), (2, 2)]);
    refused("tables", &|forged| forged.entries = vec![(1, 1), (2, 1)]);
    refused("tables", &|forged| forged.entries = vec![(1, 1), (2, 3)]);
    refused("tables", &|forged| forged.entries = vec![(1, 1), (u32::MAX, 2)]);
    refused("tables", &|forged| forged.ids = b"a\n");
    refused("tables", &|forged| forged.ids = b"a\xff");
    refused("tables", &|forged| forged.eyes = vec![0, 3]);
    refused("tables", &|forged| forged.head.purpose = Purpose::Removals);
    refused("tables", &|forged| forged.head.purpose = Purpose::Restorations);
    refused("ids", &|forged| forged.ids = b"aa");
    refused("eyes", &|forged| forged.eyes = vec![0, 1]);
    // A padding bit that is set.
    refused("references", &|forged| forged.record = vec![0, 0, 0, 0, 0, 0, 0, 1]);
    // A further reference of a subject that was never enrolled, of one in the same segment, and none at all.
    let earlier = |number| {
        move |forged: &mut Forged| {
            (forged.head.new_subjects, forged.head.earlier_subjects) = (1, 1);
            (forged.head.id_bytes, forged.ids) = (1, b"a");
            forged.entries = vec![(1, 1), (number, 2)];
        }
    };
    refused("tables", &earlier(7));
    refused("tables", &earlier(0));
    refused("tables", &|forged| {
        (forged.head.new_subjects, forged.head.references, forged.head.id_bytes) = (0, 0, 0);
        (forged.entries, forged.eyes, forged.ids) = (vec![], vec![], b"");
    });

    let whole = grown(&agreement);
    let naming = |purpose, numbers: &[u32], file: &[u8]| {
        let forged = Forged::new(|forged| {
            (forged.head.purpose, forged.head.earlier_subjects) = (purpose, numbers.len() as u32);
            (forged.head.new_subjects, forged.head.references, forged.head.id_bytes) = (0, 0, 0);
            forged.entries = numbers.iter().map(|&number| (number, 0)).collect();
            (forged.eyes, forged.ids) = (vec![], b"");
        });
        Gallery::open(forged.after(file.to_vec(), &agreement), &agreement).map(|gallery| gallery.len())
    };
    let removing = |numbers: &[u32], file: &[u8]| naming(Purpose::Removals, numbers, file);
    assert_eq!(removing(&[0, 2], &whole[2]), Ok(1));
    // Twice, out of order, removed before, never enrolled.
    for (numbers, part) in [(vec![0, 0], "tables"), (vec![2, 0], "tables"), (vec![1], "removals"), (vec![4], "tables")]
    {
        assert_eq!(removing(&numbers, &whole[2]), Err(Damage { segment: 4, part }.into()), "{numbers:?}");
    }
    let all_removed = less(&whole[2], &["a", "c"], &agreement);
    let restoring = |numbers: &[u32]| naming(Purpose::Restorations, numbers, &all_removed);
    assert_eq!(restoring(&[0, 1]), Ok(3));
    // Twice, out of order, never removed, never enrolled; restored before.
    let wrong = [(vec![0, 0], "tables"), (vec![1, 0], "tables"), (vec![3], "restorations"), (vec![4], "tables")];
    for (numbers, part) in wrong {
        assert_eq!(restoring(&numbers), Err(Damage { segment: 5, part }.into()), "{numbers:?}");
    }
    let before = naming(Purpose::Restorations, &[1], &restored(&agreement));
    assert_eq!(before, Err(Damage { segment: 5, part: "restorations" }.into()));
    // Under an id that was enrolled anew.
    let removed = Gallery::open(whole[2].clone(), &agreement).unwrap();
    let anew = with(&removed, removed.append([record("b", 7)]).change.unwrap());
    assert_eq!(naming(Purpose::Restorations, &[1], &anew), Err(Damage { segment: 5, part: "ids" }.into()));
    // A further reference of somebody who is removed.
    let further = Forged::new(|forged| {
        (forged.head.new_subjects, forged.head.earlier_subjects, forged.head.id_bytes) = (0, 1, 0);
        (forged.head.references, forged.entries, forged.ids) = (1, vec![(1, 1)], b"");
        forged.eyes = vec![0];
    });
    let further = error(&further.after(whole[2].clone(), &agreement), &agreement);
    assert_eq!(further, Damage { segment: 4, part: "additions" }.into());
    // More references of a subject than agreed.
    let third = Forged::new(|forged| {
        (forged.head.new_subjects, forged.head.earlier_subjects, forged.head.id_bytes) = (0, 1, 0);
        (forged.entries, forged.ids) = (vec![(0, 2)], b"");
    });
    let error = Gallery::open(third.after(whole[1].clone(), &agreement), &agreement).err().unwrap();
    assert!(matches!(error, GalleryError::Damaged(Damage { part: "eyes", .. })), "{error:?}");
}

/// A file, less some subjects.
fn less(file: &[u8], ids: &[&str], agreement: &Opened) -> Vec<u8> {
    let gallery = Gallery::open(file.to_vec(), agreement).unwrap();
    with(&gallery, gallery.remove(&ids.iter().copied().map(id).collect::<Vec<_>>()).unwrap().unwrap())
}

#[test]
fn a_purpose_that_is_not_known_is_damage() {
    let agreement = agreement(8);
    let mut later = grown(&agreement)[1].clone();
    let (at, link) = (later.len(), *later.last_chunk::<LINK_BYTES>().unwrap());
    let mut head = restored(&agreement)[at..at + format::HEAD_BYTES].to_vec();
    for purpose in [0, 7, u8::MAX] {
        head[8] = purpose;
        let checksum = digest(&[&link, &head[..format::HEAD_BYTES - LINK_BYTES]]);
        head[format::HEAD_BYTES - LINK_BYTES..].copy_from_slice(&checksum);
        later.truncate(at);
        later.extend(&head);
        later.extend([1; 64]);
        assert_eq!(error(&later, &agreement), Damage { segment: 3, part: "head" }.into());
    }
}

#[test]
fn a_claim_of_more_than_the_file_holds_allocates_nothing() {
    let agreement = agreement(8);
    let header = format::header(&agreement, [0; 12]);
    for number in [u32::MAX, 1 << 20] {
        let head = Head {
            purpose: Purpose::References,
            new_subjects: number,
            earlier_subjects: number,
            references: number,
            id_bytes: u64::from(number) << 31,
        };
        let claim = [header.as_slice(), &head.to_bytes(header.last_chunk().unwrap()), &[1; 1000]].concat();
        let opened = Gallery::open(claim, &agreement).unwrap();
        assert!(opened.is_empty() && opened.file().ignored_bytes() == 1064);
    }
}

#[test]
fn the_eye_rule_holds_for_a_subject_as_a_whole() {
    let shape = IrisShape { rows: 1, columns: 8, channels: 2, mask: MaskSharing::ByPair };
    let mut terms = Terms::iris(shape);
    terms.encryption.parameter_set = "insecure-test".to_owned();
    if let ComparisonTerms::FractionalHamming { eyes, minimum_common_bits, .. } = &mut terms.comparison {
        (*eyes, *minimum_common_bits) = (EyeRule::All, 8);
    }
    let agreement = planning::open(terms).unwrap();
    let record = |subject: &str, eye| {
        let bits = || Bits::new([true; 16]).unwrap();
        Record { subject: id(subject), eye, template: Template::Iris(IrisCode::new(shape, bits(), bits()).unwrap()) }
    };
    let (left, right) = (Some(Eye::Left), Some(Eye::Right));
    let first = Gallery::enrol(&agreement, [record("a", left), record("a", right)]).gallery.unwrap();
    let appended = first.append([record("b", left), record("c", right), record("c", left), record("d", None)]);
    let reasons: Vec<_> = appended.refused.iter().map(|refusal| &refusal.reason).collect();
    assert_eq!(
        reasons,
        [&RefusalReason::Record(ProbeError::EyeUnknown), &RefusalReason::Record(ProbeError::EyeMissing(Eye::Right))]
    );
    let opened = Gallery::open(with(&first, appended.change.unwrap()), &agreement).unwrap();
    let eyes: Vec<_> = opened.references_of(1).unwrap().into_iter().map(|(eye, _)| eye).collect();
    assert_eq!((opened.id(1), eyes), (Some("c"), vec![right, left]));
}

/// What is done to a gallery.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<(u8, u64)>),
    Replace(Vec<(u8, u64)>),
    Remove(Vec<prop::sample::Index>),
    Restore(Vec<u8>),
    Compact,
    /// An append, or whether it is a replacement, that stops before its commit.
    Interrupted(bool, Vec<(u8, u64)>),
}

fn step() -> impl Strategy<Value = Step> {
    let records = || proptest::collection::vec((0..24u8, 0..1000u64), 1..8);
    prop_oneof![
        4 => records().prop_map(Step::Append),
        3 => records().prop_map(Step::Replace),
        3 => proptest::collection::vec(any::<prop::sample::Index>(), 1..4).prop_map(Step::Remove),
        3 => proptest::collection::vec(0..24u8, 1..4).prop_map(Step::Restore),
        1 => Just(Step::Compact),
        1 => (any::<bool>(), records()).prop_map(|(replaces, records)| Step::Interrupted(replaces, records)),
    ]
}

/// A gallery as a list: everybody who is in the file, and whether they are enrolled.
#[derive(Default)]
struct Model(Vec<(bool, String, Vec<Vec<u8>>)>);

impl Model {
    fn enrolled(&self) -> Content {
        let enrolled = self.0.iter().filter(|(enrolled, ..)| *enrolled);
        enrolled.map(|(_, id, references)| (id.clone(), references.clone())).collect()
    }

    fn references(&self) -> usize {
        self.enrolled().iter().map(|(_, references)| references.len()).sum()
    }

    /// The last of an id who is enrolled, or is not.
    fn place(&self, id: &str, enrolled: bool) -> Option<usize> {
        self.0.iter().rposition(|(is, other, _)| *is == enrolled && other == id)
    }

    fn remove(&mut self, ids: &[SubjectId]) {
        self.0.iter_mut().for_each(|(enrolled, name, _)| *enrolled &= !ids.contains(&id(name)));
    }

    /// Whether they could be restored.
    fn restore(&mut self, ids: &[SubjectId], limit: usize) -> bool {
        let removed =
            |id: &SubjectId| self.place(id.as_str(), false).filter(|_| self.place(id.as_str(), true).is_none());
        let Some(places) = ids.iter().map(removed).collect::<Option<std::collections::BTreeSet<_>>>() else {
            return false;
        };
        let back: usize = places.iter().map(|&place| self.0[place].2.len()).sum();
        let room = self.references() + back <= limit;
        places.into_iter().filter(|_| room).for_each(|place| self.0[place].0 = true);
        room
    }
}

/// The limits, by counting.
fn append_to_model(model: &mut Model, records: &[(u8, u64)], limit: usize, functional: &crate::functional::Functional) {
    let room = limit - model.references();
    let accepted = records.iter().take(room).map(|(name, number)| {
        let record = record(&name.to_string(), *number);
        (record.subject, functional.reference(&record.template).unwrap().to_bytes(functional))
    });
    for (id, references) in crate::template::group_by_subject(accepted) {
        let place = model.place(id.as_str(), true);
        match place {
            _ if references.len() + place.map_or(0, |place| model.0[place].2.len()) > PER_SUBJECT => {}
            Some(place) => model.0[place].2.extend(references),
            None => model.0.push((true, id.into(), references)),
        }
    }
}

/// Of each id the new references instead of those it has, where they are few enough; those that need no more room first.
fn replace_in_model(
    model: &mut Model,
    records: &[(u8, u64)],
    limit: usize,
    functional: &crate::functional::Functional,
) {
    let accepted = records.iter().take(limit).map(|(name, number)| {
        let record = record(&name.to_string(), *number);
        (record.subject, functional.reference(&record.template).unwrap().to_bytes(functional))
    });
    let mut comers = crate::template::group_by_subject(accepted);
    comers.retain(|(_, references)| references.len() <= PER_SUBJECT);
    let before = |model: &Model, id: &SubjectId| {
        model.place(id.as_str(), true).map_or(Vec::new(), |place| model.0[place].2.clone())
    };
    comers.retain(|(id, references)| before(model, id) != *references);
    let (mut admitted, growing): (Vec<_>, Vec<_>) =
        comers.into_iter().partition(|(id, references)| references.len() <= before(model, id).len());
    let gain = |(id, references): &(SubjectId, Vec<Vec<u8>>)| references.len() as i64 - before(model, id).len() as i64;
    let mut all = model.references() as i64 + admitted.iter().map(gain).sum::<i64>();
    for comer in growing {
        if all + gain(&comer) <= limit as i64 {
            all += gain(&comer);
            admitted.push(comer);
        }
    }
    // In the order of the file: who is replaced, then who is new.
    admitted.sort_by_key(|(id, _)| model.place(id.as_str(), true).unwrap_or(usize::MAX));
    for (id, references) in admitted {
        model.remove(std::slice::from_ref(&id));
        model.0.push((true, id.into(), references));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_sequence_of_changes_equals_a_list(steps in proptest::collection::vec(step(), 0..24)) {
        let limit = 20;
        let agreement = agreement(limit);
        let records = |list: &[(u8, u64)]| list.iter().map(|(name, number)| record(&name.to_string(), *number)).collect::<Vec<_>>();
        let mut model = Model::default();
        let mut bytes = format::header(&agreement, [0; 12]);
        for step in steps {
            let gallery = Gallery::open(bytes, &agreement).unwrap();
            bytes = match step {
                Step::Append(list) => {
                    append_to_model(&mut model, &list, limit, agreement.functional());
                    let change = gallery.append(records(&list)).change;
                    change.map_or(gallery.as_bytes().to_vec(), |change| with(&gallery, change))
                }
                Step::Replace(list) => {
                    replace_in_model(&mut model, &list, limit, agreement.functional());
                    let change = gallery.replace(records(&list)).change;
                    change.map_or(gallery.as_bytes().to_vec(), |change| with(&gallery, change))
                }
                Step::Interrupted(replaces, list) => {
                    let list = records(&list);
                    let change = if replaces { gallery.replace(list) } else { gallery.append(list) }.change;
                    let mut bytes = gallery.as_bytes().to_vec();
                    change.map(|mut change| change.write(&mut bytes).unwrap());
                    bytes
                }
                Step::Remove(_) if model.enrolled().is_empty() => gallery.as_bytes().to_vec(),
                Step::Remove(chosen) => {
                    let ids: Vec<_> = chosen.iter().map(|index| id(&index.get(&model.enrolled()).0)).collect();
                    model.remove(&ids);
                    with(&gallery, gallery.remove(&ids).unwrap().unwrap())
                }
                Step::Restore(names) => {
                    let ids: Vec<_> = names.iter().map(|name| id(&name.to_string())).collect();
                    let restored = gallery.restore(&ids);
                    prop_assert_eq!(restored.is_ok(), model.restore(&ids, limit));
                    let change = restored.ok().and_then(|restored| restored.change);
                    change.map_or(gallery.as_bytes().to_vec(), |change| with(&gallery, change))
                }
                Step::Compact => {
                    model.0.retain(|(enrolled, ..)| *enrolled);
                    let mut compacted = Vec::new();
                    gallery.compact(&mut compacted, &()).unwrap();
                    compacted
                }
            };
            let gallery = Gallery::open(bytes.clone(), &agreement).unwrap();
            let expected = model.enrolled();
            prop_assert_eq!(content(&gallery).unwrap(), expected.clone());
            prop_assert_eq!((gallery.len(), gallery.references()), (expected.len(), model.references()));
            prop_assert_eq!(gallery.file().removed(), model.0.len() - expected.len());
            for (position, (name, references)) in expected.iter().enumerate() {
                prop_assert_eq!(gallery.position(&id(name)), Some(position));
                prop_assert_eq!(gallery.reference_count(position), references.len());
            }
            prop_assert_eq!(gallery.position(&id("nobody")), None);
        }
    }
}

#[test]
fn a_version_is_of_one_content_and_its_places_stay() {
    let agreement = agreement(8);
    let [first, second, third] = grown(&agreement);
    let open = |bytes: &[u8]| Gallery::open(bytes.to_vec(), &agreement).unwrap();
    let names =
        |gallery: &Gallery| (0..gallery.len()).map(|place| gallery.id(place).unwrap().to_owned()).collect::<String>();
    let versions = [&first, &second, &third].map(|bytes| open(bytes).version());
    assert!(versions[0] != versions[1] && versions[1] != versions[2] && versions[0] != versions[2]);
    for (version, expected) in versions.into_iter().zip(["abc", "abcd", "acd"]) {
        assert_eq!(version.to_string().parse(), Ok(version));
        let earlier = open(&third).at_version(version).unwrap().unwrap();
        assert_eq!((names(&earlier).as_str(), earlier.version()), (expected, version));
        // Its references are at hand too.
        assert!(content(&earlier).is_ok());
    }
    // What came later is not known, nor what was before the file was written anew.
    assert!(open(&first).at_version(versions[1]).unwrap().is_none());
    let mut compacted = Vec::new();
    open(&third).compact(&mut compacted, &()).unwrap();
    assert!(!versions.contains(&open(&compacted).version()));
    assert!(open(&compacted).at_version(versions[2]).unwrap().is_none());
    // By its full name likewise; and a file that was compacted to nobody is the beginning of none.
    let states = [&first, &second, &third].map(|bytes| open(bytes).state());
    assert!(states.iter().all(|state| open(&third).was(state)));
    assert!(open(&first).was(&states[0]) && !open(&first).was(&states[1]) && !open(&compacted).was(&states[2]));
    let mut nobody = Vec::new();
    open(&with(&open(&third), open(&third).remove(&["a", "c", "d"].map(id)).unwrap().unwrap()))
        .compact(&mut nobody, &())
        .unwrap();
    assert!(open(&nobody).was(&open(&nobody).state()) && !open(&third).was(&open(&nobody).state()));
}

#[test]
fn the_same_records_under_another_salt_are_another_version_also_when_compacted() {
    let agreement = agreement(8);
    let salted = |salt: u8| Gallery::enrol_salted(&agreement, [salt; 12], [record("a", 1)]).gallery.unwrap();
    assert_eq!(salted(0).version(), gallery(&agreement, &[("a", 1)]).version());
    assert_ne!(salted(0).version(), salted(1).version());
    let mut compacted = Vec::new();
    salted(1).compact(&mut compacted, &()).unwrap();
    assert_eq!(compacted, salted(1).as_bytes());
}

#[test]
fn who_is_not_enrolled_is_told_with_who_is_likely_meant() {
    let agreement = agreement(8);
    let gallery = gallery(&agreement, &[("anna", 1), ("0007", 2), ("Jos\u{e9}", 3), ("b 1", 4)]);
    let asked = ["anna", "ANNA", "7", "JOSE\u{301}", "B01", "zoe"].map(id);
    let unknown: Vec<_> = gallery.not_enrolled(&asked).into_iter().map(|unknown| unknown.to_string()).collect();
    let expected = [
        "'ANNA' (enrolled is 'anna')",
        "'7' (enrolled is '0007')",
        "'JOS\u{c9}' (enrolled is 'Jos\u{e9}')",
        "'B01' (enrolled is 'b 1')",
        "'zoe'",
    ];
    assert_eq!(unknown, expected);
}

#[test]
fn a_root_is_that_of_its_persons_however_they_came_into_the_file() {
    let agreement = agreement(8);
    let open = |bytes: Vec<u8>| Gallery::open(bytes, &agreement).unwrap();
    let root = |gallery: &Gallery| gallery.root(&()).unwrap();
    let [first, second, third] = grown(&agreement).map(open);
    let back = open(restored(&agreement));
    let mut compacted = Vec::new();
    third.compact(&mut compacted, &()).unwrap();
    let at_once = gallery(&agreement, &[("d", 5), ("b", 4), ("a", 6), ("c", 3), ("b", 2), ("a", 1)]);
    let without = gallery(&agreement, &[("a", 1), ("a", 6), ("d", 5), ("c", 3)]);
    assert_eq!([root(&back), root(&at_once)], [root(&second); 2]);
    assert_eq!([root(&open(compacted)), root(&without)], [root(&third); 2]);
    assert!(root(&first) != root(&second) && root(&second) != root(&third) && root(&first) != root(&third));
    // One reference is another.
    assert_ne!(root(&gallery(&agreement, &[("a", 1), ("a", 6), ("d", 5), ("c", 7)])), root(&third));
    let salted = Gallery::enrol_salted(&agreement, [1; 12], [record("a", 1)]).gallery.unwrap();
    assert_ne!(root(&salted), root(&gallery(&agreement, &[("a", 1)])));
}

#[test]
fn proofs_of_a_gallery_are_of_its_version_and_show_the_references_when_asked() {
    use crate::membership::{Proofs, Proven, Standing, of_reference};
    let agreement = agreement(8);
    let [_, second, third] = grown(&agreement).map(|bytes| Gallery::open(bytes, &agreement).unwrap());
    let asked = ["a", "b", "e"].map(id);
    let standing = |proofs: &Proofs| -> Vec<Standing> {
        proofs.verify(&proofs.root).unwrap().into_iter().map(|Proven { standing, .. }| standing).collect()
    };
    let before = second.prove(&asked, false, &()).unwrap();
    assert_eq!(standing(&before), [Standing::Enrolled(None), Standing::Enrolled(None), Standing::NotEnrolled]);
    assert_eq!(before.root, second.root(&()).unwrap());
    let proofs = third.prove(&asked, true, &()).unwrap();
    let functional = agreement.functional();
    let stored = [1, 6].map(|number| functional.reference(&record("a", number).template).unwrap().to_bytes(functional));
    let mut names = stored.each_ref().map(|stored| of_reference(None, stored)).to_vec();
    names.sort_unstable();
    assert_eq!(standing(&proofs), [Standing::Enrolled(Some(names)), Standing::NotEnrolled, Standing::NotEnrolled]);
    assert!(before.verify(&third.root(&()).unwrap()).is_err());
    // Damage is told, not committed to.
    let mut bytes = third.as_bytes().to_vec();
    let functional_bytes = functional.reference_bytes();
    let at = bytes.windows(functional_bytes).position(|window| window == stored[0]).unwrap();
    bytes[at] ^= 1;
    let damaged = Gallery::open(bytes, &agreement).unwrap();
    assert!(matches!(damaged.root(&()), Err(crate::membership::CommitError::Unreadable(Damage { .. }))));
}
