//! What a custodian works with: lent for a command, or shared by a server.

use std::ops::Deref;
use std::sync::Arc;

/// Something lent, or shared.
pub enum Held<'a, T> {
    /// Somebody else's.
    Borrowed(&'a T),
    /// One of several owners'.
    Shared(Arc<T>),
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Borrowed(held) => held,
            Self::Shared(held) => held,
        }
    }
}

impl<'a, T> From<&'a T> for Held<'a, T> {
    fn from(held: &'a T) -> Self {
        Self::Borrowed(held)
    }
}

impl<T> From<Arc<T>> for Held<'_, T> {
    fn from(held: Arc<T>) -> Self {
        Self::Shared(held)
    }
}
