//! Whose database it is.

use crate::agreement::Code;
use crate::service::audit::Role;
use crate::service::signing::SigningKey;

/// Whose log it is: name, role, and the key that signs its entries.
pub struct Owner {
    /// The code under which the other party knows it.
    pub party: Code,
    /// Whether it is asked or asks.
    pub role: Role,
    /// Signs entries and statements.
    pub key: SigningKey,
}
