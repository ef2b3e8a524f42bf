//! Replacing: the file has both the removal and the enrolment, or neither; nobody is removed for whom nobody comes.

use super::format::{self, Head, LINK_BYTES, Layout, Purpose};
use super::tests::{agreement, content, error, gallery, id, record, with};
use super::writer::SegmentWriter;
use super::*;
use crate::template::Record;

fn open(bytes: &[u8], agreement: &Opened) -> Gallery {
    Gallery::open(bytes.to_vec(), agreement).unwrap()
}

/// A record with a handle.
fn filed(record: Record, handle: &str) -> Filed {
    Filed { record, handle: Some(Handle::new(handle).unwrap()) }
}

/// Ids in the order of enrolment.
fn ids(gallery: &Gallery) -> String {
    (0..gallery.len()).filter_map(|position| gallery.id(position)).collect()
}

/// Four references of three; then "b" is replaced and "d" added.
fn replaced(agreement: &Opened) -> [Vec<u8>; 2] {
    let before = gallery(agreement, &[("a", 1), ("b", 2), ("c", 3), ("b", 4)]);
    let made = before.replace([record("d", 5), record("b", 6)]);
    assert_eq!((made.new_subjects, made.replaced_subjects, made.unchanged_subjects), (1, 1, 0));
    assert_eq!((made.references, made.replaced_references, made.earlier_subjects), (2, 2, 0));
    [before.as_bytes().to_vec(), with(&before, made.change.unwrap())]
}

#[test]
fn who_is_replaced_has_the_new_references_alone_and_all_others_have_theirs() {
    let agreement = agreement(8);
    let [before, after] = replaced(&agreement);
    let gallery = open(&after, &agreement);
    assert_eq!((ids(&gallery).as_str(), gallery.references(), gallery.file().removed()), ("acbd", 4, 1));
    let at_once = super::tests::gallery(&agreement, &[("a", 1), ("c", 3), ("b", 6), ("d", 5)]);
    assert_eq!(content(&gallery).unwrap(), content(&at_once).unwrap());
    assert_eq!(gallery.root(&()).unwrap(), at_once.root(&()).unwrap());
    // The version before is known, and nothing of it is left once the file is written anew.
    let earlier = open(&before, &agreement);
    let then = open(&after, &agreement).at_version(earlier.version()).unwrap().unwrap();
    assert_eq!((content(&then).unwrap(), then.version()), (content(&earlier).unwrap(), earlier.version()));
    assert!(gallery.was(&earlier.state()));
    let mut compacted = Vec::new();
    gallery.compact(&mut compacted, &()).unwrap();
    assert_eq!(compacted, at_once.as_bytes());
}

#[test]
fn who_is_replaced_is_the_same_person_by_their_mark() {
    let agreement = agreement(8);
    let [before, after] = replaced(&agreement).map(|bytes| open(&bytes, &agreement));
    let marks =
        |gallery: &Gallery, name: &str| gallery.marks(&[7; 32]).unwrap()[gallery.position(&id(name)).unwrap()].clone();
    let (old, new) = (marks(&before, "b"), marks(&after, "b"));
    let shared: Vec<_> = old.iter().filter(|mark| new.contains(mark)).collect();
    assert_eq!(shared, [&of_id(&[7; 32], "b")]);
}

#[test]
fn what_a_subject_has_already_is_not_written_again() {
    let agreement = agreement(8);
    let before = gallery(&agreement, &[("a", 1), ("b", 2), ("b", 4)]);
    let made = before.replace([record("b", 2), record("a", 1), record("b", 4)]);
    assert!(made.change.is_none() && made.refused.is_empty());
    assert_eq!((made.unchanged_subjects, made.references), (2, 0));
    let made = before.replace([record("a", 1), record("b", 4), record("b", 2)]);
    assert_eq!((made.unchanged_subjects, made.replaced_subjects), (1, 1));
    // What is damaged is replaced by what is whole.
    let functional = agreement.functional();
    let stored = functional.reference(&record("a", 1).template).unwrap().to_bytes(functional);
    let mut damaged = before.as_bytes().to_vec();
    let at = damaged.windows(stored.len()).position(|window| window == stored).unwrap();
    damaged[at] ^= 1;
    let damaged = open(&damaged, &agreement);
    let made = damaged.replace([record("a", 1)]);
    assert_eq!((made.unchanged_subjects, made.replaced_subjects), (0, 1));
}

