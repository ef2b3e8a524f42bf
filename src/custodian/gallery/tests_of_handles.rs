//! Handles: whoever has one keeps it through every change, nobody has another's, and a file that says otherwise is refused.

use proptest::prelude::*;

use super::format::{self, Head, LINK_BYTES, Layout, Purpose};
use super::tests::{agreement, content, error, gallery, id, record, with};
use super::writer::SegmentWriter;
use super::*;

fn handle(text: &str) -> Handle {
    Handle::new(text).unwrap()
}

/// A record, and a handle unless that is empty.
fn filed(subject: &str, number: u64, text: &str) -> Filed {
    Filed { record: record(subject, number), handle: (!text.is_empty()).then(|| handle(text)) }
}

fn enrolled(agreement: &Opened, records: &[(&str, u64, &str)]) -> Gallery {
    let records = records.iter().map(|&(subject, number, text)| filed(subject, number, text));
    let enrolment = Gallery::enrol(agreement, records);
    assert!(enrolment.refused.is_empty(), "{:?}", enrolment.refused);
    enrolment.gallery.unwrap()
}

/// Everybody with their handle, in order.
fn handles(gallery: &Gallery) -> Vec<(String, String)> {
    let of = |position| {
        let text = gallery.handle(position).map(|handle| handle.as_str().to_owned());
        (gallery.id(position).unwrap().to_owned(), text.unwrap_or_default())
    };
    let all: Vec<_> = (0..gallery.len()).map(of).collect();
    assert_eq!(gallery.handles(), all.iter().filter(|(_, text)| !text.is_empty()).count());
    for (subject, (_, text)) in gallery.subjects().zip(&all) {
        assert_eq!(subject.unwrap().handle.as_ref().map_or("", Handle::as_str), text);
    }
    all
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|&(id, text)| (id.to_owned(), text.to_owned())).collect()
}

/// Three subjects, two with a handle; then "c" is given one with a further reference, and "d" comes without; then "b" is removed.
fn grown(agreement: &Opened) -> [Vec<u8>; 3] {
    let first = enrolled(agreement, &[("a", 1, "H-1"), ("b", 2, ""), ("b", 3, "H-2"), ("c", 4, "")]);
    let appended = first.append([filed("c", 5, "H-3"), filed("d", 6, ""), filed("a", 7, "H-1")]);
    assert_eq!((appended.handles, appended.refused.len()), (1, 0));
    let second = with(&first, appended.change.unwrap());
    let opened = Gallery::open(second.clone(), agreement).unwrap();
    let third = with(&opened, opened.remove(&[id("b")]).unwrap().unwrap());
    [first.as_bytes().to_vec(), second, third]
}

#[test]
fn a_handle_is_kept_by_every_change_and_known_of_every_version() {
    let agreement = agreement(8);
    let open = |bytes: Vec<u8>| Gallery::open(bytes, &agreement).unwrap();
    let [first, second, third] = grown(&agreement).map(open);
    assert_eq!(handles(&first), pairs(&[("a", "H-1"), ("b", "H-2"), ("c", "")]));
    let all = pairs(&[("a", "H-1"), ("b", "H-2"), ("c", "H-3"), ("d", "")]);
    assert_eq!(handles(&second), all);
    let less = pairs(&[("a", "H-1"), ("c", "H-3"), ("d", "")]);
    assert_eq!(handles(&third), less);
    let mut compacted = Vec::new();
    third.compact(&mut compacted, &()).unwrap();
    let compacted = open(compacted);
    assert_eq!((handles(&compacted), content(&compacted).unwrap()), (less, content(&third).unwrap()));
    let back = open(with(&third, third.restore(&[id("b")]).unwrap().change.unwrap()));
    assert_eq!(handles(&back), all);
    for earlier in [&first, &second, &third] {
        let version = open(back.as_bytes().to_vec()).at_version(earlier.version()).unwrap().unwrap();
        assert_eq!(handles(&version), handles(earlier));
    }
    // Nobody who is left has one: the file is as it would be without.
    let nobody = open(with(&third, third.remove(&["a", "c"].map(id)).unwrap().unwrap()));
    let mut compacted = Vec::new();
    nobody.compact(&mut compacted, &()).unwrap();
    assert_eq!(compacted, gallery(&agreement, &[("d", 6)]).as_bytes());
}

