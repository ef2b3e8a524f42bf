//! Why the two sides could not agree on TLS: what does not pass by itself, by its cause.

use rustls::{AlertDescription as Alert, CertificateError, Error};

use super::plain::plain;
use crate::service::identity::{ClassicalPeer, Untrusted};
use crate::service::time::Time;

const OURS: &str = "'cotejo certificates show' tells what our certificate is; have it renewed, or registered";
const THEIRS: &str = "the custodian's certificate must be valid, by the authority that we trust ([tls] authority), and for this host name";
const INTERMEDIATE: &str = "trust the authority that has issued it ([tls] authority), or have the custodian put the intermediate certificate \
                            behind its own ([tls] certificate)";
const NAME: &str = "write a name of the certificate in url, or have one issued for this host";
const OWN_CHAIN: &str = "have the custodian trust our authority, or put the intermediate certificate behind our own ([tls] certificate); \
                         'cotejo certificates show' tells who has issued ours";
const PORT: &str = "check the port: not that of operations, which is in the clear, nor of another service";
const VERSION: &str =
    "both parties need compatible versions of cotejo, and nothing between them that speaks TLS itself";
const CLASSICAL: &str =
    "have the custodian upgrade cotejo, or what speaks TLS before it; or take out require_post_quantum ([tls])";

/// Why there is no connection, and never will be as things are.
pub(super) struct Disagreement {
    /// Whether one side does not take the other's certificate.
    pub is_of_certificates: bool,
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub remedy: &'static str,
}

/// An error of TLS that the same call will end with again; none for those that may pass.
pub(super) fn explain(error: &Error) -> Option<Disagreement> {
    let certificate = |why: String, remedy| Disagreement { is_of_certificates: true, why: plain(&why), remedy };
    let no_service = |why: String, remedy| Disagreement { is_of_certificates: false, why: plain(&why), remedy };
    match error {
        Error::InvalidCertificate(error) => {
            let (why, remedy) = of_theirs(error);
            Some(certificate(format!("the custodian's certificate {why}"), remedy))
        }
        Error::AlertReceived(alert) => of_ours(*alert).map(|(why, remedy)| match remedy {
            VERSION => no_service(why.to_owned(), remedy),
            _ => certificate(why.to_owned(), remedy),
        }),
        Error::InvalidMessage(_) => Some(no_service("what answers there does not speak TLS".to_owned(), PORT)),
        Error::PeerIncompatible(_) | Error::PeerMisbehaved(_) | Error::NoApplicationProtocol => {
            Some(no_service(format!("no TLS that both sides speak ({error})"), VERSION))
        }
        Error::Other(other) => {
            let classical: &ClassicalPeer = other.0.downcast_ref()?;
            Some(no_service(classical.to_string(), CLASSICAL))
        }
        _ => None,
    }
}

fn of_theirs(error: &CertificateError) -> (String, &'static str) {
    use CertificateError as C;
    let at = |time: &rustls::pki_types::UnixTime| {
        Time::from_millis(i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_mul(1000))
    };
    match error {
        C::Expired => ("has expired".to_owned(), THEIRS),
        C::ExpiredContext { not_after, .. } => (format!("has expired at {}", at(not_after)), THEIRS),
        C::NotValidYet => ("is not valid yet".to_owned(), THEIRS),
        C::NotValidYetContext { not_before, .. } => (format!("is not valid before {}", at(not_before)), THEIRS),
        C::NotValidForName => ("is for another host".to_owned(), NAME),
        C::NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented.iter().map(|name| host(name)).collect();
            (format!("is for another host: {}", names.join(", ")), NAME)
        }
        C::InvalidPurpose | C::InvalidPurposeContext { .. } => {
            ("is not for servers".to_owned(), "have the custodian show one with extendedKeyUsage=serverAuth")
        }
        C::UnknownIssuer => ("is of an authority that we do not know".to_owned(), THEIRS),
        C::Other(other) => match other.0.downcast_ref::<Untrusted>() {
            Some(why @ Untrusted::Missing { .. }) => (why.to_string(), INTERMEDIATE),
            Some(why) => (why.to_string(), THEIRS),
            None if other.to_string().contains("CaUsedAsEndEntity") => ("is that of an authority".to_owned(), THEIRS),
            None => (format!("is not valid ({other})"), THEIRS),
        },
        other => (format!("is not valid ({other})"), THEIRS),
    }
}

/// A name as people write it, of what TLS has found: `DnsName("localhost")`, `IpAddress(127.0.0.1)`.
fn host(found: &str) -> &str {
    let inner = found.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(found).trim_matches('"')
}

/// The alerts of RFC 8446, section 6.2, with what a custodian means by them.
fn of_ours(alert: Alert) -> Option<(&'static str, &'static str)> {
    Some(match alert {
        Alert::CertificateExpired => ("our certificate has expired, says the custodian", OURS),
        Alert::UnknownCA => (
            "our certificate is of an authority that the custodian does not know, or an intermediate certificate is missing behind ours",
            OWN_CHAIN,
        ),
        Alert::DecryptError => ("our certificate is not what the custodian's authority has signed", OURS),
        Alert::UnsupportedCertificate => ("our certificate is not for clients, says the custodian", OURS),
        Alert::CertificateRequired => ("the custodian wants a certificate", OURS),
        Alert::BadCertificate | Alert::AccessDenied | Alert::CertificateRevoked | Alert::CertificateUnknown => {
            ("our certificate is not accepted by the custodian", OURS)
        }
        Alert::ProtocolVersion
        | Alert::HandshakeFailure
        | Alert::InsufficientSecurity
        | Alert::UnrecognisedName
        | Alert::NoApplicationProtocol => ("no TLS that both sides speak, says what answers there", VERSION),
        _ => return None,
    })
}
