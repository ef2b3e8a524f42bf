//! Both parties of one exchange, so that a phase can be looked at anywhere in it.

use std::sync::Arc;

use rand_chacha::ChaCha20Rng;

use crate::parameters::bgv::BgvSet;
use crate::scheme::bgv::ciphertexts::{EncryptedProbes, EncryptedSample, Seeded};
use crate::scheme::bgv::engine::Ciphertext;
#[cfg(test)]
use crate::scheme::bgv::engine::Engine;
use crate::scheme::bgv::holder::SecretKey;
use crate::scheme::bgv::keys::PreparedKey;
use crate::scheme::bgv::residues::{divide_mod_t, residue};
use crate::scheme::bgv::ring::Ring;
use crate::scheme::bgv::sampling::seed;

/// Both parties of one exchange.
pub(in crate::scheme::bgv) struct Parties {
    pub(in crate::scheme::bgv) secret: SecretKey,
    pub(in crate::scheme::bgv) key: PreparedKey,
    pub(in crate::scheme::bgv) ring: Arc<Ring>,
}

/// What the secret key sees in a ciphertext.
pub(in crate::scheme::bgv) struct OpenedCiphertext {
    pub(in crate::scheme::bgv) phase: Vec<f64>,
    /// As residues of t, where the phase is small enough to be exact.
    pub(in crate::scheme::bgv) slots: Option<Vec<u32>>,
}

impl Parties {
    pub(in crate::scheme::bgv) fn new(set: &BgvSet, rng: &mut ChaCha20Rng) -> Self {
        let secret = SecretKey::generate(set, rng);
        let public = secret.public(rng);
        Self { key: public.expand(), secret, ring: Ring::of(set) }
    }

    #[cfg(test)]
    pub(in crate::scheme::bgv) fn engine(&self) -> Engine<'_> {
        Engine { ring: &self.ring, relinearisation: &self.key.relinearisation, chain: self.ring.chain }
    }

    /// An encryption of the numbers in the slots.
    pub(in crate::scheme::bgv) fn encrypted(&self, slots: &[u32], rng: &mut ChaCha20Rng) -> EncryptedProbes {
        let seed = seed(rng);
        let body = self.secret.encrypt_plaintext(&self.ring.encode(slots.iter().copied()), seed, rng);
        EncryptedProbes::new(
            &self.ring.set,
            vec![EncryptedSample { template: Seeded { seed, body }, witness: Vec::new() }],
        )
    }

    /// What the secret key sees in a ciphertext.
    pub(in crate::scheme::bgv) fn opened(&self, ciphertext: &Ciphertext) -> OpenedCiphertext {
        let phase = self.secret.wide_phase(ciphertext);
        let exact = phase.iter().all(|v| v.abs() < 2f64.powi(53));
        let slots = exact.then(|| {
            let slots = self.ring.decode(phase.iter().map(|&v| residue(v as i64)).collect());
            slots.into_iter().map(|v| divide_mod_t(v, ciphertext.state.factor)).collect()
        });
        OpenedCiphertext { phase, slots }
    }
}