#[test]
fn a_gallery_in_which_nobody_has_a_handle_has_the_bytes_of_before() {
    let agreement = agreement(8);
    let functional = agreement.functional();
    // As it was written before there were handles.
    let mut before = format::header(&agreement, [0; 12]);
    let head = Head { purpose: Purpose::References, new_subjects: 2, earlier_subjects: 0, references: 3, id_bytes: 2 };
    let link = *before.last_chunk().unwrap();
    let mut writer = SegmentWriter::begin(&mut before, head, &link, Layout::of(&agreement));
    [(1, 2), (2, 3)].into_iter().for_each(|(id_end, end)| writer.entry(id_end, end));
    (0..3).for_each(|_| writer.eye(None));
    writer.table(b"ab");
    for (subject, number) in [("a", 1), ("a", 3), ("b", 2)] {
        writer.record(&functional.reference(&record(subject, number).template).unwrap().to_bytes(functional));
    }
    let commit = writer.finish().unwrap();
    before.extend(commit);
    let without = enrolled(&agreement, &[("a", 1, ""), ("b", 2, ""), ("a", 3, "")]);
    assert_eq!(without.as_bytes(), before);
    assert_eq!(handles(&without), pairs(&[("a", ""), ("b", "")]));
}

#[test]
fn another_handle_is_another_version_and_another_root() {
    let agreement = agreement(8);
    let names = |text: &str| {
        let gallery = enrolled(&agreement, &[("a", 1, text), ("b", 2, "H-2")]);
        (gallery.version(), gallery.root(&()).unwrap())
    };
    let all = ["", "H-1", "H-3", "h-1", "H-1\u{301}"].map(names);
    for (place, (version, root)) in all.iter().enumerate() {
        assert!(all[..place].iter().all(|(other, other_root)| other != version && other_root != root), "{place}");
    }
    // However it came to be there.
    let [_, second, third] = grown(&agreement).map(|bytes| Gallery::open(bytes, &agreement).unwrap());
    let at_once = [("d", 6, ""), ("c", 5, "H-3"), ("a", 1, "H-1"), ("c", 4, "H-3"), ("a", 7, "")];
    assert_eq!(enrolled(&agreement, &at_once).root(&()).unwrap(), third.root(&()).unwrap());
    assert_ne!(second.root(&()).unwrap(), third.root(&()).unwrap());
}

