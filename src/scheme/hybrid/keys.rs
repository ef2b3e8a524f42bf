//! The public keys that cross: those of a `bgv` key set, and under it one ciphertext of the key that probes are encrypted with.

use crate::parameters::hybrid::HybridSet;
use crate::scheme::bgv;
use crate::scheme::bgv::ciphertexts::EncryptedProbes;
use crate::scheme::bgv::distance::{Babies, Steps};
use crate::scheme::tfhe::distance::Transform;
use crate::scheme::{Crossing, CrossingError, Extent};

/// One querier's public keys as they cross.
pub struct EvaluationKey {
    /// Relinearisation, rotations, an encryption of zero.
    pub(super) ring: bgv::keys::EvaluationKey,
    /// s in the slots, again and again with period n.
    pub(super) secret: EncryptedProbes,
}

/// Expanded for use.
pub struct PreparedKey {
    pub(super) set: HybridSet,
    pub(super) ring: bgv::keys::PreparedKey,
    /// The rotations of s: what every block is multiplied with.
    pub(super) rotations: Babies,
    pub(super) transform: Transform,
}

impl HybridSet {
    /// Bytes of the public keys as sent.
    pub(crate) fn evaluation_key_bytes(&self) -> usize {
        let ring = self.ring();
        ring.evaluation_key_bytes() + ring.encrypted_template_bytes()
    }

    /// Bytes of the public keys in memory, masks drawn and rotations made.
    pub(crate) fn prepared_key_bytes(&self) -> usize {
        self.ring().prepared_key_bytes() + self.kept_rotations_bytes() as usize
    }
}

impl EvaluationKey {
    /// Draws the masks, and rotates s: some seconds of work.
    pub(super) fn expand(self, set: &HybridSet) -> PreparedKey {
        let ring = self.ring.expand();
        let n = set.query().lwe_dimension();
        // A set's dimensions fit a row of slots.
        let steps = Steps::new(&ring.ring.set, n).unwrap_or(Steps { period: n, babies: 1 });
        let rotations = Babies::of_sample(&ring, &self.secret, 0, steps).unwrap_or_else(Babies::none);
        PreparedKey { set: *set, ring, rotations, transform: Transform::new(&set.query()) }
    }
}

/// One ciphertext.
fn single<'a>(extent: &Extent<'a>) -> Extent<'a> {
    Extent { samples: 1, ..*extent }
}

impl Crossing for EvaluationKey {
    type Set = HybridSet;

    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        let mut bytes = self.ring.encode()?;
        bytes.extend(self.secret.encode()?);
        Ok(bytes)
    }

    fn decode(bytes: &[u8], set: &HybridSet, extent: &Extent<'_>) -> Result<Self, CrossingError> {
        let ring = set.ring();
        // Before anything is allocated.
        if bytes.len() != set.evaluation_key_bytes() {
            return Err(CrossingError::Dimensions("keys"));
        }
        let (keys, secret) =
            bytes.split_at_checked(ring.evaluation_key_bytes()).ok_or(CrossingError::Dimensions("keys"))?;
        let secret = EncryptedProbes::decode(secret, &ring, &single(extent))?;
        Ok(Self { ring: bgv::keys::EvaluationKey::decode(keys, &ring, extent)?, secret })
    }

    fn limit_bytes(set: &HybridSet, _: &Extent<'_>) -> u64 {
        set.evaluation_key_bytes() as u64
    }
}
