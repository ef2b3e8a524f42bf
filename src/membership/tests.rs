//! Everybody who is in a tree is proven to be, everybody else not to be, and nothing else is.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::proof::{Another, End, Enrolled};
use super::*;
use crate::agreement::Digest;
use crate::template::SubjectId;

static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::new(&[5; 12], Digest([3; 32])));

/// Persons with the numbers of their references.
struct Listed(Vec<(String, Vec<u64>)>);

impl Listed {
    fn numbered(persons: usize) -> Self {
        Self((0..persons).map(|number| (format!("{number}"), vec![number as u64])).collect())
    }

    fn root(&self) -> Root {
        root(&SECRET, self, &()).unwrap()
    }

    fn prove(&self, ids: &[&str], open: bool) -> Proofs {
        let ids: Vec<SubjectId> = ids.iter().map(|id| subject(id)).collect();
        prove(&SECRET, self, &ids, open, &()).unwrap()
    }
}

impl Persons for Listed {
    type Error = Infallible;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn person(&self, place: usize) -> Result<(&str, Vec<Kept>), Infallible> {
        let (id, references) = &self.0[place];
        Ok((id, references.iter().map(|number| of_reference(None, &number.to_le_bytes())).collect()))
    }
}

fn subject(id: &str) -> SubjectId {
    SubjectId::try_from(id.to_owned()).unwrap()
}

