//! Whether the other side will take our certificate, as far as that can be known here.

use std::time::Duration;

use rustls::CertificateError as C;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::error::{IdentityError, why};
use super::side::Side;
use super::{Identity, PemFile, certificates, unusable, verifier};
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
        let (time, now) = (now, unix(now));
        match self.verify(side, own, rest, now) {
            // Of another authority than the other side's.
            Err(rustls::Error::InvalidCertificate(C::UnknownIssuer | C::BadSignature)) | Ok(()) => {}
            Err(rustls::Error::InvalidCertificate(error)) => return Err(unfit(&self.file, side, &error)),
            Err(error) => return Err(unusable(&error)),
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

    /// Whether a client is let in who shows what stands in a file: its certificate, and those behind it.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] says why it is not.
    pub fn lets_in(&self, file: PemFile<'_>, now: Time) -> Result<(), IdentityError> {
        let chain = certificates(file)?;
        let Some((own, rest)) = chain.split_first() else { return Ok(()) };
        let file = file.path.display().to_string();
        match self.verify(Side::Client, own, rest, unix(now)) {
            Ok(()) => Ok(()),
            Err(rustls::Error::InvalidCertificate(error @ (C::UnknownIssuer | C::BadSignature))) => {
                let why = verifier::untrusted(own, rest, &self.authorities);
                Err(IdentityError::Untrusted {
                    file,
                    why: why.map_or_else(|| error.to_string(), |why| why.to_string()),
                })
            }
            Err(rustls::Error::InvalidCertificate(error)) => Err(unfit(&file, Side::Client, &error)),
            Err(error) => Err(unusable(&error)),
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
        let (provider, roots) = (self.exchange.provider(), &self.roots);
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

    /// Who has issued the last certificate of our chain, if that is neither with it, nor an authority that we trust, nor one of `known`
    /// which nobody else has issued. It may be an intermediate authority whose certificate is missing; or the other side trusts it, and
    /// nothing is missing.
    pub fn unlinked(&self, known: Option<PemFile<'_>>) -> Option<String> {
        let (own, rest) = self.chain.split_first()?;
        let known = known.and_then(|file| certificates(file).ok()).unwrap_or_default();
        let roots = known.into_iter().filter(is_its_own_issuers);
        verifier::last_issuer(own, rest, &self.authorities.iter().cloned().chain(roots).collect::<Vec<_>>())
    }
}

fn unix(time: Time) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(time.millis() / 1000).unwrap_or_default()))
}

fn unfit(file: &str, side: Side, found: &C) -> IdentityError {
    let file = file.to_owned();
    let time =
        |time: &UnixTime| Time::from_millis(i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_mul(1000));
    match found {
        C::ExpiredContext { not_after, .. } => IdentityError::Expired { file, until: time(not_after) },
        C::NotValidYetContext { not_before, .. } => IdentityError::NotYet { file, from: time(not_before) },
        C::InvalidPurpose | C::InvalidPurposeContext { .. } => IdentityError::Purpose { file, side },
        C::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => IdentityError::OfAuthority { file },
        other => IdentityError::Certificate { file, why: why(&other.clone().into()) },
    }
}

fn is_its_own_issuers(certificate: &CertificateDer<'static>) -> bool {
    X509Certificate::from_der(certificate).is_ok_and(|(_, certificate)| certificate.subject() == certificate.issuer())
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
