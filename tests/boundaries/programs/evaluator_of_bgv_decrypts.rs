// Whoever computes under scheme bgv alone asks the evaluator for the secret key, or to decrypt with one.
use cotejo::scheme::Evaluator;
use cotejo::scheme::bgv::Bgv;

fn compute(_: <Bgv as Evaluator>::SecretKey) {}

fn read(key: cotejo::scheme::bgv::keys::PreparedKey, verdicts: cotejo::scheme::bgv::ciphertexts::EncryptedVerdicts) {
    <Bgv as Evaluator>::decrypt(&key, &verdicts);
}

fn main() {}
