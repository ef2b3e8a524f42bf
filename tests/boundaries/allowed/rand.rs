// The library's own randomness: a key is drawn.
use cotejo::querier::SecretKey;
use cotejo::scheme::tfhe::Tfhe;

fn main() {
    let _ = |agreement, rng: &mut dyn rand::CryptoRng| SecretKey::<Tfhe>::generate(agreement, rng);
}
