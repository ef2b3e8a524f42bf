//! Encrypted hit/no-hit between two authorities.
pub mod open_iris;
pub mod template;
