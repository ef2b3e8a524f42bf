//! The password of a PostgreSQL database, where it stands apart from the connection string.

use std::path::{Path, PathBuf};

use crate::service::store::{Location, LocationError};
use zeroize::Zeroizing;

use super::failure::Failure;
use super::files;

/// Where the password of a database is that does not stand in its connection string.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Password {
    /// The file with the database's password: it stands in no command line
    #[arg(long = "database-password-file", value_name = "FILE", conflicts_with = "env")]
    pub file: Option<PathBuf>,
    /// The environment variable with the database's password
    #[arg(long = "database-password-env", value_name = "NAME")]
    pub env: Option<String>,
}

/// Longest password of a database, in bytes.
const PASSWORD_LIMIT_BYTES: u64 = 4096;

impl Password {
    /// The option that says where it is, if one does.
    pub fn option(&self) -> Option<&'static str> {
        let file = self.file.as_ref().map(|_| "--database-password-file");
        file.or(self.env.as_ref().map(|_| "--database-password-env"))
    }

    /// The location with its password; `place` has named both.
    pub fn complete(&self, location: Location, place: &Path) -> Result<Location, Failure> {
        let Some(password) = self.read(place)? else { return Ok(location) };
        let refused = |error| Failure::of(place, &error, "correct 'database'");
        location.with_password(&password).map_err(refused)
    }

    /// The location that an option of the command line names, with its password, which does not stand there itself: everybody on this machine
    /// can read it. `otherwise` is what to do about another text.
    pub fn complete_option(&self, text: &str, option: &str, otherwise: &str) -> Result<Location, Failure> {
        let place = Path::new(option);
        let location: Result<Location, LocationError> = text.parse();
        let location = location.map_err(|error| Failure::of(place, &error, otherwise))?;
        match location.holds_password() {
            true => Err(Failure::at(
                place,
                "a password in the command line, which everybody on this machine can read",
                "take it out, and give --database-password-file or --database-password-env",
            )),
            false => self.complete(location, place),
        }
    }

    fn read(&self, place: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let one = "name a file with one line, or an environment variable that holds it";
        let (mut password, place) = match (&self.file, &self.env) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(Failure::at(
                    place,
                    "a file and an environment variable for one password",
                    "name one of them",
                ));
            }
            (Some(file), None) => (files::read_secret(file, PASSWORD_LIMIT_BYTES)?, file.clone()),
            (None, Some(name)) => match std::env::var(name) {
                Ok(password) => (Zeroizing::new(password.into_bytes()), place.to_owned()),
                Err(_) => {
                    return Err(Failure::at(place, format_args!("the environment variable {name} holds no text"), one));
                }
            },
        };
        while password.last().is_some_and(|last| b"\r\n".contains(last)) {
            password.pop();
        }
        match password.is_empty() || password.contains(&b'\n') || password.contains(&0) {
            true => Err(Failure::at(&place, "not a password: one line, not empty", one)),
            false => Ok(Some(password)),
        }
    }
}