#[test]
fn nobody_is_removed_whose_records_are_refused() {
    let agreement = agreement(3);
    let before = gallery(&agreement, &[("a", 1), ("b", 2)]);
    let made = before.replace([record("a", 3), record("a", 4), record("a", 5)]);
    let reason = RefusalReason::Repeated { limit: 2, actual: 3 };
    assert_eq!(made.refused, [RefusedRecord { subject: id("a"), eye: None, record: 0, reason }]);
    assert!(made.change.is_none());
    // Others are replaced, and whoever is not stays.
    let made = before.replace([record("b", 7), filed(record("a", 6), "H-1").record, record("a", 8)]);
    let after = open(&with(&before, made.change.unwrap()), &agreement);
    assert_eq!((ids(&after).as_str(), after.references()), ("ab", 3));
    let refused = after.replace([record("b", 1), record("b", 2)]);
    let reason = RefusalReason::Full { limit: 3 };
    assert_eq!(refused.refused, [RefusedRecord { subject: id("b"), eye: None, record: 0, reason }]);
    assert!(refused.change.is_none());
}

#[test]
fn whoever_is_replaced_by_fewer_makes_room_for_others_in_whatever_order_they_come() {
    let agreement = agreement(4);
    let full = gallery(&agreement, &[("a", 1), ("a", 2), ("b", 3), ("b", 4)]);
    for records in [["z", "a"], ["a", "z"]] {
        let made = full.replace(records.map(|name| record(name, 9)));
        assert!(made.refused.is_empty());
        let after = open(&with(&full, made.change.unwrap()), &agreement);
        assert_eq!((ids(&after).as_str(), after.references()), ("baz", 4));
    }
    let made = full.replace([record("y", 8), record("z", 9), record("a", 9)]);
    assert_eq!(made.refused.iter().map(|one| one.subject.as_str()).collect::<String>(), "z");
}

#[test]
fn a_handle_stays_unless_another_is_given_and_is_never_another_subjects() {
    let agreement = agreement(8);
    let records = [filed(record("a", 1), "H-1"), filed(record("b", 2), "H-2"), record("c", 3).into()];
    let before = Gallery::enrol(&agreement, records).gallery.unwrap();
    let made =
        before.replace([Filed::from(record("a", 4)), filed(record("b", 5), "H-5"), filed(record("c", 6), "H-6")]);
    assert_eq!((made.replaced_subjects, made.handles, made.refused.len()), (3, 1, 0));
    let after = open(&with(&before, made.change.unwrap()), &agreement);
    let handles = |gallery: &Gallery| -> Vec<String> {
        (0..gallery.len())
            .map(|place| gallery.handle(place).map_or(String::new(), |handle| handle.as_str().to_owned()))
            .collect()
    };
    assert_eq!((ids(&after).as_str(), handles(&after)), ("abc", ["H-1", "H-5", "H-6"].map(str::to_owned).to_vec()));
    // Only another handle: the subject is replaced for that.
    let made = after.replace([filed(record("a", 4), "H-9"), filed(record("b", 5), "H-5")]);
    assert_eq!((made.replaced_subjects, made.unchanged_subjects), (1, 1));
    // Not that of another, though that one be replaced as well.
    let swapped = after.replace([filed(record("a", 7), "H-5"), filed(record("b", 8), "H-1")]);
    let taken = |subject: &str, record, of: &str| RefusedRecord {
        subject: id(subject),
        eye: None,
        record,
        reason: RefusalReason::HandleTaken { of: id(of) },
    };
    assert_eq!(swapped.refused, [taken("a", 1, "b"), taken("b", 2, "a")]);
    assert!(swapped.change.is_none());
}

#[test]
fn of_one_id_the_last_is_restored() {
    let agreement = agreement(8);
    let after = open(&replaced(&agreement)[1], &agreement);
    let reason = match after.restore(&[id("b")]) {
        Err(RestoreError::Ids(ids)) => ids[0].reason,
        _ => panic!(),
    };
    assert_eq!(reason, Unrestorable::EnrolledAnew);
    let expected = content(&after).unwrap();
    let removed = open(&with(&after, after.remove(&[id("b")]).unwrap().unwrap()), &agreement);
    let back = open(&with(&removed, removed.restore(&[id("b")]).unwrap().change.unwrap()), &agreement);
    assert_eq!(content(&back).unwrap(), expected);
}

