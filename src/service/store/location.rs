//! Where a database is.

use crate::remedy::Remedy;
use std::borrow::Cow;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a database is: the path of a file, or a PostgreSQL connection string.
#[derive(Clone)]
pub enum Location {
    /// SQLite.
    File(PathBuf),
    /// PostgreSQL: `postgresql://...`, or `host=... user=... dbname=...`. May hold a password.
    Server(Box<postgres::Config>),
}

/// Why a text is no location.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// A connection string that cannot be read.
    #[error("not a PostgreSQL connection string ({0})")]
    Syntax(String),
    /// Traffic to another machine would be in the clear.
    #[error("the database is on another machine, but the connection string does not ask for TLS")]
    InTheClear,
}

impl Remedy for LocationError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Syntax(..) => "write postgresql://user@host/name",
            Self::InTheClear => "add sslmode=require",
        };
        Some(remedy.into())
    }
}

/// Without passwords.
impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(config) => {
                let host = config.get_hosts().first().map_or_else(
                    || "localhost".to_owned(),
                    |host| match host {
                        postgres::config::Host::Tcp(name) => name.clone(),
                        #[cfg(unix)]
                        postgres::config::Host::Unix(path) => path.display().to_string(),
                    },
                );
                write!(f, "postgresql {} at {host}", config.get_dbname().unwrap_or("(default)"))
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
        let is_url = text.starts_with("postgresql://") || text.starts_with("postgres://");
        let is_pairs = ["host=", "user=", "dbname=", "port="].iter().any(|key| text.starts_with(key));
        if !is_url && !is_pairs {
            return Ok(Self::File(text.into()));
        }
        let config: postgres::Config = text.parse().map_err(|error: postgres::Error| {
            // Of a malformed text only what is wrong, not the text, which may hold a password.
            LocationError::Syntax(error.to_string())
        })?;
        let local = config.get_hosts().iter().all(|host| match host {
            postgres::config::Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
            #[cfg(unix)]
            postgres::config::Host::Unix(_) => true,
        });
        match local || config.get_ssl_mode() == postgres::config::SslMode::Require {
            true => Ok(Self::Server(Box::new(config))),
            false => Err(LocationError::InTheClear),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown_and_do_not_leave_in_the_clear() {
        let local: Location = "postgresql://b:secret@localhost/trial".parse().unwrap();
        assert_eq!(local.to_string(), "postgresql trial at localhost");
        assert!(!format!("{local:?}").contains("secret"));
        let remote = "postgresql://b:secret@db.example/trial";
        assert_eq!(remote.parse::<Location>().err(), Some(LocationError::InTheClear));
        assert!(format!("{remote}?sslmode=require").parse::<Location>().is_ok());
        assert!(matches!("custodian.sqlite".parse(), Ok(Location::File(_))));
        let malformed = "postgresql://b:secret@localhost:port/trial".parse::<Location>().unwrap_err();
        assert!(!malformed.to_string().contains("secret"), "{malformed}");
    }
}