#[test]
fn a_proof_tells_of_a_handle_neither_which_nor_unless_opened_that_there_is_one() {
    use crate::membership::Proofs;
    use serde_json::Value;
    let agreement = agreement(8);
    let of = |text: &str| Gallery::enrol_salted(&agreement, [7; 12], [filed("a", 1, text), filed("b", 2, "")]);
    let proofs = |text: &str, open| of(text).gallery.unwrap().prove(&[id("a"), id("c")], open, &()).unwrap();
    let document = |proofs: &Proofs| serde_json::from_str::<Value>(&proofs.to_json()).unwrap();
    let hidden = |proofs: &Proofs| document(proofs)["proofs"][0]["end"]["enrolled"].get("handle").cloned();
    let altered = |proofs: &Proofs, to: Option<Value>| {
        let mut document = document(proofs);
        let enrolled = document["proofs"][0]["end"]["enrolled"].as_object_mut().unwrap();
        enrolled.remove("handle");
        enrolled.extend(to.map(|to| ("handle".to_owned(), to)));
        Proofs::read(document.to_string().as_bytes()).unwrap()
    };
    let lengths = ["", "H-1", "H-2"].map(|text| {
        let closed = proofs(text, false);
        assert!(closed.verify(&closed.root).is_ok() && hidden(&closed).is_none());
        closed.to_json().len()
    });
    assert_eq!(lengths, [lengths[0]; 3]);
    let opened = ["H-1", "H-2"].map(|text| proofs(text, true));
    for opened in &opened {
        assert!(opened.verify(&opened.root).is_ok() && hidden(opened).is_some());
        let text = opened.to_json();
        assert!(!text.contains("H-1") && !text.contains(&hex::encode(handle("H-1").padded())));
        // Not what anybody could find who guesses the handle.
        let guess = format::digest(&[b"cotejo handle\0", handle("H-1").padded()]);
        assert!(!text.contains(&hex::encode(guess)));
    }
    // Another's, or none, is no proof; nor is one beside references that are hidden.
    let (own, other) = (hidden(&opened[0]), hidden(&opened[1]));
    assert_eq!(altered(&opened[0], own.clone()), opened[0]);
    for forged in [altered(&opened[0], other), altered(&opened[0], None), altered(&proofs("H-1", false), own)] {
        assert!(forged.verify(&forged.root).is_err());
    }
}

#[test]
fn a_handle_is_one_subjects_and_a_subject_has_one_handle() {
    let agreement = agreement(16);
    let refused = |appended: &Appended| -> Vec<(String, usize, RefusalReason)> {
        let refused = appended.refused.iter();
        refused.map(|one| (one.subject.to_string(), one.record, one.reason.clone())).collect()
    };
    let taken = |subject: &str, record: usize, of: &str| {
        (subject.to_owned(), record, RefusalReason::HandleTaken { of: id(of) })
    };
    let other = |subject: &str, record: usize| (subject.to_owned(), record, RefusalReason::OtherHandle);
    let first = enrolled(&agreement, &[("a", 1, "H-1"), ("b", 2, "")]);
    // Among the records, and against the gallery.
    let records = [
        filed("c", 3, "H-3"),
        filed("d", 4, "H-3"),
        filed("c", 5, "H-4"),
        filed("e", 6, "H-1"),
        filed("a", 7, "H-7"),
        filed("b", 8, "H-4"),
        filed("f", 9, ""),
    ];
    let appended = first.append(records);
    assert_eq!(refused(&appended), [taken("d", 2, "c"), other("c", 3), taken("e", 4, "a"), other("a", 5)]);
    assert_eq!((appended.new_subjects, appended.earlier_subjects, appended.handles), (2, 1, 2));
    for refusal in &appended.refused {
        let told = refusal.to_string();
        assert!(!told.contains("H-") && refusal.reason.remedy().is_some(), "{told}");
    }
    let grown = Gallery::open(with(&first, appended.change.unwrap()), &agreement).unwrap();
    assert_eq!(handles(&grown), pairs(&[("a", "H-1"), ("b", "H-4"), ("c", "H-3"), ("f", "")]));
    // A handle of somebody who was removed may be given again; then that one stays removed.
    let removed = Gallery::open(with(&grown, grown.remove(&["a", "b"].map(id)).unwrap().unwrap()), &agreement).unwrap();
    let anew = removed.append([filed("g", 3, "H-1"), filed("b", 2, "H-9")]);
    assert!(anew.refused.is_empty());
    let anew = Gallery::open(with(&removed, anew.change.unwrap()), &agreement).unwrap();
    assert_eq!(handles(&anew), pairs(&[("c", "H-3"), ("f", ""), ("g", "H-1"), ("b", "H-9")]));
    let not = |gallery: &Gallery, ids: &[&str]| match gallery
        .restore(&ids.iter().map(|text| id(text)).collect::<Vec<_>>())
    {
        Err(RestoreError::Ids(ids)) => ids.into_iter().map(|one| (one.id.to_string(), one.reason)).collect::<Vec<_>>(),
        _ => panic!(),
    };
    assert_eq!(not(&anew, &["a"]), [("a".to_owned(), Unrestorable::HandleTaken)]);
    // Nor are two restored who had it one after the other; each alone is.
    let both = Gallery::open(with(&anew, anew.remove(&[id("g")]).unwrap().unwrap()), &agreement).unwrap();
    assert_eq!(not(&both, &["a", "g"]), [("g".to_owned(), Unrestorable::HandleTaken)]);
    for alone in ["a", "g"] {
        let back = both.restore(&[id(alone), id(alone)]).unwrap();
        let back = Gallery::open(with(&both, back.change.unwrap()), &agreement).unwrap();
        assert_eq!(back.handle(back.position(&id(alone)).unwrap()), Some(handle("H-1")));
    }
}

