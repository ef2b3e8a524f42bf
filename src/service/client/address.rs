//! The address of a service: `https://host:port`, and nothing else.

use rustls::pki_types::ServerName;
use ureq::http::Uri;

use std::borrow::Cow;

use super::plain::plain;
use crate::remedy::Remedy;

/// What an address has that it must not have, or lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressFault {
    /// Nothing.
    #[error("it is empty")]
    Empty,
    /// `http`.
    #[error("http has no certificates")]
    Http,
    /// No scheme.
    #[error("it does not begin with https://")]
    NoScheme,
    /// Some other scheme.
    #[error("services are reached by https alone")]
    OtherScheme,
    /// User or password.
    #[error("it has a user or a password: our certificate says who we are")]
    User,
    /// A path, a query or a fragment.
    #[error("something follows host and port")]
    Path,
    /// No number, or zero.
    #[error("its port is none: a number from 1 to 65535")]
    Port,
    /// Where servers listen.
    #[error("a server may listen there, but nobody reaches it by that address")]
    Wildcard,
    /// No name of a host and no address.
    #[error("its host is none: a name or an IP address, an IPv6 address in brackets")]
    Host,
}

/// An address that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{shown}' is not the address of a service: {fault}")]
pub struct Misaddressed {
    /// What was written, without what may be secret.
    pub shown: String,
    /// What is wrong with it.
    pub fault: AddressFault,
}

impl Remedy for Misaddressed {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        Some(self.fault.remedy().into())
    }
}

impl AddressFault {
    /// What to write.
    fn remedy(self) -> &'static str {
        match self {
            Self::Wildcard => "write https://host:port with the name that stands in the custodian's certificate",
            Self::Path => "write https://host:port alone: paths are those of docs/openapi.json",
            _ => "write https://host:port",
        }
    }
}

/// The address of a service, without a slash at its end.
pub(super) fn parse(text: &str) -> Result<String, Misaddressed> {
    let text = text.trim();
    let base = text.strip_suffix('/').filter(|base| !base.ends_with('/')).unwrap_or(text);
    match fault(base) {
        None => Ok(base.to_owned()),
        Some(fault) => Err(Misaddressed { shown: shown(text), fault }),
    }
}

fn fault(text: &str) -> Option<AddressFault> {
    use AddressFault as F;
    if text.is_empty() {
        return Some(F::Empty);
    }
    let Some((scheme, rest)) = text.split_once("://") else { return Some(F::NoScheme) };
    if scheme.eq_ignore_ascii_case("http") {
        return Some(F::Http);
    }
    if !scheme.eq_ignore_ascii_case("https") {
        return Some(F::OtherScheme);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Some(F::User);
    }
    let host = host(authority);
    if let Some(port) = authority.strip_prefix(host).and_then(|port| port.strip_prefix(':'))
        && !port.parse::<u16>().is_ok_and(|port| port > 0)
    {
        return Some(F::Port);
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if ServerName::try_from(bare).is_err() || bare.contains(':') != host.starts_with('[') {
        return Some(F::Host);
    }
    if authority.len() != rest.len() {
        return Some(F::Path);
    }
    if ["0.0.0.0", "::"].contains(&bare) {
        return Some(F::Wildcard);
    }
    // What only the reader of addresses knows.
    text.parse::<Uri>().ok().filter(|uri| uri.host().is_some()).is_none().then_some(F::Host)
}

/// The host, an IPv6 address with its brackets.
fn host(authority: &str) -> &str {
    match authority.find(']') {
        Some(end) => authority.get(..=end).unwrap_or(authority),
        None => authority.split(':').next().unwrap_or(authority),
    }
}

/// Without what may be secret: before an `@`, and in a query.
fn shown(text: &str) -> String {
    let without_user = text.rsplit_once('@').map_or(text.to_owned(), |(_, rest)| format!("...@{rest}"));
    plain(without_user.split(['?', '#']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_scheme_host_and_port() {
        for sound in
            ["https://b.example:8443", "https://b.example/", "HTTPS://b", "https://127.0.0.1:1", "https://[::1]:8443"]
        {
            assert_eq!(parse(sound), Ok(sound.trim_end_matches('/').to_owned()));
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_secrets_are_not() {
        use AddressFault as F;
        for (text, expected) in [
            ("", F::Empty),
            (" ", F::Empty),
            (" / ", F::Empty),
            ("http://b:1", F::Http),
            ("b.example:8443", F::NoScheme),
            ("https:/b", F::NoScheme),
            ("ftp://b", F::OtherScheme),
            ("https://user:secret@b:1", F::User),
            ("https://b:1/v1/", F::Path),
            ("https://b//", F::Path),
            ("https://b?key=secret", F::Path),
            ("https://b#secret", F::Path),
            ("https://b:0", F::Port),
            ("https://b:65536", F::Port),
            ("https://b:", F::Port),
            ("https://b:port", F::Port),
            ("https://::1", F::Port),
            ("https://", F::Host),
            ("https:///x", F::Host),
            ("https://a b", F::Host),
            ("https://a,b", F::Host),
            ("https://*.example", F::Host),
            ("https://[b]:1", F::Host),
            ("https://bücher", F::Host),
            ("https://0.0.0.0:8443", F::Wildcard),
            ("https://[::]:8443", F::Wildcard),
        ] {
            let Misaddressed { shown, fault } = parse(text).unwrap_err();
            assert_eq!(fault, expected, "{text}");
            assert!(!shown.contains("secret"), "{shown}");
        }
    }
}
