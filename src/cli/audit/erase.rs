//! `cotejo audit erase`: contents go when their time is over; the chain stays.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::service::audit::{Consent, Measure, Order, RETENTION_DAYS};
use crate::service::signing::Signed;
use crate::service::time::Time;
use serde_json::json;

use super::entries;
use super::owned;
use super::source::{self, Database, Place};
use crate::cli::console::{Console, YesArg, count};
use crate::cli::database_password::Password;
use crate::cli::failure::Failure;
use crate::cli::operator::{self, Beside, OperatorArgs};
use crate::cli::{Outcome, party, statement};

/// Erase what a log tells of requests that are too old to be kept
#[derive(clap::Args)]
#[command(after_help = "\
Contents go; digests, hashes and signatures stay, so the log can still be checked. An entry is added that tells what was erased and is \
signed with the owner's key. Three years are the least, and the rule (Regulation (EU) 2024/982, Art. 40); what is younger goes with the \
consent of every other party alone ('cotejo audit consent'). Export the log first where an inquiry still needs it: nothing brings contents \
back.

Where the custodian has registered operators ([[operator]]), two of them order it, each with a key of their own: the first writes an \
order (--out), the second gives both to the running server, within a day.

Example:
  cotejo audit erase --database cotejo.sqlite --signing-key signing.key --older-than 1096d
  cotejo audit erase --database cotejo.sqlite --signing-key signing.key --before 2026-12-01T00:00:00.000Z --consent theirs.json
  cotejo audit erase --operator anna --key anna/signing.key --out erase.json
  cotejo audit erase --operator bert --key bert/signing.key --order erase.json")]
pub struct Args {
    /// The database that holds the log: an SQLite file, or postgresql://... of a PostgreSQL server
    #[arg(long, value_name = "LOCATION", required_unless_present = "operator", conflicts_with = "operator")]
    database: Option<String>,
    #[command(flatten)]
    password: Password,
    /// The log owner's signing key: a file, or the URI of one in a token (pkcs11:...)
    #[arg(long, value_name = "FILE", required_unless_present = "operator", conflicts_with = "operator")]
    signing_key: Option<PathBuf>,
    /// With --operator: the custodian's configuration
    #[arg(long, value_name = "FILE", requires = "operator", default_value = "custodian.toml")]
    config: PathBuf,
    #[command(flatten)]
    operator: OperatorArgs,
    /// The order of another operator, which says from before when
    #[arg(long, value_name = "FILE", group = "moment", requires = "operator", conflicts_with = "older_than")]
    order: Vec<PathBuf>,
    /// How old: days (1096d) or years (3y)
    #[arg(long, value_name = "AGE", default_value = "1096d")]
    older_than: Age,
    /// From before when, instead of an age: as in the consents
    #[arg(long, value_name = "TIME", group = "moment", conflicts_with = "older_than")]
    before: Option<Time>,
    /// The consent of another party to erase what is younger than three years: one of each
    #[arg(long, value_name = "FILE", requires = "moment")]
    consent: Vec<PathBuf>,
    #[command(flatten)]
    yes: YesArg,
}

/// An age in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Age {
    days: u32,
}

impl FromStr for Age {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let days = |text: &str| text.parse::<u32>().ok().filter(|number| (1..=36_525).contains(number));
        let days = match (text.strip_suffix('d'), text.strip_suffix('y')) {
            (Some(number), _) => days(number),
            // Years of 365.25 days, rounded up: no leap year makes an entry go too early.
            (None, Some(number)) => days(number).filter(|years| *years <= 100).map(|years| (years * 1461).div_ceil(4)),
            (None, None) => None,
        };
        days.map(|days| Self { days }).ok_or("not an age; write days as 1096d or years as 3y")
    }
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let Age { days } = self.older_than;
        if self.before.is_none() && days < RETENTION_DAYS {
            return Err(Failure::new(
                "--older-than",
                format_args!("{} is less than the three years for which a log is kept", count(days as usize, "day")),
                format_args!(
                    "give {RETENTION_DAYS}d or more; what is younger goes with the consent of every other party (--before, --consent)"
                ),
            ));
        }
        let consents = self.consent.iter().map(|path| statement::read(path, statement::CONSENT));
        let consents = consents.collect::<Result<Vec<_>, _>>()?;
        let orders: Vec<Signed<Order>> =
            self.order.iter().map(|path| statement::read(path, operator::MADE)).collect::<Result<_, _>>()?;
        let ordered = orders.first().and_then(|order| match order.verify(None).ok()?.measure {
            Measure::Erase { before } => Some(before),
            Measure::Breaker { .. } => None,
        });
        if ordered.is_none()
            && let Some(path) = self.order.first()
        {
            return Err(Failure::at(path, "not an order to erase", operator::MADE));
        }
        let before = ordered.or(self.before).unwrap_or_else(|| party::now().minus_days(days).second());
        if self.operator.is_given() {
            let question =
                format!("{}: erase for good what the log tells from before {before}?", self.config.display());
            console.confirm(question, self.yes)?;
            let beside = Beside { orders, consents };
            return self.operator.order(&self.config, Measure::Erase { before }, beside, console);
        }
        let place = Place::Database(self.database());
        console.confirm(format_args!("{place}: erase for good what it tells from before {before}?"), self.yes)?;
        let erased = self.erase(before, &consents)?;
        console.written(
            format_args!("{place}: erased the contents of {} from before {before}", entries(erased)),
            &json!({ "database": place.to_string(), "before": before, "erased": erased }),
        )?;
        Ok(Outcome::Done)
    }

    fn database(&self) -> Database<'_> {
        // Where no operator is named, it is required.
        Database { location: self.database.as_deref().unwrap_or_default(), password: &self.password }
    }

    /// Erases the contents of entries from before a time, and adds the entry that tells of it; how many contents went.
    fn erase(&self, before: Time, consents: &[Signed<Consent>]) -> Result<u64, Failure> {
        let key = self.signing_key.as_deref().unwrap_or(Path::new(""));
        let erased = owned::journal(self.database(), key)?.erase(before, consents, &[], party::now());
        Ok(erased.map_err(|error| source::failure(self.database(), &error))?.contents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_days_or_years() {
        let days = |text: &str| text.parse::<Age>().map(|age| age.days);
        assert_eq!((days("1096d"), days("3y"), days("1y"), days("4y")), (Ok(1096), Ok(1096), Ok(366), Ok(1461)));
        for text in ["", "d", "3", "0d", "-1d", "3 y", "1.5y", "101y", "4294967295d", "99999999999d"] {
            assert!(days(text).is_err(), "{text}");
        }
    }
}
