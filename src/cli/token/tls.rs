//! A key of TLS in a token.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, OtherError, SignatureAlgorithm, SignatureScheme};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::keeper::Keeper;
use super::public::Kind;
use super::trouble::Trouble;
use super::uri::TokenUri;
use crate::cli::failure::Failure;
use crate::service::identity::TlsKey;

/// What every key is tried with when it is opened: TLS signs no such text.
const TRIED: &[u8] = b"cotejo trial of a key v1\0";

struct InToken(Arc<Keeper>);

impl fmt::Debug for InToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl SigningKey for InToken {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let schemes = self.0.public.kind.schemes();
        let scheme = schemes.iter().find(|scheme| offered.contains(scheme))?;
        Some(Box::new(Signing { keeper: Arc::clone(&self.0), scheme: *scheme }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(self.0.public.info())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.0.public.kind {
            Kind::Ed25519 => SignatureAlgorithm::ED25519,
            Kind::P256 | Kind::P384 => SignatureAlgorithm::ECDSA,
            Kind::Rsa => SignatureAlgorithm::RSA,
        }
    }
}

struct Signing {
    keeper: Arc<Keeper>,
    scheme: SignatureScheme,
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keeper.name())
    }
}

impl Signer for Signing {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let sign = || self.keeper.sign(self.scheme, message);
        // A handshake of a server is one of many tasks: the others go on meanwhile.
        let signed = match Handle::try_current() {
            Ok(runtime) if runtime.runtime_flavor() == RuntimeFlavor::MultiThread => tokio::task::block_in_place(sign),
            _ => sign(),
        };
        signed.map_err(|trouble| Error::Other(OtherError(Arc::new(trouble.signing(self.keeper.name())))))
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

/// The key of TLS that a URI names: it has signed, and with the public half that it shows.
pub fn tls_key(uri: &Arc<TokenUri>) -> Result<TlsKey<'static>, Failure> {
    let keeper = Keeper::open(uri)?;
    for scheme in keeper.public.kind.schemes() {
        let signature = keeper.sign(*scheme, TRIED).map_err(|trouble| trouble.failure(uri))?;
        if !verifies(&keeper, *scheme, &signature) {
            let remedy = "put its own public key beside it, with the same id";
            return Err(Trouble::new("the public key beside this key is that of another one", remedy).failure(uri));
        }
    }
    Ok(TlsKey::Held { name: keeper.name().to_owned(), key: Arc::new(InToken(keeper)) })
}

/// As the other side will.
fn verifies(keeper: &Keeper, scheme: SignatureScheme, signature: &[u8]) -> bool {
    let known = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.mapping;
    let ways = known.iter().filter(|(of, _)| *of == scheme).flat_map(|(_, ways)| ways.iter());
    let mut tried = ways.map(|way| way.verify_signature(&keeper.public.bytes, TRIED, signature));
    tried.any(|verified| verified.is_ok())
}
