//! Encrypted hit/no-hit between two authorities.
pub mod agreement;
pub mod custodian;
pub mod functional;
pub mod open_iris;
pub mod parameters;
pub mod querier;
pub mod scheme;
pub mod template;
pub mod wire;
