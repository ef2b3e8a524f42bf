//! A signing key in a token: Ed25519.

use std::sync::Arc;

use rustls::SignatureScheme;

use super::keeper::Keeper;
use super::public::Kind;
use super::trouble::Trouble;
use super::uri::TokenUri;
use crate::cli::failure::Failure;
use crate::remedy::Remedy as _;
use crate::service::held_key::{HeldKey, SigningError};
use crate::service::signing::SigningKey;

/// What signs statements and the log.
struct InToken {
    keeper: Arc<Keeper>,
    public: [u8; 32],
}

impl HeldKey for InToken {
    fn public(&self) -> [u8; 32] {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SigningError> {
        let signature = self.keeper.sign(SignatureScheme::ED25519, message);
        let signature = signature.map_err(|trouble| trouble.signing(self.keeper.name()))?;
        signature.try_into().map_err(|_| SigningError::Wrong(self.keeper.name().to_owned()))
    }
}

/// The signing key that a URI names.
pub fn signing_key(uri: &Arc<TokenUri>) -> Result<SigningKey, Failure> {
    let keeper = Keeper::open(uri)?;
    let public: Option<[u8; 32]> = keeper.public.bytes.as_slice().try_into().ok();
    let public = public.filter(|_| keeper.public.kind == Kind::Ed25519).ok_or_else(|| {
        let what = format!(
            "a key for {}, where Ed25519 is needed: statements and the log are signed with that",
            keeper.public.kind.name()
        );
        Trouble::new(
            what,
            "make one there (pkcs11-tool --keypairgen --key-type EC:edwards25519), or keep this key in a file",
        )
        .failure(uri)
    })?;
    SigningKey::held_elsewhere(Arc::new(InToken { keeper, public })).map_err(|error| match error {
        SigningError::Unavailable { key, why, remedy } => Failure::new(key, format_args!("cannot sign: {why}"), remedy),
        error => Failure::new(uri, &error, error.remedy().unwrap_or_default()),
    })
}
