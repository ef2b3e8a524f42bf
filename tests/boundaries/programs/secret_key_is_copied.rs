// A secret key is copied.
use cotejo::querier::SecretKey;
use cotejo::scheme::tfhe::{Tfhe, holder};

fn copy(key: SecretKey<Tfhe>, inner: holder::SecretKey) {
    key.clone();
    inner.clone();
}

fn main() {}
