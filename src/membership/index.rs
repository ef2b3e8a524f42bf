//! Where an id belongs in the tree: a verifiable pseudorandom function of it, in ristretto255.
//!
//! With x = H(id) and the custodian's secret k, the point is y = (k + x)^-1 T for a fixed point T, and the index a hash of y and the id.
//! Given the public key K = k G there is one such y, and a proof that log_G(K + x G) = log_y(T) shows it (Chaum and Pedersen). This is
//! the function of Dodis and Yampolskiy as RFC 9497 evaluates it (section 3.3.3, POPRF), with the id as the public input and nothing
//! blinded: one multiplication of a fixed point an id, where a function that multiplies a point of its own for each would take three
//! times as long.

use std::sync::LazyLock;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_TABLE;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoBasepointTable, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest as _, Sha512};
use zeroize::Zeroize as _;

use super::Bytes;
use super::node::{Index, hash};

/// T: nobody knows its logarithm.
static FIXED: LazyLock<(RistrettoPoint, RistrettoBasepointTable)> = LazyLock::new(|| {
    let point = RistrettoPoint::from_uniform_bytes(&wide(b"cotejo index fixed point v1", &[]));
    (point, RistrettoBasepointTable::create(&point))
});

fn wide(label: &[u8], parts: &[&[u8]]) -> [u8; 64] {
    let hash = Sha512::new().chain_update(label).chain_update([0]);
    parts.iter().fold(hash, |hash, part| hash.chain_update(part)).finalize().into()
}

fn scalar(label: &[u8], parts: &[&[u8]]) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&wide(label, parts))
}

fn of_id(id: &str) -> Scalar {
    scalar(b"cotejo index id v1", &[id.as_bytes()])
}

fn index(point: &Bytes, id: &str) -> Index {
    let digest = hash(b"cotejo index", &[&point.0, id.as_bytes()]);
    Index::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
}

/// What indices are made with. Wiped on drop.
pub(super) struct IndexKey {
    secret: Scalar,
    public: Bytes,
}

impl Drop for IndexKey {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// Shows that an index is the one of its id.
#[derive(Clone, Copy)]
pub(super) struct IndexProof {
    pub point: Bytes,
    pub challenge: Bytes,
    pub response: Bytes,
}

impl IndexKey {
    /// From a secret of 32 bytes.
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        let secret = scalar(b"cotejo index key v1", &[secret]);
        let public = (&secret * RISTRETTO_BASEPOINT_TABLE).compress().to_bytes();
        Self { secret, public: Bytes(public) }
    }

    /// What proofs are checked with.
    pub(super) fn public(&self) -> Bytes {
        self.public
    }

    /// Indices of ids, in their order. Faster for many at once than one by one.
    pub(super) fn indices(&self, ids: &[&str]) -> Vec<Index> {
        // Half of each, because all are doubled in the end, which compresses many points with one inversion.
        let mut scalars: Vec<Scalar> = ids.iter().map(|id| (self.secret + of_id(id)) * Scalar::from(2_u8)).collect();
        // None is zero but with a chance of 2^-252; then two ids would meet, and the tree says so.
        Scalar::invert_batch_alloc(&mut scalars);
        let halves: Vec<RistrettoPoint> = scalars.iter().map(|scalar| scalar * &FIXED.1).collect();
        scalars.zeroize();
        let points = RistrettoPoint::double_and_compress_batch(&halves);
        points.iter().zip(ids).map(|(point, id)| index(&Bytes(point.to_bytes()), id)).collect()
    }

    /// The index of an id, and what shows that it is.
    pub(super) fn prove(&self, id: &str) -> (Index, IndexProof) {
        let x = of_id(id);
        let mut secret = self.secret + x;
        let point = &secret.invert() * &FIXED.1;
        let compressed = Bytes(point.compress().to_bytes());
        // Another for each id and key, and known to whoever knows the key alone: as of Ed25519 (RFC 8032).
        let mut nonce = scalar(b"cotejo index nonce v1", &[secret.as_bytes(), &x.to_bytes()]);
        let commitments = [&nonce * RISTRETTO_BASEPOINT_TABLE, nonce * point];
        let challenge = challenge(&self.public, &x, &compressed, &commitments);
        let response = nonce - challenge * secret;
        nonce.zeroize();
        secret.zeroize();
        let [challenge, response] = [challenge, response].map(|scalar| Bytes(scalar.to_bytes()));
        (index(&compressed, id), IndexProof { point: compressed, challenge, response })
    }
}

impl IndexProof {
    /// The index of an id, if this shows that it is, under a public key.
    pub(super) fn verify(&self, key: &Bytes, id: &str) -> Option<Index> {
        let point = |bytes: &Bytes| CompressedRistretto(bytes.0).decompress().filter(|point| !point.is_identity());
        let canonical = |bytes: &Bytes| Option::<Scalar>::from(Scalar::from_canonical_bytes(bytes.0));
        let (public, y) = (point(key)?, point(&self.point)?);
        let (stated, response) = (canonical(&self.challenge)?, canonical(&self.response)?);
        let x = of_id(id);
        let of_id = public + &x * RISTRETTO_BASEPOINT_TABLE;
        let commitments = [
            RistrettoPoint::vartime_double_scalar_mul_basepoint(&stated, &of_id, &response),
            response * y + stated * FIXED.0,
        ];
        (challenge(key, &x, &self.point, &commitments) == stated).then(|| index(&self.point, id))
    }
}

fn challenge(key: &Bytes, x: &Scalar, point: &Bytes, commitments: &[RistrettoPoint; 2]) -> Scalar {
    let [first, second] = commitments.each_ref().map(|point| point.compress().to_bytes());
    scalar(b"cotejo index challenge v1", &[&key.0, &x.to_bytes(), &point.0, &first, &second])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_the_same_alone_and_among_many_and_is_proven() {
        let key = IndexKey::new(&[7; 32]);
        let ids: Vec<String> = (0..50).map(|number| format!("person {number}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let indices = key.indices(&ids);
        for (id, index) in ids.iter().zip(&indices) {
            let (alone, proof) = key.prove(id);
            assert_eq!(alone, *index);
            assert_eq!(proof.verify(&key.public(), id), Some(*index));
            assert_eq!(proof.verify(&key.public(), "somebody else"), None);
            assert_eq!(proof.verify(&IndexKey::new(&[8; 32]).public(), id), None);
        }
        let mut distinct = indices.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), ids.len());
    }

    #[test]
    fn there_is_one_point_for_an_id_whatever_the_prover_says() {
        let key = IndexKey::new(&[7; 32]);
        let (_, honest) = key.prove("a");
        // Shown with the right exponent, but for another point.
        let (_, other) = key.prove("b");
        let zero = Bytes([0; 32]);
        for proof in [
            IndexProof { point: other.point, ..honest },
            IndexProof { challenge: other.challenge, ..honest },
            IndexProof { response: other.response, ..honest },
            IndexProof { point: zero, ..honest },
            IndexProof { point: zero, challenge: zero, response: zero },
            IndexProof { point: Bytes([255; 32]), ..honest },
            IndexProof { response: Bytes([255; 32]), ..honest },
        ] {
            assert_eq!(proof.verify(&key.public(), "a"), None);
        }
        assert_eq!(honest.verify(&zero, "a"), None, "a key of nobody");
    }
}
