//! How two sides agree on the keys of a connection: X25519MLKEM768 before all others, or that alone.
//!
//! The hybrid (draft-ietf-tls-ecdhe-mlkem) is secret as long as either X25519 or ML-KEM-768 (FIPS 203) is: who records a connection today, and
//! has a quantum computer later, reads nothing of it.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::{AlertDescription, Error, NamedGroup, OtherError, PeerIncompatible, SupportedProtocolVersion, version};

static TLS_13: [&SupportedProtocolVersion; 1] = [&version::TLS13];

/// Which key exchanges are taken part in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyExchange {
    /// X25519MLKEM768 where the other side has it; else X25519, P-256, P-384, under TLS 1.3 or 1.2.
    #[default]
    Any,
    /// X25519MLKEM768 alone, under TLS 1.3, which is the only one that has it.
    PostQuantum,
}

impl KeyExchange {
    /// What TLS computes with.
    pub(super) fn provider(self) -> Arc<CryptoProvider> {
        let mut provider = default_provider();
        let hybrid: &'static dyn SupportedKxGroup = kx_group::X25519MLKEM768;
        provider.kx_groups = match self {
            Self::Any => vec![hybrid, kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
            Self::PostQuantum => vec![hybrid],
        };
        Arc::new(provider)
    }

    pub(super) fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            Self::Any => rustls::DEFAULT_VERSIONS,
            Self::PostQuantum => &TLS_13,
        }
    }

    /// Whether connections may go on whose keys were agreed on in this way.
    pub(super) fn takes(self, group: Option<NamedGroup>) -> bool {
        match self {
            Self::Any => true,
            Self::PostQuantum => group == Some(NamedGroup::X25519MLKEM768),
        }
    }

    /// A client's error, as it is told: where we insist, it is likely that which the other side could not agree to.
    pub(crate) fn told(self, error: std::io::Error) -> std::io::Error {
        let is_of_exchange = |error: &Error| {
            use AlertDescription::{HandshakeFailure, InsufficientSecurity, ProtocolVersion};
            matches!(
                error,
                Error::AlertReceived(HandshakeFailure | InsufficientSecurity | ProtocolVersion)
                    | Error::PeerIncompatible(_)
            )
        };
        match inner(&error) {
            Some(found) if self == Self::PostQuantum && is_of_exchange(found) => {
                std::io::Error::other(Error::Other(OtherError(Arc::new(ClassicalPeer))))
            }
            _ => error,
        }
    }

    /// Whether a server has refused a client because it insists.
    pub(crate) fn refused(self, error: &std::io::Error) -> bool {
        use PeerIncompatible::{
            KeyShareExtensionRequired, NamedGroupsExtensionRequired, NoKxGroupsInCommon,
            SupportedVersionsExtensionRequired, Tls12NotOffered, Tls12NotOfferedOrEnabled,
        };
        self == Self::PostQuantum
            && matches!(
                inner(error),
                Some(Error::PeerIncompatible(
                    KeyShareExtensionRequired
                        | NamedGroupsExtensionRequired
                        | NoKxGroupsInCommon
                        | SupportedVersionsExtensionRequired
                        | Tls12NotOffered
                        | Tls12NotOfferedOrEnabled
                ))
            )
    }
}

/// The other side knows no key exchange that we take part in.
#[derive(Debug)]
pub(crate) struct ClassicalPeer;

impl fmt::Display for ClassicalPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no post-quantum key exchange (X25519MLKEM768) that both sides know, and we insist on it")
    }
}

impl std::error::Error for ClassicalPeer {}

/// What TLS says.
fn inner(error: &std::io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}
