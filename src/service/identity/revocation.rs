//! When certificates end: in their time, or before, by a list of their authority's.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::time::ASN1Time;

use super::error::IdentityError;
use super::{Identity, PemFile};
use crate::service::time::Time;

impl Identity {
    /// The same identity, to which nobody is let in whose certificate is on one of these lists; an authority without a list has revoked
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`IdentityError::List`] for what is none.
    pub fn revoking(mut self, lists: &[PemFile<'_>]) -> Result<Self, IdentityError> {
        let mut revoked = Vec::new();
        for file in lists {
            let name = file.path.display().to_string();
            for list in read(*file)? {
                let until = next(&list).ok_or_else(|| IdentityError::List { file: name.clone() })?;
                if let Some(until) = until
                    && self.lists_until.as_ref().is_none_or(|(first, _)| until < *first)
                {
                    self.lists_until = Some((until, name.clone()));
                }
                revoked.push(list);
            }
        }
        self.revoked = revoked;
        self.rebuilt()
    }

    /// When our certificate ends.
    pub fn until(&self) -> Option<Time> {
        self.chain.first().and_then(ends)
    }

    /// When the first list of revoked certificates is to be replaced by another.
    pub fn lists_until(&self) -> Option<Time> {
        self.lists_until.as_ref().map(|(until, _)| *until)
    }
}

fn read(file: PemFile<'_>) -> Result<Vec<CertificateRevocationListDer<'static>>, IdentityError> {
    let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(file.content).collect();
    match lists {
        Ok(lists) if !lists.is_empty() => Ok(lists),
        // What is no list is found where it is parsed.
        Ok(_) => Ok(vec![CertificateRevocationListDer::from(file.content.to_vec())]),
        Err(_) => Err(IdentityError::List { file: file.path.display().to_string() }),
    }
}

/// When the next list is due, if this one says so; none for what is no list.
#[expect(clippy::option_option, reason = "a list need not say when the next one is due")]
fn next(list: &CertificateRevocationListDer<'_>) -> Option<Option<Time>> {
    let (rest, list) = CertificateRevocationList::from_der(list.as_ref()).ok()?;
    rest.is_empty().then(|| list.next_update().map(time))
}

/// When a certificate ends, if it is one.
pub(crate) fn ends(certificate: &CertificateDer<'_>) -> Option<Time> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some(time(certificate.validity().not_after))
}

fn time(time: ASN1Time) -> Time {
    Time::from_millis(time.timestamp().saturating_mul(1000))
}
