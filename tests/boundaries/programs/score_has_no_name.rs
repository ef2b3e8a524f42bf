// An encrypted score is named.
use cotejo::scheme::tfhe::distance::EncryptedScore;

fn main() {}
