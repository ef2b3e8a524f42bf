//! Which persons with which references are in a version of a gallery: one root that commits to all of it, and proofs that a person is
//! in it, or is not, which tell of nobody else.
//!
//! ```text
//! custodian                                              anybody who has the root
//!   persons, secret ──► index of each, leaf of each ──► root
//!                  ╰──► path to where an id belongs ──► Proofs ──► verify: enrolled, or not
//! ```
//!
//! - `index`: where an id belongs, 128 bits that nobody can compute without the custodian, and that the custodian can prove.
//! - `node`: what is hashed, SHA-256, a label for each kind.
//! - `tree`: the tree over all persons, its root and its paths.
//! - `proof`: a proof as a file, and who believes it.
//!
//! docs/protocol.md says why it works, SECURITY.md what a proof tells and what it does not.

mod index;
mod node;
mod proof;
mod tree;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use node::{Kept, of_reference};
pub use proof::{LIMIT_BYTES, Proof, ProofError, Proofs, Proven, Standing};
pub use tree::{CommitError, Persons, Secret, prove, root};

macro_rules! hexadecimal {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(pub [u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl FromStr for $name {
            type Err = NotHexadecimal;

            fn from_str(text: &str) -> Result<Self, NotHexadecimal> {
                let mut bytes = [0; 32];
                // One text for one value: digits in upper case are another.
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) if hex::encode(bytes) == text => Ok(Self(bytes)),
                    _ => Err(NotHexadecimal),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotHexadecimal;

            fn try_from(text: String) -> Result<Self, NotHexadecimal> {
                text.parse()
            }
        }
    };
}

/// Not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 64 hexadecimal digits in lower case")]
pub struct NotHexadecimal;

hexadecimal!(
    /// Commits to a version of a gallery: who is in it, each with which references, under which agreement. SHA-256.
    Root
);
hexadecimal!(
    /// 32 bytes of a proof: a hash, a number that hides another, a point or a scalar of ristretto255.
    #[derive(Default)]
    Bytes
);

#[cfg(test)]
mod tests;
