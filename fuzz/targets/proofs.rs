//! Proofs about a gallery: whatever a file says, nothing is proven against the gallery's root that is not so.
#![no_main]

use cotejo::membership::Proofs;
use cotejo_fuzz::proofs::{ROOT, is_true, seeds};
use cotejo_fuzz::{choose, seeds as written};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: written::write_if_asked(seeds), |input: &[u8]| {
    let Some((choice, content)) = choose(input, 2) else { return };
    let Ok(mut proofs) = Proofs::read(content) else { return };
    assert!(Proofs::read(proofs.to_json().as_bytes()).is_ok_and(|again| again == proofs));
    let about = proofs.proofs.iter().map(|proof| proof.id.clone()).collect();
    assert!(proofs.are_about(&about).is_ok());
    let _ = proofs.verify(&proofs.root);
    if choice == 1 {
        // As whoever forges one would, so that the paths are followed.
        proofs.root = *ROOT;
    }
    for proven in proofs.verify(&ROOT).unwrap_or_default() {
        assert!(is_true(&proven.id, &proven.standing), "'{}'", proven.id);
    }
});
