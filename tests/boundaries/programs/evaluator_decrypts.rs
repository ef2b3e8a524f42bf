// Whoever computes asks the scheme to decrypt.
use cotejo::scheme::Evaluator;

fn compute<S: Evaluator>(key: &S::PreparedKey, verdicts: &S::EncryptedVerdicts) -> Vec<bool> {
    S::decrypt(key, verdicts)
}

fn main() {}
