//! Reading certificates and keys in PEM.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::PemFile;
use super::content::{Content, Needed, without_mark};
use super::error::IdentityError;

/// The certificates of a file, one at least.
pub(super) fn certificates(file: PemFile<'_>) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(without_mark(file.content)).collect();
    match read {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(refused(file, Needed::Certificate, Content::of(file.content))),
        Err(_) => Err(refused(file, Needed::Certificate, Content::Damaged)),
    }
}

/// The first certificate of a file: that of whoever shows it.
pub(crate) fn own_certificate(file: PemFile<'_>) -> Result<CertificateDer<'static>, IdentityError> {
    let first = certificates(file)?.into_iter().next();
    first.ok_or_else(|| refused(file, Needed::Certificate, Content::Empty))
}

/// The private key of a file.
pub(super) fn private_key(file: PemFile<'_>) -> Result<PrivateKeyDer<'static>, IdentityError> {
    use rustls::pki_types::pem::Error;
    PrivateKeyDer::from_pem_slice(without_mark(file.content)).map_err(|error| {
        let content = match (Content::of(file.content), error) {
            (Content::PrivateKey, _) => Content::Damaged,
            (content, Error::NoItemsFound) => content,
            (Content::EncryptedPem, _) => Content::EncryptedPem,
            _ => Content::Damaged,
        };
        refused(file, Needed::PrivateKey, content)
    })
}

fn refused(file: PemFile<'_>, needed: Needed, content: Content) -> IdentityError {
    IdentityError::Pem { file: file.path.display().to_string(), needed, content }
}
