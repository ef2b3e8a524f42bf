//! Why an identity cannot be used, and what mends it.

use std::borrow::Cow;

use super::content::{Content, Needed};
use super::side::Side;
use crate::remedy::Remedy;
use crate::service::time::Time;

/// Why an identity cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Not PEM, or without what is needed.
    #[error("{file}: no {needed} in PEM: {content}")]
    Pem {
        /// The file that was read.
        file: String,
        /// What is missing.
        needed: Needed,
        /// What is there.
        content: Content,
    },
    /// A certificate that TLS does not take.
    #[error("{file}: a certificate {why}")]
    Certificate {
        /// The certificate's file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The other side would refuse it: its time is over.
    #[error("{file}: a certificate that expired at {until}")]
    Expired {
        /// The certificate's file.
        file: String,
        /// Its last moment.
        until: Time,
    },
    /// The other side would refuse it: its time has not come.
    #[error("{file}: a certificate that is not valid before {from}")]
    NotYet {
        /// The certificate's file.
        file: String,
        /// Its first moment.
        from: Time,
    },
    /// The other side would refuse it: it is for other uses.
    #[error("{file}: a certificate that is not for {side} (its extended key usage)")]
    Purpose {
        /// The certificate's file.
        file: String,
        /// What it should be for.
        side: Side,
    },
    /// An authority's own.
    #[error("{file}: a certificate of an authority, where a party's own must be")]
    OfAuthority {
        /// The certificate's file.
        file: String,
    },
    /// A client whom nobody lets in who trusts these authorities alone.
    #[error("{file}: a certificate that {why}")]
    Untrusted {
        /// The certificate's file.
        file: String,
        /// Who has issued it, and whom we trust.
        why: String,
    },
    /// A server whose certificate names no host.
    #[error(
        "{file}: a certificate without names of hosts (subjectAltName): no client takes it, whatever its common name"
    )]
    Nameless {
        /// The certificate's file.
        file: String,
    },
    /// A private key that TLS does not take.
    #[error("{file}: a private key that cannot be used: RSA of 2048 to 8192 bits, P-256, P-384 and Ed25519 can")]
    Key {
        /// The key's file.
        file: String,
    },
    /// They do not belong together.
    #[error("{key}: not the private key of the certificate in {certificate}")]
    Mismatch {
        /// File of the certificate.
        certificate: String,
        /// File of the key.
        key: String,
    },
    /// The key is that of another certificate in the chain.
    #[error("{file}: the certificates stand in the wrong order: that of the private key is not the first")]
    Order {
        /// The chain's file.
        file: String,
    },
    /// An authority that nothing can be checked with.
    #[error("{file}: an authority's certificate {why}")]
    Authority {
        /// The authority's file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// No list of revoked certificates.
    #[error("{file}: no list of revoked certificates (CRL), in PEM or DER")]
    List {
        /// The file that was read.
        file: String,
    },
    /// A list that another should have replaced.
    #[error("{file}: a list of revoked certificates that ended at {until}")]
    ListOver {
        /// The list's file.
        file: String,
        /// When the next one was due.
        until: Time,
    },
    /// TLS itself refused.
    #[error("TLS cannot be set up: {0}")]
    Unusable(String),
}

/// Makes a key that TLS takes, and what an authority needs to issue a certificate for it.
const REQUEST: &str =
    "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=NAME -keyout tls.key -out tls.csr";

impl Remedy for IdentityError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let issued = "for trials: cotejo certificates issue";
        let remedy = match self {
            Self::Pem { file, needed, content } => return Some(content.remedy(file, *needed).into()),
            Self::Expired { .. } => format!("have it renewed ({issued})"),
            Self::NotYet { .. } => format!("wait, set the clock, or have another one issued ({issued})"),
            Self::Purpose { side, .. } => {
                format!("have one issued with extendedKeyUsage={} ({issued})", side.extended_key_usage())
            }
            Self::OfAuthority { .. } => format!("name the certificate that it has issued for this party ({issued})"),
            Self::Untrusted { file, .. } => format!(
                "name the authority that has issued it in [tls] authority; where an intermediate one has, append its certificate to {file}"
            ),
            Self::Nameless { .. } => {
                format!("{REQUEST} -addext subjectAltName=DNS:HOST makes a request for one; send tls.csr to the authority ({issued})")
            }
            Self::Certificate { .. } | Self::Key { .. } => {
                format!("{REQUEST} makes a key and a request for a certificate; send tls.csr to the authority ({issued})")
            }
            Self::Mismatch { .. } => {
                format!("name the key that this certificate was issued for, or have another one issued ({issued})")
            }
            Self::Order { .. } => {
                "put the own certificate first, then the one that has issued it, and so on (cotejo certificates show tells the first)"
                    .to_owned()
            }
            Self::Authority { .. } => {
                "get it again from whoever issues certificates (for trials: cotejo certificates authority)".to_owned()
            }
            Self::List { .. } => {
                "get it from the authority whose certificates it is about (openssl crl -in FILE -noout -text shows one)".to_owned()
            }
            Self::ListOver { .. } => "get the newest one from the authority".to_owned(),
            Self::Unusable(..) => format!("have certificates issued anew ({issued})"),
        };
        Some(remedy.into())
    }
}

/// What is wrong with a certificate, in words.
pub(super) fn why(error: &rustls::Error) -> String {
    let text = error.to_string();
    // The verifier's own words.
    for (sign, words) in [
        ("UnsupportedCertVersion", "that is not of X.509 version 3"),
        ("UnsupportedCriticalExtension", "with a critical extension that is not understood here"),
        ("UnhandledCriticalExtension", "with a critical extension that is not understood here"),
        (
            "UnsupportedSignatureAlgorithm",
            "that is signed in a way that TLS does not take (RSA below 2048 bits, SHA-1)",
        ),
        ("EmptyEkuExtension", "that is for no use at all (an empty extended key usage)"),
    ] {
        if text.contains(sign) {
            return words.to_owned();
        }
    }
    "that is damaged, or not written as X.509 has it".to_owned()
}
