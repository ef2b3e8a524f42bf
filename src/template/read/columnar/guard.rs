//! Decoders of others, kept from ending the program.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::super::ContainerFault;
use super::super::error::ReadError;
use super::super::names::shortened;

/// So many characters of what a decoder says are passed on.
const REASON_CHARACTERS: usize = 160;

/// What a decoder of another crate makes of a file that may be damaged. That it panics is the last resort: what a file declares is looked at
/// before.
pub(super) fn guarded<T, E: Display>(
    format: &'static str,
    decode: impl FnOnce() -> Result<T, E>,
) -> Result<T, ReadError> {
    // What is half-done after a panic is not used again: the error ends the reading.
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(decoded)) => Ok(decoded),
        Ok(Err(error)) => Err(unreadable(format, error)),
        Err(_) => Err(unreadable(format, "its decoder has failed")),
    }
}

/// A file that cannot be read, with what is said of it.
pub(super) fn unreadable(format: &'static str, reason: impl Display) -> ReadError {
    let reason = reason.to_string().chars().filter(|c| !c.is_control()).take(REASON_CHARACTERS).collect();
    ContainerFault::Unreadable { format, reason }.into()
}

/// Two columns that are called alike.
pub(super) fn two(first: &str, second: &str) -> super::super::Two {
    super::super::Two { first: shortened(first), second: shortened(second) }
}
