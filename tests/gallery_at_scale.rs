//! A million references: opened in less than a second, and not held in memory. Takes a minute and 600 MB of disk:
//! `cargo test --release --all-features --test gallery_at_scale -- --ignored --nocapture`

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking, also in their helpers")]
#![cfg(target_os = "linux")]

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use cotejo::agreement::{ComparisonTerms, Terms};
use cotejo::custodian::{Change, Gallery};
use cotejo::membership::Standing;
use cotejo::planning;
use cotejo::scheme::Opened;
use cotejo::template::{RealVector, Record, SubjectId, Template};
use memmap2::Mmap;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

const REFERENCES: usize = 1_000_000;
const BATCH: usize = 100_000;
const DIMENSION: usize = 512;

/// So short a reference that its coordinates fit in eight bits.
fn agreement() -> Opened {
    let mut terms = Terms::face(DIMENSION);
    if let ComparisonTerms::Cosine { reference_norm, .. } = &mut terms.comparison {
        *reference_norm = Some(100);
    }
    terms.limits.references = REFERENCES;
    planning::open(terms).unwrap()
}

/// A person's vector, of those that rounding to so few integers does not lengthen too much (98 of 100).
fn record(agreement: &Opened, number: usize) -> Record {
    let vector = |attempt: u64| {
        let mut bytes = [0; DIMENSION];
        ChaCha8Rng::seed_from_u64(number as u64 | attempt << 32).fill_bytes(&mut bytes);
        Template::Vector(RealVector::new(bytes.iter().map(|&byte| f64::from(byte) - 127.5).collect()).unwrap())
    };
    let template = (0..).map(vector).find(|template| agreement.functional().reference(template).is_ok()).unwrap();
    Record { subject: SubjectId::try_from(format!("person {number:07}")).unwrap(), eye: None, template }
}

fn open(path: &Path, agreement: &Opened) -> Gallery {
    // SAFETY: a file of this test alone, which writes to it only while it is not mapped.
    #[expect(unsafe_code, reason = "the library takes bytes; that they are mapped is its caller's affair")]
    let map = unsafe { Mmap::map(&File::open(path).unwrap()) }.unwrap();
    Gallery::open(map, agreement).unwrap()
}

fn append(path: &Path, mut change: Change) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    let commit = change.write(&mut file).unwrap();
    file.write_all(&commit).unwrap();
    file.sync_all().unwrap();
}

/// Resident memory in bytes: of the process itself, and of the files it has mapped.
fn resident() -> [usize; 2] {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: Vec<usize> = statm.split_whitespace().map(|pages| pages.parse().unwrap()).collect();
    let [_, resident, shared, ..] = pages.as_slice() else { panic!("{statm}") };
    [(resident - shared) * 4096, shared * 4096]
}

#[test]
#[ignore = "a minute, and 600 MB of disk"]
fn a_million_references_open_in_less_than_a_second_and_need_not_fit_in_memory() {
    let agreement = agreement();
    assert_eq!(agreement.functional().reference_bytes(), DIMENSION, "eight bits a coordinate");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gallery.cotejo");
    let first = Gallery::enrol(&agreement, (0..BATCH).map(|number| record(&agreement, number))).gallery.unwrap();
    std::fs::write(&path, first.as_bytes()).unwrap();
    drop(first);
    for start in (BATCH..REFERENCES).step_by(BATCH) {
        let gallery = open(&path, &agreement);
        let change = gallery.append((start..start + BATCH).map(|number| record(&agreement, number))).change.unwrap();
        drop(gallery);
        append(&path, change);
    }
    let gallery = open(&path, &agreement);
    let leaving: Vec<_> = (0..1000).map(|number| record(&agreement, 2 * number).subject).collect();
    let change = gallery.remove(&leaving).unwrap().unwrap();
    drop(gallery);
    append(&path, change);

    let before = resident();
    let start = Instant::now();
    let gallery = open(&path, &agreement);
    let took = start.elapsed();
    let after = resident();
    let [own, mapped] = [0, 1].map(|kind| after[kind].saturating_sub(before[kind]) as f64 / 1e6);
    let bytes = std::fs::metadata(&path).unwrap().len() as f64 / 1e6;
    println!("{REFERENCES} references, {bytes:.0} MB: opened in {took:?}; resident {own:.1} MB, mapped {mapped:.1} MB");
    assert_eq!((gallery.len(), gallery.file().removed()), (REFERENCES - 1000, 1000));
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(own < 32.0 && mapped < 64.0, "{own} MB and {mapped} MB of {bytes} MB");

    let functional = agreement.functional();
    for number in [1, 1999, 2000, 123_456, REFERENCES - 1] {
        let record = record(&agreement, number);
        let position = gallery.position(&record.subject).unwrap();
        let read = gallery.references_of(position).unwrap().pop().unwrap().1;
        let expected = functional.reference(&record.template).unwrap();
        assert!(read.to_bytes(functional) == expected.to_bytes(functional), "{number}");
    }
    drop(gallery);

    let before = resident();
    let gallery = open(&path, &agreement);
    let start = Instant::now();
    let root = gallery.root(&()).unwrap();
    let took = start.elapsed();
    let own = resident()[0].saturating_sub(before[0]) as f64 / 1e6;
    let asked: Vec<_> = ["person 0000001", "person 0000002", "nobody"].map(String::from).to_vec();
    let asked: Vec<_> = asked.into_iter().map(|id| SubjectId::try_from(id).unwrap()).collect();
    let start = Instant::now();
    let proofs = gallery.prove(&asked, false, &()).unwrap();
    println!(
        "root in {took:?}, resident {own:.1} MB after; proofs of three ids in {:?}, {} bytes each; on {} threads",
        start.elapsed(),
        proofs.to_json().len() / asked.len(),
        rayon::current_num_threads(),
    );
    let start = Instant::now();
    let proven = proofs.verify(&root).unwrap();
    println!("three proofs checked in {:?}", start.elapsed());
    let enrolled = proven.iter().map(|proven| proven.standing == Standing::Enrolled(None));
    assert_eq!(enrolled.collect::<Vec<_>>(), [true, false, false]);
    assert!(own < 200.0, "{own} MB");
}
