//! Where a database is.

mod error;
mod form;

use std::error::Error as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use postgres::config::{Host, SslMode};

pub use error::LocationError;
use form::Form;

/// Where a database is: the path of a file, or a PostgreSQL connection string.
#[derive(Clone)]
pub enum Location {
    /// SQLite.
    File(PathBuf),
    /// PostgreSQL: `postgresql://...`, or `host=... user=... dbname=...`. May hold a password.
    Server(Box<postgres::Config>),
}

impl Location {
    /// Whether a password stands in the connection string itself.
    pub(crate) fn holds_password(&self) -> bool {
        matches!(self, Self::Server(config) if config.get_password().is_some())
    }

    /// With a password that is kept apart.
    ///
    /// # Errors
    ///
    /// [`LocationError`] where there is one already, or none is asked for.
    pub(crate) fn with_password(self, password: &[u8]) -> Result<Self, LocationError> {
        match self {
            Self::File(_) => Err(LocationError::NoPassword),
            Self::Server(config) if config.get_password().is_some() => Err(LocationError::TwoPasswords),
            Self::Server(mut config) => {
                config.password(password);
                Ok(Self::Server(config))
            }
        }
    }
}

/// Without passwords.
impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(config) => {
                let named = config.get_hosts().iter().map(|host| match host {
                    Host::Tcp(name) => name.clone(),
                    #[cfg(unix)]
                    Host::Unix(path) => path.display().to_string(),
                });
                let mut hosts: Vec<String> = named.collect();
                if hosts.is_empty() {
                    hosts = config.get_hostaddrs().iter().map(IpAddr::to_string).collect();
                }
                write!(f, "postgresql {} at {}", config.get_dbname().unwrap_or("(default)"), hosts.join(", "))
            }
        }
    }
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Location({self})")
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let text = text.trim();
        match Form::of(text)? {
            Form::Path => Ok(Self::File(text.into())),
            Form::Server(text) => {
                let config: postgres::Config = text.parse().map_err(|error| refused(&error))?;
                check_hosts(&config)?;
                match config.get_ssl_mode() == SslMode::Require || is_local(&config) {
                    true => Ok(Self::Server(Box::new(config))),
                    false => Err(LocationError::InTheClear),
                }
            }
        }
    }
}

/// Options of other programs, by name: any other unknown word may be a part of a password.
const FOREIGN: [&str; 23] = [
    "client_encoding",
    "connection_limit",
    "gssencmode",
    "krbsrvname",
    "passfile",
    "pgbouncer",
    "pool_size",
    "pool_timeout",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "schema",
    "service",
    "ssl",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcompression",
    "sslcrl",
    "sslkey",
    "sslpassword",
    "sslrootcert",
    "sslsni",
];
/// Options whose values may be wrong. Options are named by the parser's own words alone.
const VALUES: [&str; 11] = [
    "channel_binding",
    "connect_timeout",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "port",
    "target_session_attrs",
];

/// Of a text that cannot be read only what is wrong: it may hold a password.
fn refused(error: &postgres::Error) -> LocationError {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    let Some(name) = cause.split('`').nth(1) else { return LocationError::Syntax };
    let of = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
    if cause.starts_with("unknown option") {
        of(&FOREIGN).map_or(LocationError::Syntax, LocationError::Option)
    } else if name == "sslmode" {
        LocationError::SslMode
    } else if name == "host" {
        LocationError::Host
    } else {
        of(&VALUES).map_or(LocationError::Syntax, LocationError::Value)
    }
}

fn check_hosts(config: &postgres::Config) -> Result<(), LocationError> {
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let ports = config.get_ports().len();
    if hosts.is_empty() && addresses.is_empty() {
        return Err(LocationError::NoHost);
    }
    let is_host = |host: &Host| match host {
        // A host's name, or an address, maybe with a zone.
        Host::Tcp(name) => !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:%".contains(c)),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    if !hosts.iter().all(is_host) {
        return Err(LocationError::Host);
    }
    let entries = hosts.len().max(addresses.len());
    let fits = |length: usize| length == 0 || length == entries;
    match fits(hosts.len()) && fits(addresses.len()) && (ports <= 1 || ports == entries) {
        true => Ok(()),
        false => Err(LocationError::Lists { hosts: hosts.len(), addresses: addresses.len(), ports }),
    }
}

