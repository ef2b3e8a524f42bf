//! Encrypted hit/no-hit between two authorities.
pub mod template;
