//! The secret key and its file.

use std::io::Read;

use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::agreement::Agreement;
use crate::parameters::ParameterSet;
use crate::scheme::Holder;
use crate::wire::{Envelope, EvaluationKey, Expected, KeyId, Kind, WireError};

/// The querier's secret key with the id of its public half.
///
/// No `Debug`, no `Clone`, no serde; wiped on drop.
pub struct SecretKey<S: Holder> {
    key: S::SecretKey,
    parameters: &'static ParameterSet,
    id: KeyId,
}

impl<S: Holder> SecretKey<S> {
    /// Fresh keys under an agreement: keep the first, send the second.
    ///
    /// # Errors
    ///
    /// [`WireError::Scheme`] for an agreement on another scheme; [`WireError::Payload`] if the public keys cannot be serialised.
    pub fn generate(agreement: &Agreement, rng: &mut dyn CryptoRng) -> Result<(Self, EvaluationKey<S>), WireError> {
        let (key, public) = S::generate(S::agreed_set(agreement)?, rng);
        let public = EvaluationKey::new(public, agreement)?;
        Ok((Self { key, parameters: agreement.parameters(), id: public.id() }, public))
    }

    /// The id of the public half.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The parameter set of the keys.
    pub fn parameters(&self) -> &'static ParameterSet {
        self.parameters
    }

    pub(super) fn key(&self) -> &S::SecretKey {
        &self.key
    }

    /// The file, in the clear: store it where only its owner can read it.
    ///
    /// # Security
    ///
    /// Whoever has these bytes reads every query ever made with them.
    pub fn to_secret_bytes(&self, agreement: &Agreement) -> Zeroizing<Vec<u8>> {
        let secret = S::export_secret(&self.key);
        Envelope::new(Kind::SecretKey, agreement, Some(self.id), secret.to_vec()).to_bytes()
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but a secret key under this agreement.
    pub fn read(reader: impl Read, agreement: &Agreement) -> Result<Self, WireError> {
        let (set, parameters) = (S::agreed_set(agreement)?, agreement.parameters());
        let expected = Expected { kind: Kind::SecretKey, agreement, key: None, limit_bytes: 1 << 20 };
        let envelope = Envelope::read(reader, &expected)?;
        let key = S::import_secret(&envelope.payload, set).ok_or(WireError::Field("key"))?;
        Ok(Self { key, parameters, id: envelope.header.key.ok_or(WireError::Header("key"))? })
    }
}
