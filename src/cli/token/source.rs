//! Where a private key is: in a file, or in a token.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::uri::{TokenUri, UriError};
use crate::cli::files::exposure::Kept;

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

    /// The file that it stands in, if it does.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Token(_) => None,
        }
    }

    /// The files that it is read from or reached by, and what others may not do with them.
    pub fn files(&self) -> Vec<(PathBuf, Kept)> {
        match self {
            Self::File(path) => vec![(path.clone(), Kept::Private)],
            // Who can put another library in the module's place gets the PIN, and what the key signs.
            Self::Token(uri) => {
                let pin = uri.pin.iter().map(|pin| (pin.clone(), Kept::Private));
                std::iter::once((uri.module.clone(), Kept::Ours)).chain(pin).collect()
            }
        }
    }
}
