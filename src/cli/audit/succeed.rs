//! `cotejo keys succeed`: another key signs from now on, introduced by the one of before.

use std::path::PathBuf;

use serde_json::json;

use super::owned::OwnedArgs;
use super::source::{self, Database, Place};
use crate::cli::console::{Console, YesArg};
use crate::cli::failure::Failure;
use crate::cli::{Outcome, load, party};
use crate::service::audit::{Role, Whose};
use crate::service::signing::PublicKey;
use crate::service::store::{Custody, LogReader, Outbox, Owner, StoreError};

/// Have another key sign from now on, introduced by the one of before: for the log, and for the other party
#[derive(clap::Args)]
#[command(after_help = "\
Stop the server first. The log tells of it, and goes on with the new key; 'cotejo audit verify' follows from one to the other, whichever of \
them it is given. What is printed goes to the other party, with the new signing.pub: as 'succession' beside 'signing_key' in its \
configuration. Printed again where it was done before.

Example:
  cotejo certificates signing-key --out b/next
  cotejo keys succeed --database b/custodian.sqlite --signing-key b/signing.key --successor b/next/signing.key > b/succession.json")]
pub struct Args {
    #[command(flatten)]
    log: OwnedArgs,
    /// The key from now on
    #[arg(long, value_name = "FILE")]
    successor: PathBuf,
    #[command(flatten)]
    yes: YesArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let database = self.log.database();
        let failed = |error: StoreError| source::failure(database, &error);
        let Whose { party, role } =
            LogReader::open(source::parse(database)?).and_then(|mut log| log.owner()).map_err(failed)?;
        let key = self.log.key()?;
        let successor = party::signing_key("--successor", &self.successor)?;
        let public = successor.public();
        let unfit = |what: &str| Failure::new("--successor", what, "make another ('cotejo certificates signing-key')");
        if key.public() == public {
            return Err(unfit("it is the key of before"));
        }
        let (place, rng) = (Place::Database(database), Box::new(load::randomness()?));
        let done = match bound_to(database, &public)? {
            Some(statements) => statements,
            None => {
                console.confirm(
                    format_args!("{place}: sign with {public} from now on, and never again with {}?", key.public()),
                    self.yes,
                )?;
                let owner = Owner { party, role, key };
                let now = party::now();
                let done = match role {
                    Role::Custodian => Custody::open(source::parse(database)?, owner, rng)
                        .and_then(|custody| custody.succeed(&successor, now)),
                    Role::Querier => Outbox::open(source::parse(database)?, owner, rng, now)
                        .and_then(|outbox| outbox.succeed(&successor, now)),
                };
                let done = done.map_err(|error| match error {
                    StoreError::Operators => unfit("it is an operator's key"),
                    error => failed(error),
                });
                done?.iter().map(|statement| statement.to_json()).collect()
            }
        };
        console.note(format_args!(
            "{place}: signed with {public} from now on: name it as signing_key, and send the other party what was printed, and its signing.pub"
        ));
        console.result(done.join("\n"), &json!({"database": place.to_string(), "key": public, "statements": done}))?;
        Ok(Outcome::Done)
    }
}

/// What has introduced this key, where the database is bound to it already.
fn bound_to(database: Database<'_>, public: &PublicKey) -> Result<Option<Vec<String>>, Failure> {
    let mut reader = LogReader::open(source::parse(database)?).map_err(|error| source::failure(database, &error))?;
    reader.introductions(public).map_err(|error| source::failure(database, &error))
}
