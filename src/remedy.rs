//! What to do about an error.

use std::borrow::Cow;
use std::error::Error;

/// An error that knows what can be done about it.
///
/// Its text says what is wrong and no more. What to do next stands apart, so that each place where errors are read puts it where it belongs.
/// It speaks of files and fields, never of a command's options: those are the business of whoever offers them.
pub trait Remedy: Error {
    /// What to do next; none where that depends on where the error came up.
    fn remedy(&self) -> Option<Cow<'static, str>>;

    /// In one line, for a log or a list: what is wrong; what to do next.
    fn in_full(&self) -> String {
        match self.remedy() {
            Some(remedy) => format!("{self}; {remedy}"),
            None => self.to_string(),
        }
    }
}
