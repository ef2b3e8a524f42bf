//! Both parties of one exchange, so that a phase can be looked at anywhere in it.

use rand_chacha::ChaCha20Rng;

use super::arithmetic::{divide_mod_t, residue};
use super::ciphertexts::EncryptedProbes;
use super::engine::{Ciphertext, Engine};
use super::holder::SecretKey;
use super::keys::{EvaluationKey, PreparedKey};
use super::noise::{MARGIN_BITS, TAIL_LOG2};
use super::ring::Ring;
use super::sampling::seed;
use crate::parameters::bgv::BgvSet;

/// Both parties of one exchange.
pub(super) struct Parties {
    pub(super) secret: SecretKey,
    pub(super) key: PreparedKey,
    pub(super) ring: &'static Ring,
}

impl Parties {
    pub(super) fn new(set: &'static BgvSet, rng: &mut ChaCha20Rng) -> Self {
        let secret = SecretKey::generate(set, rng);
        let public = EvaluationKey::new(&secret, rng);
        Self { key: public.expand(), secret, ring: Ring::of(set) }
    }

    pub(super) fn engine(&self) -> Engine<'_> {
        Engine { ring: self.ring, relinearisation: &self.key.relinearisation }
    }

    /// An encryption of the numbers in the slots.
    pub(super) fn encrypted(&self, slots: &[u32], rng: &mut ChaCha20Rng) -> EncryptedProbes {
        let seed = seed(rng);
        let body = self.secret.encrypt_plaintext(&self.ring.encode(slots.iter().copied()), seed, rng);
        EncryptedProbes::new(self.ring.set, vec![(seed, body)])
    }

    /// Deviation and largest coefficient of the phase below the written bound.
    pub(super) fn hold(&self, what: &str, ciphertext: &Ciphertext) {
        let phase = self.secret.wide_phase(ciphertext);
        let deviation = (phase.iter().map(|&v| v * v).sum::<f64>() / phase.len() as f64).log2() / 2.0;
        let largest = phase.iter().fold(0.0, |largest: f64, &v| largest.max(v.abs())).log2();
        let bound = ciphertext.state.noise;
        assert!(deviation <= bound, "{what}: deviation 2^{deviation:.2} above 2^{bound:.2}");
        assert!(largest <= bound + TAIL_LOG2, "{what}: a coefficient of 2^{largest:.2} above 2^{bound:.2}");
    }

    /// As [`Self::hold`], for whatever is computed with: its bound is as far below half the modulus as promised.
    pub(super) fn hold_with_margin(&self, what: &str, ciphertext: &Ciphertext) {
        self.hold(what, ciphertext);
        assert!(ciphertext.state.margin() >= MARGIN_BITS, "{what}: {:.1} bits of margin", ciphertext.state.margin());
    }

    /// The slots of a ciphertext, as residues of t. Its phase must stay below 2^53 for that.
    pub(super) fn slots(&self, ciphertext: &Ciphertext) -> Vec<u32> {
        let phase = self.secret.wide_phase(ciphertext);
        assert!(phase.iter().all(|v| v.abs() < 2f64.powi(53)));
        let slots = self.ring.decode(phase.iter().map(|&v| residue(v as i64)).collect());
        slots.into_iter().map(|v| divide_mod_t(v, ciphertext.state.factor)).collect()
    }
}