#[test]
fn a_subject_that_is_refused_as_a_whole_leaves_no_handle() {
    let agreement = agreement(8);
    let first = gallery(&agreement, &[("a", 1), ("a", 2), ("b", 3)]);
    let appended = first.append([filed("a", 4, "H-1"), filed("c", 5, "H-2")]);
    assert!(matches!(appended.refused[..], [RefusedRecord { record: 0, reason: RefusalReason::Repeated { .. }, .. }]));
    let grown = Gallery::open(with(&first, appended.change.unwrap()), &agreement).unwrap();
    assert_eq!(handles(&grown), pairs(&[("a", ""), ("b", ""), ("c", "H-2")]));
}

#[test]
fn a_bit_flipped_anywhere_or_an_append_cut_anywhere_gives_no_other_handle() {
    let agreement = agreement(8);
    let [first, second, third] = grown(&agreement);
    for position in 0..third.len() {
        let mut flipped = third.clone();
        flipped[position] ^= 1;
        let Ok(opened) = Gallery::open(flipped, &agreement) else { continue };
        // A reference, which is checked when it is read.
        assert!(content(&opened).is_err(), "byte {position}");
    }
    let at = second.windows(3).rposition(|window| window == b"H-3").unwrap();
    let mut altered = third.clone();
    altered[at + 2] = b'4';
    assert_eq!(error(&altered, &agreement), Damage { segment: 2, part: "tables" }.into());
    let before = handles(&Gallery::open(first.clone(), &agreement).unwrap());
    for length in first.len()..second.len() {
        let opened = Gallery::open(second[..length].to_vec(), &agreement).unwrap();
        assert_eq!((handles(&opened), opened.file().ignored_bytes()), (before.clone(), length - first.len()));
    }
}

/// A segment of handles with sound checksums, whatever it says: of "a" and "b" or, `later`, of further references of both.
fn forged(mut file: Vec<u8>, agreement: &Opened, later: bool, slots: [&[u8]; 2]) -> Vec<u8> {
    let [new, earlier] = if later { [0, 2] } else { [2, 0] };
    let head = Head {
        purpose: Purpose::Handles,
        new_subjects: new,
        earlier_subjects: earlier,
        references: 2,
        id_bytes: new.into(),
    };
    let link = *file.last_chunk::<LINK_BYTES>().unwrap();
    let layout = Layout::of(agreement);
    let mut writer = SegmentWriter::begin(&mut file, head, &link, layout);
    let entries = if later { [(0, 1), (1, 2)] } else { [(1, 1), (2, 2)] };
    entries.into_iter().for_each(|(first, end)| writer.entry(first, end));
    (0..2).for_each(|_| writer.eye(None));
    for slot in slots {
        let mut padded = [0; Handle::MOST_BYTES];
        padded[..slot.len()].copy_from_slice(slot);
        writer.table(&padded);
    }
    writer.table(if later { b"" } else { b"ab" });
    (0..2).for_each(|_| writer.record(&vec![0; layout.record_bytes]));
    let commit = writer.finish().unwrap();
    file.extend(commit);
    file
}

