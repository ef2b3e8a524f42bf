//! Stage 6b: what leaves must carry the verdict and nothing of the gallery (docs/protocol.md, section 6).
//!
//! The querier owns the key, so it sees the noise of what it decrypts; an unsanitised answer is a deterministic function of the
//! gallery that a guess can be tested against. *Washing* (Ducas, Stehlé, "Sanitization of FHE Ciphertexts",
//! Eurocrypt 2016): add an encryption of zero with a flooding body noise, bootstrap, and repeat. A bootstrap's noise shifts a flooded phase by
//! at most nine deviations of 2^-14.85 against a uniform of width 2^-2, a statistical distance of 2^-8.7; five independent
//! rounds leave 2^-43, and as many more are made as keep a whole answer of many verdicts on a probe within 2^-40. The mask is that of a
//! fresh public-key encryption, pseudorandom by RLWE.
//!
//! Where a probe is tested and no gate makes a verdict, the bootstrap after the first round also takes what the tests say into it
//! (`validity`): that round has half the flood, and leaves twice the distance.
//!
//! The last round is followed only by public, deterministic steps: a keyswitch and a rounding to few bits, so that an
//! answer is short.

use ::tfhe::core_crypto::prelude::*;
use rand::{CryptoRng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::aggregate::{QUARTER, UnwashedVerdict};
use super::ciphertexts::PackedVerdict;
use super::holder::noise_generator;
use super::keys::PreparedKey;
use super::{Lwe, MODULUS};
use crate::scheme::{Progress, Stopped};

/// Bootstraps spent on washing one verdict so many times.
pub(super) fn washing_bootstraps(rounds: usize) -> u64 {
    rounds.saturating_sub(1) as u64
}

/// How the verdicts on a probe are washed.
#[derive(Clone, Copy)]
pub(super) struct Washing {
    pub(super) rounds: usize,
    /// Whether the flood of the first round is half as wide: where the bootstrap after it also takes a veto into a verdict (see `validity`).
    pub(super) narrow: bool,
}

impl Washing {
    /// So many rounds alike.
    pub(super) fn of(rounds: usize) -> Self {
        Self { rounds, narrow: false }
    }
}

/// A flooded verdict under the query key, on its way into the next bootstrap.
struct Flooded(Lwe);

impl AsRef<Lwe> for Flooded {
    fn as_ref(&self) -> &Lwe {
        &self.0
    }
}

impl PreparedKey {
    /// Washes verdicts and packs them for the wire, in order.
    pub(super) fn sanitise(
        &self,
        verdicts: Vec<UnwashedVerdict>,
        washing: Washing,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<Vec<PackedVerdict>, Stopped> {
        let washed = self.washed(verdicts, washing, washing_bootstraps(washing.rounds), rng, progress)?;
        Ok(self.packed(washed, rng))
    }

    /// Verdicts after so many rounds that end in a bootstrap: on their way into another flood, or into sums.
    pub(super) fn washed(
        &self,
        verdicts: Vec<UnwashedVerdict>,
        washing: Washing,
        bootstraps: u64,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<Vec<Lwe>, Stopped> {
        let mut verdicts: Vec<Lwe> = verdicts.into_iter().map(|verdict| verdict.0).collect();
        let flooding = self.parameters.flooding_log2;
        for round in 0..bootstraps {
            let flooding = if washing.narrow && round == 0 { flooding - 1 } else { flooding };
            let flooded: Vec<_> =
                self.flood(verdicts, flooding, rng).into_par_iter().map(|v| Flooded(self.keyswitch(&v))).collect();
            verdicts = self.signs(&flooded, QUARTER, progress)?;
        }
        Ok(verdicts)
    }

    /// The last flood, and what follows from it.
    pub(super) fn packed(&self, verdicts: Vec<Lwe>, rng: &mut dyn CryptoRng) -> Vec<PackedVerdict> {
        self.flood(verdicts, self.parameters.flooding_log2, rng).par_iter().map(|verdict| self.pack(verdict)).collect()
    }

    /// Adds a fresh encryption of zero with flooding noise to each.
    fn flood(&self, verdicts: Vec<Lwe>, flooding_log2: u32, rng: &mut dyn CryptoRng) -> Vec<Lwe> {
        let seeded: Vec<([u8; 32], Lwe)> = verdicts
            .into_iter()
            .map(|verdict| {
                let mut seed = [0; 32];
                rng.fill_bytes(&mut seed);
                (seed, verdict)
            })
            .collect();
        let flooding = TUniform::new(flooding_log2);
        let flood = |(seed, mut verdict): ([u8; 32], Lwe)| {
            lwe_ciphertext_add_assign(
                &mut verdict,
                &self.encryption_of_zero(flooding, &mut ChaCha20Rng::from_seed(seed)),
            );
            verdict
        };
        seeded.into_par_iter().map(flood).collect()
    }

    /// A public-key encryption of zero without flooding.
    pub(super) fn fresh_zero(&self, rng: &mut dyn CryptoRng) -> Lwe {
        self.encryption_of_zero(self.parameters.glwe_noise(), rng)
    }

    /// A public-key encryption of zero: mask noise of the key, body noise as given.
    fn encryption_of_zero(&self, body_noise: TUniform<u64>, rng: &mut dyn CryptoRng) -> Lwe {
        let set = self.parameters;
        let mut generator = noise_generator(rng);
        let mut zero = Lwe::new(0, self.public.lwe_dimension().to_lwe_size(), MODULUS);
        encrypt_lwe_ciphertext_with_compact_public_key(
            &self.public,
            &mut zero,
            Plaintext(0),
            set.glwe_noise(),
            body_noise,
            generator.noise_generator_mut(),
        );
        zero
    }

    fn pack(&self, verdict: &Lwe) -> PackedVerdict {
        let modulus = CiphertextModulusLog(self.parameters.answer_modulus_log2);
        PackedVerdict::new(
            &self.parameters,
            &lwe_ciphertext_modulus_switch::<u64, u64, _>(self.keyswitch(verdict), modulus),
        )
    }
}
