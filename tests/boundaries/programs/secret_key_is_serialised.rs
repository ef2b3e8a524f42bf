// A secret key is serialised.
use cotejo::querier::SecretKey;
use cotejo::scheme::tfhe::{Tfhe, holder};

fn serialise(key: &SecretKey<Tfhe>, inner: &holder::SecretKey) {
    let _ = serde_json::to_string(key);
    let _ = serde_json::to_string(inner);
}

fn main() {}
