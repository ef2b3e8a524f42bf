//! Queries that can be made again: their randomness follows from the secret key, the request, and what is asked.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::derive::{Purpose, Underivable};
use super::{AskError, Pending, Querier};
use crate::agreement::Code;
use crate::functional::Probe;
use crate::scheme::Holder;
use crate::template::Record;
use crate::wire::{Query, Target};

/// What sets the randomness of one query apart from that of every other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The request's number.
    pub number: Code,
    /// Drawn for this query alone, and kept with it. Not secret.
    pub nonce: [u8; 32],
}

impl<S: Holder> Querier<S> {
    /// [`Querier::ask`] with randomness that follows from the secret key, agreement, number and nonce, and from the probes themselves: the
    /// same query every time, for whoever has them all.
    ///
    /// # Errors
    ///
    /// As [`Querier::ask`].
    ///
    /// # Security
    ///
    /// Two queries with the same randomness and different probes would tell the difference of the probes. So the probes' coordinates are
    /// among what the seed is derived from: other probes have another seed, also under the same number and nonce.
    pub fn ask_again(
        &self,
        records: Vec<Record>,
        target: Target,
        origin: &Origin,
    ) -> Result<(Query<S>, Pending), AskError> {
        let prepared = self.prepare(records)?;
        let seed = self.query_seed(&prepared.1, origin)?;
        Ok(self.encrypt(prepared, target, &mut ChaCha20Rng::from_seed(*seed)))
    }

    fn query_seed(&self, probes: &[Probe], origin: &Origin) -> Result<Zeroizing<[u8; 32]>, Underivable> {
        let (agreement, content) = (self.agreement.digest().0, self.content(probes));
        let context = [&agreement[..], &self.key.id().0, origin.number.as_str().as_bytes(), &origin.nonce, &*content];
        self.key.derive(Purpose::Query, &context)
    }

    /// SHA-256 of all that is encrypted: how many samples, and of each how many coordinates and which.
    fn content(&self, probes: &[Probe]) -> Zeroizing<[u8; 32]> {
        let samples = || probes.iter().flat_map(Probe::samples);
        let mut hash = Sha256::new();
        hash.update(b"cotejo probes v1\0");
        hash.update((samples().count() as u64).to_le_bytes());
        for sample in samples() {
            let coordinates = Zeroizing::new(self.agreement.functional().probe_coordinates(sample));
            hash.update((coordinates.len() as u64).to_le_bytes());
            coordinates.iter().for_each(|coordinate| hash.update(coordinate.to_le_bytes()));
        }
        Zeroizing::new(hash.finalize().into())
    }
}
