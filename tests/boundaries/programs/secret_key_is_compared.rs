// A secret key is compared with another, and its parts are taken out.
use cotejo::querier::{Querier, SecretKey};
use cotejo::scheme::tfhe::Tfhe;

fn compare(key: SecretKey<Tfhe>, other: &Querier<Tfhe>) -> bool {
    let _ = other.key().key();
    &key == other.key()
}

fn main() {}
