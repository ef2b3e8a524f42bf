//! The verifier of `rustls`, with more to say of whom it refuses: a missing intermediate certificate is called that.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::X509Name;

/// Why a certificate leads to none of our authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Untrusted {
    /// Whoever has issued it is unknown, and no certificate of theirs came with it.
    Missing {
        /// The name of that authority.
        issuer: String,
        /// Those that we trust.
        trusted: String,
    },
    /// The chain is whole, and ends with another authority.
    Another {
        /// Its name.
        authority: String,
        /// Those that we trust.
        trusted: String,
    },
    /// An authority with the name of ours, and another key.
    Namesake {
        /// Its name.
        authority: String,
    },
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { issuer, trusted } => write!(
                f,
                "is of an authority that we do not know: issued by {issuer}, we trust {trusted}, and no intermediate certificate between \
                 the two came with it"
            ),
            Self::Another { authority, trusted } => {
                write!(f, "is of an authority that we do not know: {authority}; we trust {trusted}")
            }
            Self::Namesake { authority } => {
                write!(
                    f,
                    "is of an authority that we do not know: it is called {authority} as ours is, but has another key"
                )
            }
        }
    }
}

impl std::error::Error for Untrusted {}

/// Verifies as [`WebPkiServerVerifier`] does: every decision is its own.
#[derive(Debug)]
pub(super) struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    authorities: Vec<CertificateDer<'static>>,
}

impl Verifier {
    pub(super) fn new(inner: Arc<WebPkiServerVerifier>, authorities: Vec<CertificateDer<'static>>) -> Self {
        Self { inner, authorities }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(own, rest, name, ocsp, now);
        verified.map_err(|error| match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
                match untrusted(own, rest, &self.authorities) {
                    Some(why) => Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why)))),
                    None => error,
                }
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

fn parsed<'a>(certificates: &'a [CertificateDer<'_>]) -> Vec<X509Certificate<'a>> {
    let read = |der: &'a CertificateDer<'_>| X509Certificate::from_der(der).ok().map(|(_, certificate)| certificate);
    certificates.iter().filter_map(read).collect()
}

fn same(one: &X509Name<'_>, other: &X509Name<'_>) -> bool {
    one.as_raw() == other.as_raw()
}

/// From our own certificate on, issuer by issuer, as far as it goes with those that are there.
fn last<'a>(own: &'a X509Certificate<'a>, rest: &'a [X509Certificate<'a>]) -> &'a X509Certificate<'a> {
    let mut last = own;
    // No more steps than there are certificates: they may name each other in a circle.
    for _ in rest {
        match rest.iter().find(|next| same(next.subject(), last.issuer())) {
            Some(next) if !same(next.subject(), last.subject()) => last = next,
            _ => break,
        }
    }
    last
}

/// A name, fit for a terminal.
fn name(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next().and_then(|name| name.as_str().ok()).map(str::to_owned);
    let text = common.unwrap_or_else(|| name.to_string());
    format!("'{}'", text.chars().filter(|c| !c.is_control()).take(100).collect::<String>())
}

/// Why a chain leads to none of these authorities; none where its first certificate cannot be read.
pub(super) fn untrusted(
    own: &CertificateDer<'_>,
    rest: &[CertificateDer<'_>],
    authorities: &[CertificateDer<'_>],
) -> Option<Untrusted> {
    let (_, own) = X509Certificate::from_der(own).ok()?;
    let (rest, authorities) = (parsed(rest), parsed(authorities));
    let last = last(&own, &rest);
    let trusted = || authorities.iter().map(|authority| name(authority.subject())).collect::<Vec<_>>().join(", ");
    let issuer = name(last.issuer());
    Some(if authorities.iter().any(|authority| same(authority.subject(), last.issuer())) {
        Untrusted::Namesake { authority: issuer }
    } else if same(last.subject(), last.issuer()) {
        Untrusted::Another { authority: issuer, trusted: trusted() }
    } else {
        Untrusted::Missing { issuer, trusted: trusted() }
    })
}

/// The name of whoever has issued the last certificate of a chain, if it is neither that one itself nor one of these authorities.
pub(super) fn last_issuer(
    own: &CertificateDer<'_>,
    rest: &[CertificateDer<'_>],
    authorities: &[CertificateDer<'_>],
) -> Option<String> {
    match untrusted(own, rest, authorities)? {
        Untrusted::Missing { issuer, .. } => Some(issuer),
        Untrusted::Another { .. } | Untrusted::Namesake { .. } => None,
    }
}
