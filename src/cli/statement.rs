//! Signed statements in files: consents and orders, which go from one person to another.

use std::path::Path;

use crate::service::signing::{Signed, Statement};

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