#[test]
fn handles_that_no_enrolment_would_write_are_refused_by_name_in_spite_of_their_checksums() {
    let agreement = agreement(8);
    let header = || format::header(&agreement, [0; 12]);
    let sound = forged(header(), &agreement, false, [b"H-1", b""]);
    assert_eq!(handles(&Gallery::open(sound.clone(), &agreement).unwrap()), pairs(&[("a", "H-1"), ("b", "")]));
    let refused = |bytes: &[u8], segment| {
        assert_eq!(error(bytes, &agreement), Damage { segment, part: "handles" }.into());
    };
    let slots: [[&[u8]; 2]; 7] =
        [[b"H-1", b"H-1"], [b"", b""], [b" H", b""], [b"H\n", b""], [b"H\0H", b""], [b"\0H", b""], [b"H\xff", b"H-2"]];
    for slots in slots {
        refused(&forged(header(), &agreement, false, slots), 1);
    }
    // A second handle, the same one again, or one that somebody else has.
    for slots in [[b"H-2".as_slice(), b"".as_slice()], [b"H-1", b""], [b"", b"H-1"]] {
        refused(&forged(sound.clone(), &agreement, true, slots), 2);
    }
    let given = Gallery::open(forged(sound, &agreement, true, [b"", b"H-2"]), &agreement).unwrap();
    assert_eq!(handles(&given), pairs(&[("a", "H-1"), ("b", "H-2")]));
}

