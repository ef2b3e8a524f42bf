//! Private keys that never leave a token: a hardware security module, a smart card, SoftHSM; by PKCS #11 (OASIS, version 2.40 and later).
//!
//! ```text
//! uri ──► module ──► device: session, login, key ──► keeper: its thread ──► signing (Ed25519), tls, certificate
//!                      └─ pin
//! ```

mod certificate;
mod device;
mod keeper;
mod module;
mod pin;
mod public;
mod signing;
mod source;
mod tls;
mod trouble;
mod uri;

pub use certificate::Certifiable;
pub use keeper::Keeper;
pub use module::end;
pub use signing::signing_key;
pub use source::KeySource;
pub use tls::tls_key;
pub use uri::UriError;
