//! An agreement is a text that the other party wrote: what is accepted is written again, and reads back to the same terms.
#![no_main]

use cotejo::agreement::Agreement;
use cotejo::planning;
use cotejo::scheme::Opened;
use cotejo_fuzz::seeds;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write_if_asked(seeds::agreements), |input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(agreement) = Agreement::from_toml(text).and_then(Opened::new) else { return };
    let written = agreement.to_toml();
    let again = Agreement::from_toml(&written).expect("what is written is an agreement");
    assert_eq!(again.digest(), agreement.digest(), "{written}");
    assert_eq!(again.terms(), agreement.terms(), "{written}");
    assert!(!planning::sentences(&agreement).is_empty());
});
