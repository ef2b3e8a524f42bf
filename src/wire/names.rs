//! What names a key, a query, the content of a gallery.

use serde::{Deserialize, Serialize};

/// Names one querier's keys: the first 16 bytes of the SHA-256 of the evaluation key's payload.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 16]);

/// Names one query; random.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QueryId(pub [u8; 16]);

/// Names the content of a gallery in the answers that were made from it: another after any change.
///
/// # Security
///
/// The first bytes of a hash over the gallery's file, in which there are random bytes (`Gallery::enrol_salted`): to whoever has no copy of
/// the file it says whether two answers come from the same version, and nothing else. Who is exempt is no part of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GalleryVersion(pub [u8; 8]);

macro_rules! hexadecimal {
    ($($id:ty),*) => {$(
        impl std::fmt::Display for $id {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl std::fmt::Debug for $id {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($id), "({})"), self)
            }
        }
    )*};
}
hexadecimal!(KeyId, QueryId, GalleryVersion);

/// Not the name of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a version of a gallery is named by 16 hexadecimal digits, as 'cotejo decrypt' and 'cotejo gallery list' print it"
)]
pub struct NoVersion;

impl std::str::FromStr for GalleryVersion {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let mut name = [0; 8];
        hex::decode_to_slice(text, &mut name).map_err(|_| NoVersion)?;
        Ok(Self(name))
    }
}
