//! A gallery under its agreement: whatever its tables and records say, everybody in it can be asked for.
#![no_main]

use cotejo::custodian::Gallery;
use cotejo::scheme::Progress;
use cotejo_fuzz::exchange::AGREEMENTS;
use cotejo_fuzz::{choose, gallery, seeds};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write_if_asked(seeds::galleries), |input: &[u8]| {
    let Some((choice, content)) = choose(input, 2 * AGREEMENTS.len()) else { return };
    let agreement = &AGREEMENTS[choice / 2];
    let file = if choice % 2 == 0 { content.to_vec() } else { gallery::with_checksums(content.to_vec()) };
    let Ok(gallery) = Gallery::open(file, agreement) else { return };
    let mut sound = true;
    for (position, subject) in gallery.subjects().enumerate() {
        let Ok(subject) = subject else {
            sound = false;
            continue;
        };
        assert_eq!(gallery.position(&subject.id), Some(position));
        assert_eq!(gallery.reference_count(position), subject.references.len());
        assert_eq!(gallery.handle(position), subject.handle);
    }
    let handles = |gallery: &Gallery| (0..gallery.len()).map(|position| gallery.handle(position)).collect::<Vec<_>>();
    let given: Vec<_> = handles(&gallery).into_iter().flatten().collect();
    assert_eq!(given.iter().collect::<std::collections::HashSet<_>>().len(), given.len());
    assert_eq!(gallery.handles(), given.len());
    // What can be read can be written anew, to the same people.
    if sound && !gallery.is_empty() {
        let mut compact = Vec::new();
        let nothing: &dyn Progress = &();
        gallery.compact(&mut compact, nothing).expect("a sound gallery");
        let again = Gallery::open(compact, agreement).expect("a gallery that was just written");
        assert_eq!((again.len(), again.references()), (gallery.len(), gallery.references()));
        assert_eq!(handles(&again), handles(&gallery));
    }
});