/// Kinds of ends of a file's proofs.
fn ends(proofs: &Proofs) -> [usize; 3] {
    proofs.proofs.iter().fold([0; 3], |mut ends, proof| {
        ends[match proof.end {
            End::Enrolled(_) => 0,
            End::Empty { .. } => 1,
            End::Another(_) => 2,
        }] += 1;
        ends
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn everybody_is_proven_to_be_enrolled_or_not_to_be(
        persons in proptest::collection::btree_map(0..60_u8, proptest::collection::vec(any::<u64>(), 1..4), 0..40),
        open: bool,
    ) {
        let listed = Listed(persons.iter().map(|(id, references)| (id.to_string(), references.clone())).collect());
        let everybody: Vec<String> = (0..60_u8).map(|id| id.to_string()).collect();
        let ids: Vec<&str> = everybody.iter().map(String::as_str).collect();
        let proofs = Proofs::read(listed.prove(&ids, open).to_json().as_bytes()).unwrap();
        prop_assert_eq!(proofs.root, listed.root());
        let proven = proofs.verify(&listed.root()).unwrap();
        prop_assert_eq!(proven.len(), ids.len());
        for (number, Proven { id, standing }) in proven.into_iter().enumerate() {
            prop_assert_eq!(id.as_str(), ids[number]);
            let expected = match persons.get(&(number as u8)) {
                None => Standing::NotEnrolled,
                Some(references) => Standing::Enrolled(open.then(|| {
                    let names = references.iter().map(|number| of_reference(None, &number.to_le_bytes()));
                    let mut names: Vec<_> = names.collect();
                    names.sort_unstable();
                    names
                })),
            };
            prop_assert_eq!(standing, expected);
        }
    }

    #[test]
    fn the_order_of_enrolment_leaves_no_trace_and_every_change_does(
        persons in proptest::collection::btree_map(0..60_u8, proptest::collection::vec(any::<u64>(), 1..4), 1..30),
        swapped: prop::sample::Index,
        number: u64,
    ) {
        let list = |persons: &BTreeMap<u8, Vec<u64>>| -> Vec<_> {
            persons.iter().map(|(id, references)| (id.to_string(), references.clone())).collect()
        };
        let listed = Listed(list(&persons));
        let mut others = list(&persons);
        others.reverse();
        others.iter_mut().for_each(|(_, references)| references.reverse());
        prop_assert_eq!(listed.root(), Listed(others).root());
        let whose = *persons.keys().nth(swapped.index(persons.len())).unwrap();
        let mut changed = persons.clone();
        let first = &mut changed.get_mut(&whose).unwrap()[0];
        prop_assume!(std::mem::replace(first, number) != number);
        prop_assert_ne!(listed.root(), Listed(list(&changed)).root(), "another reference");
        let mut changed = persons.clone();
        changed.get_mut(&whose).unwrap().push(number);
        prop_assert_ne!(listed.root(), Listed(list(&changed)).root(), "a further one");
        changed.remove(&whose);
        prop_assert_ne!(listed.root(), Listed(list(&changed)).root(), "a person less");
    }

    #[test]
    fn a_proof_that_was_altered_anywhere_proves_nothing(
        persons in 0..30_usize, id in 0..60_u8, open: bool, place: prop::sample::Index, bit in 0..7_u8,
    ) {
        let listed = Listed::numbered(persons);
        let mut text = listed.prove(&[&id.to_string()], open).to_json().into_bytes();
        let place = place.index(text.len());
        text[place] ^= 1 << bit;
        let proven = Proofs::read(&text).and_then(|proofs| proofs.verify(&listed.root()));
        prop_assert!(proven.is_err(), "{place}: {}", String::from_utf8_lossy(&text));
    }
}

#[test]
fn a_proof_that_was_cut_or_lengthened_proves_nothing() {
    let listed = Listed::numbered(20);
    let root = listed.root();
    let text = listed.prove(&["3", "99"], true).to_json();
    for length in 0..text.len() {
        assert!(matches!(Proofs::read(&text.as_bytes()[..length]), Err(ProofError::Form(_))), "{length}");
    }
    let verify = |change: &dyn Fn(&mut Proof)| {
        let mut proofs = listed.prove(&["3"], true);
        change(&mut proofs.proofs[0]);
        proofs.verify(&root)
    };
    assert!(verify(&|_| {}).is_ok());
    let path = Err(ProofError::Path(subject("3")));
    assert_eq!(verify(&|proof| proof.siblings.truncate(proof.siblings.len() - 1)), path);
    assert_eq!(verify(&|proof| _ = proof.siblings.remove(0)), path);
    assert_eq!(verify(&|proof| proof.siblings.push(Bytes::default())), path);
    assert_eq!(verify(&|proof| proof.siblings.resize(129, Bytes::default())), path);
    assert_eq!(verify(&|proof| proof.siblings.reverse()), path);
    let end = Err(ProofError::End(subject("3")));
    let enrolled = |change: &dyn Fn(&mut Enrolled)| {
        verify(&|proof| {
            let End::Enrolled(enrolled) = &mut proof.end else { panic!("enrolled") };
            change(enrolled);
        })
    };
    assert_eq!(enrolled(&|end| end.kept = None), end);
    assert_eq!(enrolled(&|end| end.opened = None), end);
    assert_eq!(enrolled(&|end| end.kept = Some(Vec::new())), end);
    let none = Proofs { proofs: Vec::new(), ..listed.prove(&["3"], false) };
    assert_eq!(Proofs::read(none.to_json().as_bytes()), Err(ProofError::Nothing));
    assert_eq!(Proofs::read(&vec![b' '; LIMIT_BYTES + 1]), Err(ProofError::TooLong));
    assert!(Proofs::read(text.replacen('{', "{\"more\":1,", 1).as_bytes()).is_err(), "an unknown field");
}

/// What a custodian who lies could try: each proof of one id, given out for another id, version or gallery.
#[test]
fn no_proof_passes_for_another_id_version_gallery_or_agreement() {
    let listed = Listed::numbered(40);
    let root = listed.root();
    let of_3 = listed.prove(&["3"], false);
    let of_99 = listed.prove(&["99"], false);
    // The place of somebody who is not enrolled, for somebody who is.
    let mut hidden = of_99.clone();
    hidden.proofs[0].id = subject("3");
    assert_eq!(hidden.verify(&root), Err(ProofError::Index(subject("3"))));
    // With the right index, but the path of another.
    let mut hidden = of_3.clone();
    hidden.proofs[0].siblings = of_99.proofs[0].siblings.clone();
    hidden.proofs[0].end = of_99.proofs[0].end.clone();
    assert!(hidden.verify(&root).is_err());
    // An empty node where there is none, at every depth.
    let depth = of_3.proofs[0].siblings.len();
    for depth in 0..depth {
        let mut hidden = of_3.clone();
        hidden.proofs[0].siblings.truncate(depth);
        hidden.proofs[0].end = End::Empty { nonce: Bytes([9; 32]) };
        assert_eq!(hidden.verify(&root), Err(ProofError::Path(subject("3"))));
    }
    // One's own leaf as somebody else's: its index differs nowhere.
    let End::Enrolled(own) = &of_3.proofs[0].end else { panic!("3 is enrolled") };
    let index = super::node::hash(b"cotejo index", &[&of_3.proofs[0].point.0, b"3"]);
    let index = u128::from_be_bytes(*index.first_chunk().unwrap());
    let digits = super::node::digits(&own.digits, index);
    let person = super::node::person(&own.nonce, &own.references, "3");
    for (place, own) in (0..).zip(index.to_be_bytes()) {
        for value in [own, !own] {
            let mut hidden = of_3.clone();
            let (nonce, digits) = (digits[usize::from(place)].1, digits.map(|(hidden, _)| hidden).to_vec());
            hidden.proofs[0].end = End::Another(Another { place, value, nonce, digits, person });
            assert_eq!(hidden.verify(&root), Err(ProofError::End(subject("3"))), "byte {place} is not {value}");
        }
    }
    // Another version.
    let without = Listed::numbered(39);
    let (expected, actual) = (without.root(), root);
    assert_eq!(of_3.verify(&expected), Err(ProofError::OtherRoot { expected, actual }));
    let relabelled = Proofs { root: expected, ..of_3.clone() };
    assert_eq!(relabelled.verify(&expected), Err(ProofError::Path(subject("3"))));
    // The same persons in another gallery, or under another agreement.
    for other in [Secret::new(&[6; 12], Digest([3; 32])), Secret::new(&[5; 12], Digest([4; 32]))] {
        let theirs = super::root(&other, &listed, &()).unwrap();
        assert_ne!(theirs, root);
        let foreign = super::prove(&other, &listed, &[subject("3")], false, &()).unwrap();
        assert!(foreign.verify(&theirs).is_ok());
        assert!(matches!(foreign.verify(&root), Err(ProofError::OtherRoot { .. })));
        assert!(Proofs { root, ..foreign.clone() }.verify(&root).is_err());
        assert!(Proofs { root, agreement: of_3.agreement, ..foreign }.verify(&root).is_err());
    }
}

#[test]
fn who_is_not_enrolled_is_so_at_an_empty_place_or_at_somebody_elses_and_nobody_alone_too() {
    let ids: Vec<String> = (0..200).map(|number| format!("{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let all = ends(&Listed::numbered(100).prove(&ids, false));
    assert_eq!(all[0], 100);
    assert!(all[1] > 10 && all[2] > 10, "{all:?}");
    assert_eq!(ends(&Listed::numbered(0).prove(&ids, false)), [0, 200, 0]);
    assert_eq!(ends(&Listed::numbered(1).prove(&ids, false)), [1, 0, 199]);
}

/// What one proof shows of others: a byte of an index at most, and the depth.
#[test]
fn a_proof_holds_no_hash_that_a_guess_could_be_tested_against() {
    let listed = Listed::numbered(50);
    let text = listed.prove(&["7", "8", "300", "301", "302"], false).to_json();
    // Whatever follows from ids, references and the public key alone.
    for number in 0..50_u64 {
        let id = number.to_string();
        let kept = of_reference(None, &number.to_le_bytes());
        let guesses = [
            kept.0,
            super::node::references(&Bytes::default(), None, &[kept]),
            Bytes(super::node::hash(b"cotejo references", &[&kept.0.0])),
            super::node::person(&Bytes::default(), &kept.0, &id),
            Bytes(super::node::hash(b"cotejo index", &[id.as_bytes()])),
        ];
        for guess in guesses {
            assert!(!text.contains(&guess.to_string()), "{number}");
        }
    }
    // With references shown, those of the person alone.
    let text = listed.prove(&["7"], true).to_json();
    let shown = |number: u64| text.contains(&of_reference(None, &number.to_le_bytes()).0.to_string());
    assert!((0..50).all(|number| shown(number) == (number == 7)));
}

#[test]
fn two_persons_of_one_index_are_told_and_do_not_make_a_tree() {
    let twice = Listed(vec![("a".to_owned(), vec![1]), ("a".to_owned(), vec![2])]);
    assert_eq!(root(&SECRET, &twice, &()), Err(CommitError::Alike));
}