/// Whether every address that may be used is of this machine. Where `hostaddr` stands, it is what is connected to.
fn is_local(config: &postgres::Config) -> bool {
    let is_loopback = |address: &IpAddr| address.to_canonical().is_loopback();
    let is_named = |host: &Host| match host {
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address| is_loopback(&address))
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hostaddrs().iter().all(is_loopback) && config.get_hosts().iter().all(is_named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remedy::Remedy;

    fn parse(text: &str) -> Result<Location, LocationError> {
        text.parse()
    }

    #[test]
    fn passwords_are_not_shown() {
        let local = parse("postgresql://b:secret@localhost/trial").unwrap();
        assert_eq!(local.to_string(), "postgresql trial at localhost");
        assert!(!format!("{local:?}").contains("secret"));
        let one = parse("hostaddr=127.0.0.1 user=b password=secret dbname=trial").unwrap();
        assert_eq!(one.to_string(), "postgresql trial at 127.0.0.1");
        assert!(
            matches!(parse(" custodian.sqlite\n"), Ok(Location::File(path)) if path.as_os_str() == "custodian.sqlite")
        );
    }

    #[test]
    fn nothing_leaves_in_the_clear_by_whatever_address_is_used() {
        for remote in [
            "postgresql://b:secret@db.example/trial",
            "postgresql://b:secret@localhost/trial?hostaddr=192.0.2.2",
            "postgresql://b:secret@localhost,db.example/trial",
            "postgresql://b:secret@%64b.example/trial",
            "postgresql://b:secret@localhost/trial?host=db.example",
            "postgresql://b:secret@localhost/trial?sslmode=prefer&host=db.example",
            "host=db.example hostaddr=127.0.0.1 password=secret",
            "hostaddr=192.0.2.2 password=secret",
            "hostaddr=127.0.0.1,192.0.2.2 password=secret",
            "host=/run/postgresql,db.example password=secret",
            "host=localhost.db.example password=secret",
            "host=0.0.0.0 password=secret",
            "host=2130706433 password=secret sslmode=disable",
        ] {
            assert_eq!(parse(remote).err(), Some(LocationError::InTheClear), "{remote}");
            let separator = if !remote.contains("://") {
                ' '
            } else if remote.contains('?') {
                '&'
            } else {
                '?'
            };
            let with = format!("{}{separator}sslmode=require", remote.replace("sslmode=", "application_name="));
            assert!(parse(&with).is_ok(), "{with}");
        }
        for local in [
            "postgresql://b@LOCALHOST/x",
            "postgresql://b@127.0.0.2:5433/x",
            "postgresql://b@[::1]/x",
            "postgresql://b@%2Frun%2Fpostgresql/x",
            "postgresql:///x?host=/run/postgresql",
            "host=localhost hostaddr=::ffff:127.0.0.1",
            "host=localhost,127.0.0.1,/run/postgresql port=1,2,3",
        ] {
            assert!(parse(local).is_ok(), "{local}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_nothing_that_may_be_secret() {
        use LocationError as E;
        for (text, expected) in [
            ("postgresql://b:secret@localhost:port/trial", E::Value("port")),
            ("postgresql://b:secret", E::Value("port")),
            ("postgresql://b:my@secret@localhost/x", E::Host),
            ("host=localhost password=my secret=x", E::Syntax),
            ("host=localhost password='secret", E::Syntax),
            ("host=localhost password=a secret", E::Syntax),
            ("Server=h;Password=secret", E::Syntax),
            ("postgresql://localhost/x?sslmode=verify-full", E::SslMode),
            ("postgresql://localhost/x?sslmode=allow&password=secret", E::SslMode),
            ("host=localhost sslrootcert=secret", E::Option("sslrootcert")),
            ("postgresql://localhost/x?ssl=true", E::Option("ssl")),
            ("host=localhost hostaddr=secret", E::Value("hostaddr")),
            ("host=localhost connect_timeout=secret", E::Value("connect_timeout")),
            ("dbname=x password=secret", E::NoHost),
            ("postgresql://", E::NoHost),
            ("postgresql://b:secret@,localhost/x", E::Host),
            ("host=localhost,localhost port=1,2,3", E::Lists { hosts: 2, addresses: 0, ports: 3 }),
            ("host=localhost hostaddr=::1,::1", E::Lists { hosts: 1, addresses: 2, ports: 0 }),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.in_full().contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn options_are_known_by_the_names_that_the_parser_gives() {
        for name in VALUES.iter().filter(|name| !["host", "keepalives_retries"].contains(name)) {
            let found = parse(&format!("host=localhost {name}=?"));
            assert!(matches!(found, Ok(_) | Err(LocationError::Value(_))), "{name}: {found:?}");
        }
        for name in FOREIGN {
            assert_eq!(parse(&format!("host=localhost {name}=x")).err(), Some(LocationError::Option(name)));
        }
    }
}
