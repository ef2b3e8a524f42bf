//! Stages 3 and 7, the querier's: key generation, encryption, decryption. The only file of this scheme with a name for the secret key.

use rand::CryptoRng;
use zeroize::Zeroizing;

use super::Hybrid;
use super::ciphertexts::{EncryptedProbes, EncryptedVerdicts, outputs};
use super::keys::EvaluationKey;
use super::scale::Decisions;
use crate::agreement::Disclosure;
use crate::functional::{Functional, Probe};
use crate::parameters::hybrid::HybridSet;
use crate::scheme::bgv;
use crate::scheme::bgv::residues::residue;
use crate::scheme::tfhe::query::QueryKey;
use crate::scheme::{Disclosed, Extent, Holder};

/// The key s that probes are encrypted with, and the key of the ring, with which answers are read. Both are wiped on drop.
pub struct SecretKey {
    pub(super) probe: QueryKey,
    pub(super) ring: bgv::holder::SecretKey,
    set: HybridSet,
}

impl SecretKey {
    /// The public half: the ring's own, and s in its slots.
    pub(super) fn public(&self, rng: &mut dyn CryptoRng) -> EvaluationKey {
        let ring = self.ring.public(rng);
        let slots = self.probe.bits().iter().cycle().take(self.set.block_size()).map(|&bit| bit as u32);
        EvaluationKey { ring, secret: self.ring.encrypt_slots(slots, rng) }
    }

    /// What a block of ring elements says of each pair in it.
    fn bits(&self, key: &[Vec<u32>], elements: &[[Vec<u32>; 2]], extent: &Extent<'_>) -> Vec<bool> {
        let mut pads = self.ring.pads(key);
        // A hit is 0, but where verdicts are masked in the end: there a miss is.
        let zero_hits = !Decisions::of(extent.functional).is_disjunction();
        let blocks = elements.chunks(outputs(extent.functional));
        let bits =
            blocks.flat_map(|block| self.ring.zeros(block, &mut pads, block.len())).map(|zero| zero == zero_hits);
        bits.take(extent.verdicts()).collect()
    }

    /// What the samples on one probe say.
    fn read(&self, samples: &[Vec<u32>], disclosure: Disclosure) -> Disclosed {
        let mut numbers = samples.iter().map(|sample| residue(self.ring.lwe_phase(sample)));
        match disclosure {
            Disclosure::Count => Disclosed::Count(numbers.next().unwrap_or_default() as usize),
            _ => Disclosed::Bits(vec![numbers.any(|number| number != 0)]),
        }
    }
}

impl Holder for Hybrid {
    type SecretKey = SecretKey;

    fn generate(set: &HybridSet, rng: &mut dyn CryptoRng) -> (SecretKey, EvaluationKey) {
        let probe = QueryKey::random(set.query(), rng);
        let ring = bgv::holder::SecretKey::generate(&set.ring(), rng);
        let secret = SecretKey { probe, ring, set: *set };
        let public = secret.public(rng);
        (secret, public)
    }

    fn encrypt(key: &SecretKey, functional: &Functional, probes: &[Probe], rng: &mut dyn CryptoRng) -> EncryptedProbes {
        EncryptedProbes { encrypted: key.probe.encrypt_probes(functional, key.set.step(functional), probes, rng) }
    }

    fn decrypt(key: &SecretKey, extent: &Extent<'_>, verdicts: &EncryptedVerdicts) -> Vec<Disclosed> {
        match verdicts {
            EncryptedVerdicts::Slots { key: pads, elements } => {
                let bits = key.bits(pads, elements, extent);
                bits.chunks(extent.verdicts_per_probe.max(1)).map(|bits| Disclosed::Bits(bits.to_vec())).collect()
            }
            EncryptedVerdicts::Samples(probes) => {
                probes.iter().map(|samples| key.read(samples, extent.disclosure)).collect()
            }
            EncryptedVerdicts::Handles { key: pads, elements } => {
                let mut pads = key.ring.pads(pads);
                let told = |[c0, c1]: &[Vec<u32>; 2]| key.ring.handles([c0, c1], &mut pads, extent);
                elements.iter().map(told).collect()
            }
        }
    }

    fn export_secret(key: &SecretKey) -> Zeroizing<Vec<u8>> {
        let (probe, ring) = (key.probe.export(), key.ring.export());
        // In one piece: growing would leave a copy that is not wiped.
        let mut bytes = Zeroizing::new(Vec::with_capacity(probe.len() + ring.len()));
        bytes.extend_from_slice(&probe);
        bytes.extend_from_slice(&ring);
        bytes
    }

    fn import_secret(bytes: &[u8], set: &HybridSet) -> Option<SecretKey> {
        let (probe, ring) = bytes.split_at_checked(set.query().lwe_dimension().div_ceil(8))?;
        let ring = bgv::holder::SecretKey::import(ring, &set.ring())?;
        Some(SecretKey { probe: QueryKey::import(probe, set.query())?, ring, set: *set })
    }
}
