//! Where a private key is: in a file, or in a token.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::uri::{TokenUri, UriError};

/// Where a private key is.
#[derive(Clone)]
pub enum KeySource {
    /// In a file, perhaps under a passphrase.
    File(PathBuf),
    /// In a token, which it never leaves.
    Token(Arc<TokenUri>),
}

impl KeySource {
    /// What a configuration or an argument names: a URI that begins with `pkcs11:`, or the path of a file.
    pub fn of(named: &Path) -> Result<Self, UriError> {
        match named.to_str() {
            Some(text) if TokenUri::is_meant(text) => Ok(Self::Token(Arc::new(text.parse()?))),
            _ => Ok(Self::File(named.to_owned())),
        }
    }

    /// Names it in messages; no secret.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Token(uri) => uri.to_string(),
        }
    }
}
