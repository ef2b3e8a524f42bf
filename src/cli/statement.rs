//! Signed statements in files: consents, orders and successions of keys, which go from one person to another.

use std::path::Path;

use crate::service::audit::{Consent, Measure, Order, Succession};
use crate::service::signing::{PublicKey, Signed, Statement, StatementError};

use super::failure::Failure;
use super::files::{self, Access, Output};

/// How a consent is made.
pub const CONSENT: &str = "have it made with 'cotejo audit consent'";
/// Longest file of a statement, in bytes.
const LIMIT_BYTES: u64 = 1 << 16;

/// Reads a statement whose signature is its signer's, whoever that is; `remedy` says how one is made.
pub fn read<T: Statement>(path: &Path, remedy: &str) -> Result<Signed<T>, Failure> {
    let bytes = files::read_at_most(path, LIMIT_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::at(path, "not a text", remedy))?;
    let signed = Signed::<T>::from_json(text.trim_end()).map_err(|error| Failure::at(path, error, remedy))?;
    signed.verify(None).map_err(|error| Failure::at(path, error, remedy))?;
    Ok(signed)
}

/// Writes a statement.
pub fn write<T: Statement>(path: &Path, signed: &Signed<T>, force: bool) -> Result<(), Failure> {
    let text = format!("{}\n", signed.to_json());
    files::write(&[Output { path, bytes: text.as_bytes(), access: Access::Shared }], force)
}

/// A statement of a file in words.
pub struct Said {
    pub kind: &'static str,
    pub words: String,
    pub signer: PublicKey,
}

/// What the statements of a file say, one a line; none where it holds something else.
pub fn said(text: &str) -> Option<Result<Vec<Said>, StatementError>> {
    let lines: Option<Vec<&str>> = text.lines().map(|line| is_signed(line).then_some(line)).collect();
    let lines = lines.filter(|lines| !lines.is_empty())?;
    Some(lines.into_iter().map(said_by).collect())
}

fn is_signed(line: &str) -> bool {
    // Whatever it says: that is a text within.
    Signed::<Order>::from_json(line).is_ok()
}

/// What one says. Of which kind it is, its signature tells.
fn said_by(line: &str) -> Result<Said, StatementError> {
    stated(line, |order: &Order| {
        let measure = match &order.measure {
            Measure::Breaker { pulled: true, reason } => format!("pull the breaker ({})", reason.as_str()),
            Measure::Breaker { pulled: false, reason } => format!("reset the breaker ({})", reason.as_str()),
            Measure::Erase { before } => format!("erase what the log holds from before {before}"),
        };
        format!("operator {} to {}, at {}: {measure}", order.operator, order.custodian, order.time)
    })
    .or_else(|_| {
        stated(line, |consent: &Consent| {
            let Consent { party, owner, role, before, reason, time } = consent;
            let what = format!("erasing what the log of {owner} ({role}) holds from before {before}");
            format!("{party}, at {time}: to {what} ({})", reason.as_str())
        })
    })
    .or_else(|_| {
        stated(line, |succession: &Succession| {
            let Succession { party, role, successor, time, .. } = succession;
            format!("{party} ({role}), at {time}: signs with {successor} from now on")
        })
    })
}

fn stated<T: Statement>(line: &str, words: impl Fn(&T) -> String) -> Result<Said, StatementError> {
    let signed = Signed::<T>::from_json(line)?;
    let words = words(&signed.verify(None)?);
    Ok(Said { kind: T::KIND, words, signer: signed.signer() })
}
