// A bit and a verdict that still carry the gallery in their noise are named.
use cotejo::scheme::tfhe::aggregate::EncryptedBit;
use cotejo::scheme::tfhe::aggregate::UnwashedVerdict;

fn main() {}
