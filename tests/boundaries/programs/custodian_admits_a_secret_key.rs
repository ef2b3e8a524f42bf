// The custodian is given a secret key where it admits an evaluation key.
use cotejo::custodian::AdmittedKey;
use cotejo::querier::SecretKey;
use cotejo::scheme::tfhe::Tfhe;

fn admit(key: SecretKey<Tfhe>) -> AdmittedKey<Tfhe> {
    AdmittedKey::new(key)
}

fn main() {}
