// A ciphertext of scheme bgv that still carries the gallery in its noise is named.
use cotejo::scheme::bgv::aggregate::Sums;
use cotejo::scheme::bgv::engine::Ciphertext;
use cotejo::scheme::bgv::sanitise::Sanitised;

fn main() {}
