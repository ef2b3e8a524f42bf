// A secret key is printed.
use cotejo::querier::SecretKey;
use cotejo::scheme::tfhe::{Tfhe, holder};

fn print(key: &SecretKey<Tfhe>, inner: &holder::SecretKey) {
    println!("{key:?}");
    println!("{inner:?}");
}

fn main() {}
