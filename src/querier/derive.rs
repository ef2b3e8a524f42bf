//! What follows from a querier's secret key: seeds of queries, the key of kept verdicts.

use std::borrow::Cow;

use crate::remedy::Remedy;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// What derived bytes are for: bytes for one purpose tell nothing of those for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Seeds the generation of a pair of keys.
    Keys,
    /// Seeds one query.
    Query,
    /// Encrypts kept verdicts.
    Verdicts,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Keys => b"keys",
            Self::Query => b"query",
            Self::Verdicts => b"verdicts",
        }
    }
}

/// HKDF refused a length. It refuses outputs of more than 8,160 bytes alone; ours have 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no bytes could be derived from the secret key")]
pub struct Underivable;

impl Remedy for Underivable {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        Some("report this as a fault of cotejo".into())
    }
}

/// HKDF-SHA256 (RFC 5869) with the salt `cotejo querier v1`. The info is the purpose and each part of the context, each behind its length
/// in eight bytes, least significant first: no two contexts have the same info.
pub(super) fn derive(secret: &[u8], purpose: Purpose, context: &[&[u8]]) -> Result<Zeroizing<[u8; 32]>, Underivable> {
    let parts = [purpose.label()].into_iter().chain(context.iter().copied());
    let mut info = Vec::new();
    for part in parts {
        info.extend_from_slice(&(part.len() as u64).to_le_bytes());
        info.extend_from_slice(part);
    }
    let mut derived = Zeroizing::new([0; 32]);
    let filled = Hkdf::<Sha256>::new(Some(b"cotejo querier v1"), secret).expand(&info, derived.as_mut());
    filled.map(|()| derived).map_err(|_| Underivable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_and_each_context_has_bytes_of_its_own() {
        let of = |secret: &[u8], purpose, context: &[&[u8]]| *derive(secret, purpose, context).unwrap();
        let all = [
            of(b"secret", Purpose::Keys, &[b"ab", b"c"]),
            of(b"secret", Purpose::Query, &[b"ab", b"c"]),
            of(b"secret", Purpose::Verdicts, &[b"ab", b"c"]),
            of(b"secret", Purpose::Keys, &[b"a", b"bc"]),
            of(b"secret", Purpose::Keys, &[b"ab", b"c", b""]),
            of(b"Secret", Purpose::Keys, &[b"ab", b"c"]),
        ];
        for (index, bytes) in all.iter().enumerate() {
            assert!(!all[index + 1..].contains(bytes), "{index}");
        }
        assert_eq!(all[0], of(b"secret", Purpose::Keys, &[b"ab", b"c"]));
    }

    /// By Python's hmac and hashlib, from RFC 5869, section 2.
    #[test]
    fn it_is_hkdf_sha256() {
        let derived = derive(b"secret", Purpose::Query, &[b"ab"]).unwrap();
        assert_eq!(hex::encode(derived), "d0313d590f1ccc40b4c19a97ee97633a49bccd21d0b1fc6b9df779b45a62ae7a");
    }
}