#[test]
fn a_replacement_cut_anywhere_leaves_the_gallery_as_before() {
    let agreement = agreement(8);
    let [before, after] = replaced(&agreement);
    let expected = content(&open(&before, &agreement)).unwrap();
    let as_before = |bytes: &[u8], what: &str| {
        let opened = Gallery::open(bytes.to_vec(), &agreement).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((content(&opened).unwrap(), opened.file().removed()), (expected.clone(), 0), "{what}");
    };
    for length in before.len()..after.len() {
        as_before(&after[..length], &format!("cut to {length}"));
    }
    for sector in (before.len()..after.len()).step_by(64) {
        let mut holes = after.clone();
        holes[sector..].fill(0);
        as_before(&holes, &format!("zero from {sector}"));
    }
    for position in 0..after.len() {
        let mut flipped = after.clone();
        flipped[position] ^= 1;
        let Ok(opened) = Gallery::open(flipped, &agreement) else { continue };
        assert!(content(&opened).is_err() && opened.file().ignored_bytes() == 0, "byte {position}");
    }
}

/// A segment of replacements with sound checksums, whatever it says: new subjects of these ids, who replace those of these numbers.
fn forged(mut file: Vec<u8>, agreement: &Opened, ids: &str, numbers: &[(u32, u32)], purpose: Purpose) -> Vec<u8> {
    let new = ids.len() as u32;
    let head = Head {
        purpose,
        new_subjects: new,
        earlier_subjects: numbers.len() as u32,
        references: new,
        id_bytes: ids.len() as u64,
    };
    let (link, layout) = (*file.last_chunk::<LINK_BYTES>().unwrap(), Layout::of(agreement));
    let mut writer = SegmentWriter::begin(&mut file, head, &link, layout);
    (1..=new).for_each(|end| writer.entry(end, end));
    numbers.iter().for_each(|&(number, end)| writer.entry(number, end));
    (0..new).for_each(|_| writer.eye(None));
    if purpose == Purpose::ReplacementsWithHandles {
        (0..new).for_each(|_| writer.handle(None));
    }
    writer.table(ids.as_bytes());
    (0..new).for_each(|_| writer.record(&vec![0; layout.record_bytes]));
    let commit = writer.finish().unwrap();
    file.extend(commit);
    file
}

#[test]
fn tables_of_replacements_that_none_would_write_are_refused_in_spite_of_their_checksums() {
    let agreement = agreement(8);
    let before = gallery(&agreement, &[("a", 1), ("b", 2), ("c", 3)]).as_bytes().to_vec();
    let plain = Purpose::Replacements;
    let sound = forged(before.clone(), &agreement, "acd", &[(0, 0), (2, 0)], plain);
    assert_eq!(ids(&open(&sound, &agreement)), "bacd");
    let refused = |part, ids, numbers: &[(u32, u32)], purpose| {
        let bytes = forged(before.clone(), &agreement, ids, numbers, purpose);
        assert_eq!(error(&bytes, &agreement), Damage { segment: 2, part }.into(), "{ids}");
    };
    // Nobody is replaced; more than come; out of order; twice; never enrolled; with references.
    refused("tables", "d", &[], plain);
    refused("tables", "a", &[(0, 0), (1, 0)], plain);
    refused("tables", "ba", &[(1, 0), (0, 0)], plain);
    refused("tables", "aa", &[(0, 0), (0, 0)], plain);
    refused("tables", "a", &[(3, 0)], plain);
    refused("tables", "a", &[(0, 1)], plain);
    // By somebody else.
    refused("replacements", "b", &[(0, 0)], plain);
    refused("replacements", "ba", &[(0, 0), (1, 0)], plain);
    refused("ids", "ab", &[(0, 0)], plain);
    // With handles, of which none is given.
    refused("handles", "a", &[(0, 0)], Purpose::ReplacementsWithHandles);
    // Who was removed is replaced no more.
    let again = forged(sound, &agreement, "a", &[(0, 0)], plain);
    assert_eq!(error(&again, &agreement), Damage { segment: 3, part: "replacements" }.into());
}

#[test]
fn where_nobody_is_replaced_the_bytes_are_those_of_an_append() {
    let agreement = agreement(8);
    let before = gallery(&agreement, &[("a", 1)]);
    let [replaced, appended] = [before.replace([record("b", 2)]), before.append([record("b", 2)])];
    assert_eq!(with(&before, replaced.change.unwrap()), with(&before, appended.change.unwrap()));
    let nobody = open(&format::header(&agreement, [0; 12]), &agreement);
    assert_eq!(nobody.replace([record("a", 1)]).new_subjects, 1);
}
