//! A gallery of a few people, proofs about it, and who is really in it.

use std::convert::Infallible;
use std::sync::LazyLock;

use cotejo::agreement::Digest;
use cotejo::membership::{self, Kept, Persons, Proofs, Root, Secret, Standing};
use cotejo::template::SubjectId;

use crate::chosen;

/// Who is enrolled, each with so many references.
const ENROLLED: [(&str, u8); 5] = [("anna", 1), ("bert", 2), ("carl", 1), ("0007", 3), ("Jos\u{e9}", 1)];
/// Who is asked about beside them.
const OTHERS: [&str; 3] = ["zoe", "7", "an\u{200c}na"];

static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::new(&[5; 12], Digest([3; 32])));
/// The root that commits to them.
pub static ROOT: LazyLock<Root> = LazyLock::new(|| membership::root(&SECRET, &People, &()).expect("a few people"));

struct People;

impl Persons for People {
    type Error = Infallible;

    fn count(&self) -> usize {
        ENROLLED.len()
    }

    fn person(&self, place: usize) -> Result<(&str, Vec<Kept>), Infallible> {
        let (id, references) = ENROLLED[place];
        Ok((id, kept(references)))
    }
}

fn kept(references: u8) -> Vec<Kept> {
    let mut kept: Vec<Kept> = (0..references).map(|number| membership::of_reference(None, &[number])).collect();
    kept.sort_unstable();
    kept
}

/// Whether it is so.
pub fn is_true(id: &SubjectId, standing: &Standing) -> bool {
    let enrolled = ENROLLED.iter().find(|(enrolled, _)| *enrolled == id.as_str());
    match (enrolled, standing) {
        (None, Standing::NotEnrolled) | (Some(_), Standing::Enrolled(None)) => true,
        (Some((_, references)), Standing::Enrolled(Some(shown))) => *shown == kept(*references),
        _ => false,
    }
}

/// Proofs about each of them and about others, alone and together, with references and without.
pub fn seeds() -> Vec<Vec<u8>> {
    let all: Vec<&str> = ENROLLED.iter().map(|(id, _)| *id).chain(OTHERS).collect();
    let prove = |ids: &[&str], open| {
        let ids: Vec<SubjectId> = ids.iter().map(|id| SubjectId::try_from((*id).to_owned()).expect("an id")).collect();
        membership::prove(&SECRET, &People, &ids, open, &()).expect("a few people")
    };
    let some = [&all[..1], &all[1..2], &all[5..6], &all[7..8], &all[..]];
    let proofs = some.iter().flat_map(|ids| [prove(ids, false), prove(ids, true)]);
    let seed = |proofs: Proofs| {
        assert!(proofs.verify(&ROOT).is_ok_and(|proven| proven.iter().all(|one| is_true(&one.id, &one.standing))));
        [0, 1].map(|choice| chosen(choice, proofs.to_json().as_bytes()))
    };
    proofs.flat_map(seed).collect()
}
