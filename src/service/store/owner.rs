//! Whose database it is.

use crate::agreement::Code;
use crate::service::audit::Role;
use crate::service::signing::{Signed, SigningKey, Statement};

use super::StoreError;

/// Whose log it is: name, role, and the key that signs its entries.
pub struct Owner {
    /// The code under which the other party knows it.
    pub party: Code,
    /// Whether it is asked or asks.
    pub role: Role,
    /// Signs entries and statements.
    pub key: SigningKey,
}

impl Owner {
    /// A statement of this owner's; `what` it is, where it could not be one.
    pub(super) fn sign<T: Statement>(&self, statement: &T, what: &'static str) -> Result<Signed<T>, StoreError> {
        Signed::new(statement, &self.key).map_err(|error| StoreError::unsigned(error, what))
    }
}
