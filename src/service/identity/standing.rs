//! Whether the other side will take our certificate, as far as that can be known here.

use std::time::Duration;

use rustls::CertificateError;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::error::{IdentityError, why};
use super::side::Side;
use super::{Identity, provider, unusable, verifier};
use crate::service::time::Time;

impl Identity {
    /// Whether our certificate can be shown now: valid, for this side, with names where it serves.
    ///
    /// Whether the other side trusts its authority is not known here: the two sides may have their certificates from different ones.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] says why no other side would take it.
    pub fn fit(&self, side: Side, now: Time) -> Result<(), IdentityError> {
        let Some((own, rest)) = self.chain.split_first() else { return Ok(()) };
        let time = now;
        let seconds = u64::try_from(now.millis() / 1000).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        match self.verify(side, own, rest, now) {
            Err(rustls::Error::InvalidCertificate(error)) => self.unfit(side, &error)?,
            Err(error) => return Err(unusable(&error)),
            Ok(()) => {}
        }
        match side {
            Side::Server if !has_names(own) => return Err(IdentityError::Nameless { file: self.file.clone() }),
            _ => {}
        }
        match &self.lists_until {
            Some((until, file)) if *until <= time => Err(IdentityError::ListOver { file: file.clone(), until: *until }),
            _ => Ok(()),
        }
    }

    /// As the other side does, if it trusted those whom we trust.
    fn verify(
        &self,
        side: Side,
        own: &CertificateDer<'static>,
        rest: &[CertificateDer<'static>],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let (provider, roots) = (provider(), &self.roots);
        match side {
            Side::Server => verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(own)?,
                roots,
                rest,
                now,
                provider.signature_verification_algorithms.all,
            ),
            Side::Client => {
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider).build();
                let verifier = verifier.map_err(|error| rustls::Error::General(error.to_string()))?;
                verifier.verify_client_cert(own, rest, now).map(drop)
            }
        }
    }

    fn unfit(&self, side: Side, found: &CertificateError) -> Result<(), IdentityError> {
        use CertificateError as C;
        let file = self.file.clone();
        let time =
            |time: &UnixTime| Time::from_millis(i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_mul(1000));
        Err(match found {
            // Of another authority than the other side's.
            C::UnknownIssuer | C::BadSignature => return Ok(()),
            C::ExpiredContext { not_after, .. } => IdentityError::Expired { file, until: time(not_after) },
            C::NotValidYetContext { not_before, .. } => IdentityError::NotYet { file, from: time(not_before) },
            C::InvalidPurpose | C::InvalidPurposeContext { .. } => IdentityError::Purpose { file, side },
            C::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => IdentityError::OfAuthority { file },
            other => IdentityError::Certificate { file, why: why(&other.clone().into()) },
        })
    }

    /// Who has issued the last certificate of our chain, if that is neither with it nor an authority that we trust. It may be an
    /// intermediate authority whose certificate is missing; or the other side trusts it, and nothing is missing.
    pub fn unlinked(&self) -> Option<String> {
        let (own, rest) = self.chain.split_first()?;
        verifier::last_issuer(own, rest, &self.authorities)
    }
}

/// Neither an authority's nor signed by itself: nothing can be checked with it.
pub(super) fn is_a_partys(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate).is_ok_and(|(_, certificate)| {
        // Version 1 knows no authorities: what is trusted as one is one.
        certificate.version() == x509_parser::x509::X509Version::V3
            && !certificate.is_ca()
            && certificate.subject() != certificate.issuer()
    })
}

fn has_names(certificate: &CertificateDer<'_>) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return true };
    let names = certificate.subject_alternative_name();
    names.is_ok_and(|names| names.is_some_and(|names| !names.value.general_names.is_empty()))
}
