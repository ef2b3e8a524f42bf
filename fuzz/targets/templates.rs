//! Files of templates come from other programs: whatever they hold, a record that is read has the shape that was asked for.
#![no_main]

use cotejo::template::read;
use cotejo_fuzz::{choose, seeds};
use libfuzzer_sys::fuzz_target;

/// Longest file in bytes: an archive may inflate to 64 times its length.
const LONGEST: usize = 1 << 16;

/// Decoders of Parquet and Arrow that are not ours may panic; readers make an error of it. What is caught by nobody still ends the process.
static ALLOWED: std::sync::Once = std::sync::Once::new();

fuzz_target!(init: seeds::write_if_asked(seeds::templates), |input: &[u8]| {
    ALLOWED.call_once(|| std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))));
    // One choice beyond the formats and shapes: identifiers in a file of their own.
    let Some((choice, content)) = choose(input, seeds::TEMPLATE_FILES.len() + 1) else { return };
    if content.len() > LONGEST {
        return;
    }
    match seeds::TEMPLATE_FILES.get(choice) {
        Some(&(format, shape)) => {
            let formats = [Some(format), read::Source::of(content).and_then(|mut source| read::Format::of(&mut source, shape)).ok()];
            for format in formats.into_iter().flatten() {
                // Names that seeds have, as that of handles too; a condition on rows; and a quality that some have.
                let condition = || "eye = 'left' OR id IN ('x', 'y') AND NOT eye IS NULL".parse().ok();
                let named = || Some("eye".to_owned());
                for (handles, filter, minimum_quality) in
                    [(None, None, None), (named(), None, None), (None, condition(), None), (None, None, Some(0.5))]
                {
                    let given = read::Given { handles, filter, minimum_quality, ..read::Given::default() };
                    let reading = read::Source::of(content).and_then(|source| read::read(source, format, shape, given));
                    let Ok(reading) = reading else { continue };
                    for (_, record) in reading.records {
                        assert_eq!(record.template.shape(), shape);
                    }
                }
            }
        }
        None => {
            let read = read::identities(content);
            assert!(read.is_err() || read.is_ok_and(|identities| !identities.is_empty()));
        }
    }
});