#[test]
fn a_claim_of_more_handles_than_the_file_holds_allocates_nothing() {
    let agreement = agreement(8);
    let header = format::header(&agreement, [0; 12]);
    for number in [u32::MAX, 1 << 28] {
        let head = Head {
            purpose: Purpose::Handles,
            new_subjects: number,
            earlier_subjects: number,
            references: 1,
            id_bytes: u64::MAX - u64::from(number),
        };
        let claim = [header.as_slice(), &head.to_bytes(header.last_chunk().unwrap()), &[1; 1000]].concat();
        let opened = Gallery::open(claim, &agreement).unwrap();
        assert!(opened.is_empty() && opened.file().ignored_bytes() == 1064);
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Subjects, and their handles: 0 is none.
    Append(Vec<(u8, u8)>),
    Replace(Vec<(u8, u8)>),
    Remove(u8),
    Restore(u8),
    Compact,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => proptest::collection::vec((0..6_u8, 0..5_u8), 1..5).prop_map(Step::Append),
        2 => proptest::collection::vec((0..6_u8, 0..5_u8), 1..5).prop_map(Step::Replace),
        2 => (0..6_u8).prop_map(Step::Remove),
        1 => (0..6_u8).prop_map(Step::Restore),
        1 => Just(Step::Compact),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn after_any_sequence_of_changes_handles_are_those_of_a_list(steps in proptest::collection::vec(step(), 0..16)) {
        let agreement = agreement(400);
        let mut now = enrolled(&agreement, &[("x", 0, "")]);
        let mut number = 0;
        // Whether enrolled, whose, and the handle; in the order of the file.
        let mut model = vec![(true, "x".to_owned(), String::new())];
        for step in steps {
            let change = match step {
                Step::Append(records) => {
                    let records: Vec<_> =
                        records.iter().map(|(subject, text)| (subject.to_string(), match text {
                            0 => String::new(),
                            text => format!("H-{text}"),
                        })).collect();
                    let made = now.append(records.iter().map(|(subject, text)| filed(subject, 0, text)));
                    // Whoever would have too many references is refused, with the handle; records were judged before that.
                    let whole: Vec<_> = made.refused.iter().filter(|one| one.record == 0).map(|one| one.subject.to_string()).collect();
                    let single: Vec<_> = made.refused.iter().map(|one| one.record).collect();
                    for (number, (subject, text)) in records.into_iter().enumerate() {
                        if whole.contains(&subject) || single.contains(&(number + 1)) {
                            continue;
                        }
                        match model.iter_mut().find(|(enrolled, whose, _)| *enrolled && *whose == subject) {
                            Some((_, _, has)) if !text.is_empty() => *has = text,
                            Some(_) => {}
                            None => model.push((true, subject, text)),
                        }
                    }
                    made.change
                }
                Step::Replace(records) => {
                    // Another template each time, so that nobody is what they were.
                    number += 1;
                    let filed = |(subject, text): &(u8, u8)| filed(&subject.to_string(), number, &match text {
                        0 => String::new(),
                        text => format!("H-{text}"),
                    });
                    let made = now.replace(records.iter().map(filed));
                    let change = made.change.as_ref();
                    let mut whose: Vec<_> = records.iter().map(|(subject, _)| subject.to_string()).collect();
                    whose.retain(|subject| !made.refused.iter().any(|one| one.record == 0 && one.subject.as_str() == subject));
                    let single: Vec<_> = made.refused.iter().map(|one| one.record).collect();
                    let accepted = records.iter().zip(1..).filter(|(_, record)| !single.contains(record));
                    let mut comers: Vec<(String, String)> = Vec::new();
                    for ((subject, text), _) in accepted.filter(|((subject, _), _)| whose.contains(&subject.to_string())) {
                        let text = if *text > 0 { format!("H-{text}") } else { String::new() };
                        match comers.iter_mut().find(|(other, _)| *other == subject.to_string()) {
                            Some((_, has)) if has.is_empty() => *has = text,
                            Some(_) => {}
                            None => comers.push((subject.to_string(), text)),
                        }
                    }
                    let place = |model: &[(bool, String, String)], subject: &str| {
                        model.iter().position(|(enrolled, whose, _)| *enrolled && whose == subject)
                    };
                    for (subject, _) in &comers {
                        let replaced = change.is_some_and(|change| change.replaces(&now, &id(subject)));
                        prop_assert_eq!(replaced, place(&model, subject).is_some());
                    }
                    comers.sort_by_key(|(subject, _)| place(&model, subject).unwrap_or(usize::MAX));
                    for (subject, text) in comers {
                        let kept = place(&model, &subject).map_or(String::new(), |place| {
                            model[place].0 = false;
                            model[place].2.clone()
                        });
                        model.push((true, subject, if text.is_empty() { kept } else { text }));
                    }
                    made.change
                }
                Step::Remove(subject) => {
                    let change = now.remove(&[id(&subject.to_string())]).ok().flatten();
                    let there = model.iter_mut().find(|(enrolled, whose, _)| *enrolled && *whose == subject.to_string());
                    if let Some((enrolled, ..)) = there {
                        *enrolled = false;
                    }
                    change
                }
                Step::Restore(subject) => {
                    let change = now.restore(&[id(&subject.to_string())]).ok().and_then(|restored| restored.change);
                    if change.is_some() {
                        model.iter_mut().rfind(|(_, whose, _)| *whose == subject.to_string()).unwrap().0 = true;
                    }
                    change
                }
                Step::Compact => {
                    let mut compacted = Vec::new();
                    now.compact(&mut compacted, &()).unwrap();
                    model.retain(|(enrolled, ..)| *enrolled);
                    now = Gallery::open(compacted, &agreement).unwrap();
                    None
                }
            };
            if let Some(change) = change {
                now = Gallery::open(with(&now, change), &agreement).unwrap();
            }
            let expected: Vec<_> =
                model.iter().filter(|(enrolled, ..)| *enrolled).map(|(_, id, text)| (id.clone(), text.clone())).collect();
            prop_assert_eq!(handles(&now), expected);
            let mut given: Vec<_> = handles(&now).into_iter().map(|(_, text)| text).filter(|text| !text.is_empty()).collect();
            given.sort_unstable();
            prop_assert!(given.is_sorted_by(|before, after| before < after));
        }
    }
}
