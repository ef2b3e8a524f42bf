//! How asking ended, as the exit code tells, and why a request is not finished.

use std::path::Path;

use crate::agreement::Code;
use crate::remedy::Remedy;
use crate::service::client::{AskError, ClientError};
use serde::Serialize;

use crate::cli::failure::{Cause, Failure};

/// How asking ended. 2 is an error, 130 an interruption, as for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Ending {
    /// All verdicts are here, and some are hits.
    Hit = 0,
    /// All verdicts are here, and none is a hit.
    NoHit = 1,
    /// Nothing of a request: its command line, a file, the database, a signature.
    Error = 2,
    /// Every request was finished before.
    NothingToResume = 3,
    /// There is no reply yet. The request is kept.
    Waiting = 4,
    /// The custodian refused. The request is kept.
    Refused = 5,
    /// The custodian has replied without an answer.
    Unanswered = 6,
    /// There are no verdicts to be told again: they were forgotten.
    Forgotten = 7,
    /// Verdicts on some requests are here; others ended otherwise.
    Partly = 8,
}

/// For `--help`.
pub const CODES: &str = "\
Ends like grep, and says more where there is no verdict:
  0  some hit                              5  refused by the custodian; kept
  1  no hit                                6  replied to without an answer
  2  error                                 7  no verdicts are kept: forgotten
  3  nothing to resume                     8  verdicts on some requests, not on others
  4  no reply yet; kept                    130  interrupted; kept";

impl Ending {
    /// The exit code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Of several requests in one.
    pub fn of_all(endings: &[Self]) -> Self {
        let told = |ending: &&Self| matches!(ending, Self::Hit | Self::NoHit);
        let untold = endings.iter().find(|ending| !told(ending));
        match (untold, endings.iter().any(|ending| told(&ending))) {
            (Some(_), true) => Self::Partly,
            (Some(untold), false) => *untold,
            (None, _) if endings.contains(&Self::Hit) => Self::Hit,
            (None, true) => Self::NoHit,
            (None, false) => Self::NothingToResume,
        }
    }
}

/// A request that has no verdicts: how it ended, and why.
pub struct Untold {
    pub ending: Ending,
    pub why: Failure,
}

impl From<Failure> for Untold {
    fn from(why: Failure) -> Self {
        Self { ending: Ending::Error, why }
    }
}

impl Untold {
    /// A request that cannot be gone on with now.
    pub fn of(error: &AskError, number: &Code) -> Self {
        let ending = match error {
            AskError::Client(ClientError::Refused(_)) | AskError::Lost(_) => Ending::Refused,
            AskError::Client(ClientError::Unreachable { .. }) => Ending::Waiting,
            AskError::Abandoned(_) => Ending::Forgotten,
            _ => Ending::Error,
        };
        Self { ending, why: explain(error, number) }
    }

    /// Whether it is of no use to go on with other requests now.
    pub fn is_final(&self) -> bool {
        self.ending == Ending::Waiting || !matches!(self.why, Failure::Problem(_))
    }
}

/// Why a request is not finished, and how to go on.
fn explain(error: &AskError, number: &Code) -> Failure {
    let go_on = format!("cotejo ask --resume {number}");
    match error {
        AskError::Stopped => Failure::Paused(format!("request {number} is kept; go on with: {go_on}")),
        AskError::Client(ClientError::Refused(refusal)) => {
            let remedy = match (&refusal.capacity_returns, refusal.status) {
                (Some(when), _) => format!("after {when}: {go_on}"),
                (None, 429 | 503) => format!("later: {go_on}"),
                (None, _) => format!("mend that, then: {go_on}"),
            };
            Failure::new(
                format_args!("request {number}"),
                format_args!("refused by the custodian ({}): {}", refusal.kind, refusal.detail),
                format_args!("{remedy} ({})", refusal.instance),
            )
        }
        AskError::Client(error) => match client_failure(error) {
            Failure::Problem(problem) => {
                let remedy = format!("{}; then: {go_on}", problem.remedy);
                Failure::new(problem.place, problem.what, remedy).because(problem.cause)
            }
            other => other,
        },
        AskError::Abandoned(_) => abandoned(number),
        AskError::Unknown(_) => {
            Failure::new(format_args!("request {number}"), error, "without --resume a new request is made")
        }
        _ => Failure::of(Path::new(&format!("request {number}")), error, &go_on).because(Cause::Service),
    }
}

/// There is no such request.
pub fn unknown(flag: &str, number: &Code) -> Failure {
    let remedy = "'cotejo ask --resume' alone goes on with all that was not finished";
    Failure::new(flag, format_args!("there is no request number '{number}' here"), remedy)
}

/// There is nothing to be told yet.
pub fn not_told(number: &Code) -> Failure {
    let what = "its verdicts are not here yet";
    Failure::new(format_args!("request {number}"), what, format_args!("cotejo ask --resume {number}"))
}

/// Nobody goes on with it.
pub fn abandoned(number: &Code) -> Failure {
    Failure::new(format_args!("request {number}"), "it was abandoned", "make a new request")
}

/// There is nothing to be told any more.
pub fn forgotten(number: &Code) -> Failure {
    let what = "no verdicts are kept: they were forgotten, or told before verdicts were kept, or there was no answer";
    Failure::new(format_args!("request {number}"), what, "make a new request")
}

/// A call that failed.
pub fn client_failure(error: &ClientError) -> Failure {
    let failure = match error {
        ClientError::Refused(refusal) => Failure::new(
            "the custodian",
            format_args!("refused ({}): {}", refusal.kind, refusal.detail),
            format_args!("mend that, and try again ({})", refusal.instance),
        ),
        ClientError::Unreachable { base, .. }
        | ClientError::Certificate { base, .. }
        | ClientError::NoService { base, .. } => {
            let text = error.to_string();
            let what = text.strip_prefix(base.as_str()).unwrap_or(&text).trim_start_matches([' ', ':']);
            Failure::new(base, what, error.remedy().unwrap_or("try again".into()))
        }
        ClientError::Key(error) => Failure::new("[tls] key", error, error.remedy().unwrap_or_default()),
        _ => Failure::new("the custodian", error.in_full(), "use the version of cotejo that the custodian uses"),
    };
    failure.because(Cause::Service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_requests_end_as_the_least_of_them_and_never_as_if_all_were_told() {
        use Ending as E;
        for (endings, expected) in [
            (&[][..], E::NothingToResume),
            (&[E::NoHit, E::Hit], E::Hit),
            (&[E::NoHit, E::NoHit], E::NoHit),
            (&[E::Hit, E::Waiting], E::Partly),
            (&[E::Refused, E::NoHit], E::Partly),
            (&[E::Hit, E::Error], E::Partly),
            (&[E::Unanswered, E::Waiting], E::Unanswered),
            (&[E::Error], E::Error),
        ] {
            assert_eq!(Ending::of_all(endings), expected, "{endings:?}");
        }
    }
}
