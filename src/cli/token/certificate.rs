//! A key in a token, as what certificates are issued for.

use rcgen::{Error, PublicKeyData, SignatureAlgorithm, SigningKey};
use rustls::SignatureScheme;

use super::keeper::Keeper;
use super::public::Kind;

/// The public half, and what signs a request for a certificate.
pub struct Certifiable<'a>(pub &'a Keeper);

impl PublicKeyData for Certifiable<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.0.public.bytes
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.0.public.kind {
            Kind::Ed25519 => &rcgen::PKCS_ED25519,
            Kind::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Kind::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Kind::Rsa => &rcgen::PKCS_RSA_SHA256,
        }
    }
}

impl SigningKey for Certifiable<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let scheme = match self.0.public.kind {
            Kind::Ed25519 => SignatureScheme::ED25519,
            Kind::P256 => SignatureScheme::ECDSA_NISTP256_SHA256,
            Kind::P384 => SignatureScheme::ECDSA_NISTP384_SHA384,
            Kind::Rsa => SignatureScheme::RSA_PKCS1_SHA256,
        };
        self.0.sign(scheme, message).map_err(|_| Error::RemoteKeyError)
    }
}
