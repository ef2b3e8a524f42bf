//! The secret key and its file.

use std::sync::Arc;

use std::io::Read;

use rand::{CryptoRng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

use super::derive::{Purpose, Underivable, derive};

use crate::parameters::ParameterSet;
use crate::scheme::{Holder, Opened};
use crate::wire::{Envelope, EvaluationKey, Expected, KeyId, Kind, WireError};

/// The querier's secret key with the id of its public half.
///
/// No `Debug`, no `Clone`, no serde; wiped on drop.
pub struct SecretKey<S: Holder> {
    key: S::SecretKey,
    /// What the pair was made from; none for keys of [`SecretKey::generate`].
    seed: Option<KeySeed>,
    parameters: Arc<ParameterSet>,
    id: KeyId,
}

/// What a pair of keys is made from: 32 bytes from the system's generator. As secret as the secret key, in whose file it is kept.
pub type KeySeed = Zeroizing<[u8; SEED_BYTES]>;

const SEED_BYTES: usize = 32;

impl<S: Holder> SecretKey<S> {
    /// Fresh keys under an agreement: keep the first, send the second.
    ///
    /// # Errors
    ///
    /// [`WireError::Scheme`] for an agreement on another scheme; [`WireError::Payload`] if the public keys cannot be serialised.
    pub fn generate(agreement: &Opened, rng: &mut dyn CryptoRng) -> Result<(Self, EvaluationKey<S>), WireError> {
        let (key, public) = S::generate(&S::agreed_set(agreement)?, rng);
        let public = EvaluationKey::new(public, agreement)?;
        Ok((Self { key, seed: None, parameters: agreement.parameters().clone(), id: public.id() }, public))
    }

    /// The keys that a seed stands for, which is kept with the secret one, so that an auditor may have the other one made again.
    ///
    /// # Errors
    ///
    /// As [`SecretKey::generate`].
    pub fn from_seed(agreement: &Opened, seed: KeySeed) -> Result<(Self, EvaluationKey<S>), WireError> {
        let drawn =
            derive(seed.as_ref(), Purpose::Keys, &[&agreement.foundation().0]).map_err(|_| WireError::Field("seed"))?;
        let (mut secret, public) = Self::generate(agreement, &mut ChaCha20Rng::from_seed(*drawn))?;
        secret.seed = Some(seed);
        Ok((secret, public))
    }

    /// Makes the pair again; none where it was made without a seed.
    ///
    /// # Errors
    ///
    /// As [`SecretKey::generate`].
    pub fn remake(&self, agreement: &Opened) -> Result<Option<(Self, EvaluationKey<S>)>, WireError> {
        self.seed.clone().map(|seed| Self::from_seed(agreement, seed)).transpose()
    }

    /// Thirty-two bytes for one purpose, which nobody can tell from random ones without this key.
    ///
    /// # Errors
    ///
    /// [`Underivable`].
    pub(super) fn derive(&self, purpose: Purpose, context: &[&[u8]]) -> Result<Zeroizing<[u8; 32]>, Underivable> {
        derive(&self.payload(), purpose, context)
    }

    /// The key, and the seed behind it.
    fn payload(&self) -> Zeroizing<Vec<u8>> {
        let key = S::export_secret(&self.key);
        let seed = self.seed.as_ref().map_or(&[][..], |seed| seed.as_slice());
        // In one piece: growing would leave a copy that is not wiped.
        let mut payload = Zeroizing::new(Vec::with_capacity(key.len().saturating_add(seed.len())));
        payload.extend_from_slice(&key);
        payload.extend_from_slice(seed);
        payload
    }

    /// The id of the public half.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The parameter set of the keys.
    pub(crate) fn parameters(&self) -> &Arc<ParameterSet> {
        &self.parameters
    }

    pub(super) fn key(&self) -> &S::SecretKey {
        &self.key
    }

    /// The file, in the clear: store it where only its owner can read it.
    ///
    /// # Security
    ///
    /// Whoever has these bytes reads every query ever made with them.
    pub fn to_secret_bytes(&self, agreement: &Opened) -> Zeroizing<Vec<u8>> {
        Envelope::new(Kind::SecretKey, agreement, Some(self.id), self.payload().to_vec()).to_bytes()
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but a secret key under this agreement.
    pub fn read(reader: impl Read, agreement: &Opened) -> Result<Self, WireError> {
        let (set, parameters) = (S::agreed_set(agreement)?, agreement.parameters().clone());
        let expected = Expected { kind: Kind::SecretKey, agreement, key: None, limit_bytes: 1 << 20 };
        let envelope = Envelope::read(reader, &expected)?;
        // A key has one length, so that what is behind it can only be its seed.
        let seeded = envelope.payload.split_last_chunk::<SEED_BYTES>();
        let seeded = seeded.and_then(|(key, seed)| Some((S::import_secret(key, &set)?, Some(Zeroizing::new(*seed)))));
        let unseeded = || Some((S::import_secret(&envelope.payload, &set)?, None));
        let (key, seed) = seeded.or_else(unseeded).ok_or(WireError::Field("key"))?;
        Ok(Self { key, seed, parameters, id: envelope.header.key.ok_or(WireError::Header("key"))? })
    }
}
