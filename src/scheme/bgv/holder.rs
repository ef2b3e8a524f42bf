//! Stages 3 and 7, the querier's: key generation, encryption, decryption. The only file with a name for the secret key.

use rand::CryptoRng;
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::Bgv;
use super::answer::outputs_per_block;
use super::ciphertexts::{EncryptedProbes, EncryptedSample, EncryptedVerdicts, ProbeVerdicts, Seeded};
use super::engine::Ciphertext;
use super::keys::{EvaluationKey, seeds};
use super::labelled::Layout;
use super::labelled::reading::{Read, read};
use super::lock::Pads;
use super::modulus::{Modulus, add_assign};
use super::residues::residue;
use super::ring::{Limb, Ring};
use super::sampling::{Seed, any_residue, errors, generator, seed, ternary, uniform};
use super::segments::{Bundling, Segments, Standing};
use crate::agreement::Disclosure;
use crate::functional::{Functional, Probe, ProbeSample};
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS};
use crate::scheme::{Disclosed, Extent, Holder};

/// A ternary secret s. Wiped on drop.
pub struct SecretKey {
    pub(in crate::scheme) set: BgvSet,
    /// Coefficients -1, 0, 1.
    coefficients: Zeroizing<Vec<i64>>,
    /// Over all primes of the ring, transformed.
    transformed: Zeroizing<Vec<u32>>,
}

impl SecretKey {
    pub(in crate::scheme) fn generate(set: &BgvSet, rng: &mut dyn CryptoRng) -> Self {
        Self::of(set, Zeroizing::new(ternary(set.ring_size(), &mut generator(rng))))
    }

    fn of(set: &BgvSet, coefficients: Zeroizing<Vec<i64>>) -> Self {
        let ring = Ring::of(set);
        let transformed = Zeroizing::new(ring.lift_small(&coefficients, ring.limbs.len()));
        Self { set: *set, coefficients, transformed }
    }

    /// One byte a coefficient: 0, 1, or 2 for -1.
    pub(in crate::scheme) fn export(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.coefficients.iter().map(|&c| c.rem_euclid(3) as u8).collect())
    }

    pub(in crate::scheme) fn import(bytes: &[u8], set: &BgvSet) -> Option<Self> {
        let coefficient = |&byte: &u8| match byte {
            0 => Some(0),
            1 => Some(1),
            2 => Some(-1),
            _ => None,
        };
        let mut coefficients = Zeroizing::new(Vec::with_capacity(set.ring_size()));
        for byte in bytes {
            coefficients.push(coefficient(byte)?);
        }
        (coefficients.len() == set.ring_size()).then(|| Self::of(set, coefficients))
    }

    /// b = -a s + t e + message, over the ring's first `limbs` primes (and the special ones where `special`).
    ///
    /// The message is given limb by limb, transformed.
    pub(in crate::scheme) fn encrypt(
        &self,
        seed: Seed,
        limbs: usize,
        special: bool,
        rng: &mut ChaCha20Rng,
        message: impl Fn(usize, Modulus, &mut [u32]) + Sync,
    ) -> Vec<u32> {
        let ring = Ring::of(&self.set);
        let (n, all) = (ring.n, ring.limbs.len());
        let specials = if special { ring.set.limbs..all } else { all..all };
        let indices: Vec<usize> = (0..limbs).chain(specials).collect();
        let error = Zeroizing::new(errors(n, rng));
        let mut body = vec![0; indices.len() * n];
        body.par_chunks_exact_mut(n).zip(&indices).for_each_init(
            || vec![0; n],
            |mask, (body, &index)| {
                let Some(prime) = ring.limbs.get(index) else { return };
                let modulus = prime.modulus;
                for (b, &e) in body.iter_mut().zip(error.iter()) {
                    *b = modulus.store(e * i64::from(PLAINTEXT_MODULUS));
                }
                prime.forward(body);
                uniform(seed, index, modulus, mask);
                let secret = ring.limb(&self.transformed, index);
                for ((b, &a), &s) in body.iter_mut().zip(mask.iter()).zip(secret) {
                    *b = modulus.subtract(*b, modulus.multiply(a, s));
                }
                message(index, modulus, body);
            },
        );
        body
    }

    /// Encrypts a plaintext polynomial, coefficients in [0, t), under a seed for the mask.
    pub(in crate::scheme) fn encrypt_plaintext(
        &self,
        plaintext: &[u32],
        seed: Seed,
        rng: &mut ChaCha20Rng,
    ) -> Vec<u32> {
        self.encrypt_plaintext_over(self.set.limbs, plaintext, seed, rng)
    }

    /// The same over the first `limbs` primes.
    fn encrypt_plaintext_over(&self, limbs: usize, plaintext: &[u32], seed: Seed, rng: &mut ChaCha20Rng) -> Vec<u32> {
        let ring = Ring::of(&self.set);
        let message = Zeroizing::new(ring.lift_all(plaintext, limbs));
        self.encrypt(seed, limbs, false, rng, |index, modulus, body| {
            add_assign(modulus, body, ring.limb(&message, index));
        })
    }

    /// One ciphertext of the numbers in the slots over the first `limbs` primes.
    pub(in crate::scheme) fn encrypt_seeded(
        &self,
        limbs: usize,
        slots: impl Iterator<Item = u32>,
        rng: &mut ChaCha20Rng,
    ) -> Seeded {
        let plaintext = Zeroizing::new(Ring::of(&self.set).encode(slots));
        let seed = seed(rng);
        Seeded { seed, body: self.encrypt_plaintext_over(limbs, &plaintext, seed, rng) }
    }

    /// One ciphertext of the numbers in the slots, residues of t. Secret until it is encrypted.
    pub(in crate::scheme) fn encrypt_slots(
        &self,
        slots: impl Iterator<Item = u32>,
        rng: &mut dyn CryptoRng,
    ) -> EncryptedProbes {
        let template = self.encrypt_seeded(self.set.limbs, slots, &mut generator(rng));
        EncryptedProbes::new(&self.set, vec![EncryptedSample { template, witness: Vec::new() }])
    }

    /// A random plaintext, encrypted: for timing.
    pub(in crate::scheme) fn encrypt_noise(&self, rng: &mut ChaCha20Rng) -> EncryptedProbes {
        let plaintext = any_residue(self.set.ring_size(), rng);
        let seed = seed(rng);
        let template = Seeded { seed, body: self.encrypt_plaintext(&plaintext, seed, rng) };
        EncryptedProbes::new(&self.set, vec![EncryptedSample { template, witness: Vec::new() }])
    }

    /// One template, and the witness that it is one.
    #[cfg(test)]
    pub(in crate::scheme) fn encrypt_sample(
        &self,
        functional: &Functional,
        sample: &ProbeSample,
        rng: &mut ChaCha20Rng,
    ) -> EncryptedSample {
        self.encrypt_together(functional, &[sample], Standing::Alone, rng)
    }

    /// A template of each of some probes that stand so, and the witness that they are templates.
    fn encrypt_together(
        &self,
        functional: &Functional,
        samples: &[&ProbeSample],
        standing: Standing,
        rng: &mut ChaCha20Rng,
    ) -> EncryptedSample {
        let ring = Ring::of(&self.set);
        // Of their length from the first on: growing would leave copies that are not wiped.
        let mut slots = Zeroizing::new(vec![0; ring.n]);
        let mut bits = Zeroizing::new(Vec::with_capacity(samples.len() * functional.witness_bits(PLAINTEXT_MODULUS)));
        for (probe, sample) in samples.iter().enumerate() {
            let coordinates = Zeroizing::new(functional.probe_coordinates(sample));
            let period = coordinates.len().next_power_of_two();
            let slots = slots.get_mut(standing.slots_of(probe, ring.n)).unwrap_or_default();
            for repetition in slots.chunks_mut(period) {
                repetition.iter_mut().zip(coordinates.iter()).for_each(|(slot, &x)| *slot = residue(x));
            }
            let witness = Zeroizing::new(functional.witness(sample, PLAINTEXT_MODULUS));
            bits.extend_from_slice(&witness);
        }
        let template = self.encrypt_seeded(self.set.limbs, slots.iter().copied(), rng);
        let mut encrypt =
            |bits: &[i64]| self.encrypt_seeded(self.set.witness_limbs(), bits.iter().copied().map(residue), rng);
        let witness = bits.chunks(ring.n).map(&mut encrypt).collect();
        EncryptedSample { template, witness }
    }

    /// A keyswitch key from another secret (a transformed polynomial over all primes) to this one.
    fn switch_key(&self, from: &[u32], seeds: &[Seed], rng: &mut ChaCha20Rng) -> Vec<Vec<u32>> {
        let ring = Ring::of(&self.set);
        let digit_limbs = self.set.digit;
        let digit = |(digit, &seed): (usize, &Seed)| {
            self.encrypt(seed, self.set.limbs, true, rng, |index, modulus, body| {
                if index < ring.set.limbs && index / digit_limbs == digit {
                    let p = ring.special_product(modulus);
                    for (b, &s) in body.iter_mut().zip(ring.limb(from, index)) {
                        *b = modulus.add(*b, modulus.multiply(s, p));
                    }
                }
            })
        };
        seeds.iter().enumerate().map(digit).collect()
    }

    /// The public half.
    pub(in crate::scheme) fn public(&self, rng: &mut dyn CryptoRng) -> EvaluationKey {
        let (set, mut rng) = (self.set, generator(rng));
        let master = seed(&mut rng);
        let seeds = seeds(&set, master);
        let (zero_seed, switch_seeds) = seeds.split_last().unwrap_or((&master, &[]));
        let secrets = [self.squared(), self.rotated(1), self.rotated(set.baby_steps)];
        let switches = secrets.iter().zip(switch_seeds.chunks(set.digits()));
        let switches = switches.map(|(from, seeds)| self.switch_key(from, seeds, &mut rng)).collect();
        let zero = self.encrypt(*zero_seed, set.public_limbs(), false, &mut rng, |_, _, _| ());
        EvaluationKey { set, seed: master, switches, zero }
    }

    /// s^2, transformed.
    fn squared(&self) -> Zeroizing<Vec<u32>> {
        let ring = Ring::of(&self.set);
        let mut square = Zeroizing::new(self.transformed.to_vec());
        for (limb, prime) in square.chunks_exact_mut(ring.n).zip(&ring.limbs) {
            limb.iter_mut().for_each(|s| *s = prime.modulus.multiply(*s, *s));
        }
        square
    }

    /// s(X^(3^steps)), transformed.
    fn rotated(&self, steps: usize) -> Zeroizing<Vec<u32>> {
        Zeroizing::new(Ring::of(&self.set).rotation(steps).apply(&self.transformed))
    }

    /// The phase of a ciphertext over all its primes, as floating-point numbers: for measurements of noise.
    pub(in crate::scheme) fn wide_phase(&self, ciphertext: &Ciphertext) -> Vec<f64> {
        let ring = Ring::of(&self.set);
        let primes: Vec<&Limb> = ring.limbs.iter().take(ciphertext.state.limbs).collect();
        let limb = |(index, prime): (usize, &&Limb)| {
            let modulus = prime.modulus;
            let [c0, c1] = ciphertext.parts.each_ref().map(|part| ring.limb(part, index));
            let phase = c0.iter().zip(c1).zip(ring.limb(&self.transformed, index));
            let mut limb: Vec<u32> = phase.map(|((&a, &b), &s)| modulus.add(a, modulus.multiply(b, s))).collect();
            prime.backward_times_n(&mut limb);
            let n_inverse = modulus.invert(modulus.store(ring.n as i64));
            limb.iter_mut().for_each(|c| *c = modulus.load(modulus.multiply(*c, n_inverse)));
            limb
        };
        let limbs: Vec<Vec<u32>> = primes.iter().enumerate().map(limb).collect();
        // Mixed radix: v = v_0 + q_0 (v_1 + q_1 (...)), each digit centred, so that small phases come out exactly.
        // Of each prime the inverses of those before it.
        let inverses: Vec<Vec<u32>> = primes
            .iter()
            .enumerate()
            .map(|(index, prime)| {
                let lower = primes.iter().take(index).map(|lower| i64::from(lower.modulus.value()));
                lower.map(|q| prime.modulus.invert(prime.modulus.store(q))).collect()
            })
            .collect();
        let coefficient = |i: usize| {
            let (mut sum, mut weight, mut digits) = (0.0, 1.0, Vec::<i64>::with_capacity(primes.len()));
            for ((limb, prime), inverses) in limbs.iter().zip(&primes).zip(&inverses) {
                let modulus = prime.modulus;
                let mut rest = modulus.store(limb.get(i).copied().unwrap_or_default().into());
                for (&digit, &inverse) in digits.iter().zip(inverses) {
                    rest = modulus.multiply(modulus.subtract(rest, modulus.store(digit)), inverse);
                }
                let digit = centre(modulus, modulus.load(rest));
                sum += digit as f64 * weight;
                weight *= f64::from(modulus.value());
                digits.push(digit);
            }
            sum
        };
        (0..ring.n).into_par_iter().map(coefficient).collect()
    }

    /// The phase of a ciphertext over its first prime, centred: N coefficients.
    pub(in crate::scheme) fn phase(&self, parts: [&[u32]; 2]) -> Vec<i64> {
        let ring = Ring::of(&self.set);
        let Some(prime) = ring.limbs.first() else { return Vec::new() };
        let [c0, c1] = parts.map(|part| ring.limb(part, 0));
        let secret = ring.limb(&self.transformed, 0);
        let modulus = prime.modulus;
        let phase = c0.iter().zip(c1).zip(secret).map(|((&c0, &c1), &s)| modulus.add(c0, modulus.multiply(c1, s)));
        let mut phase: Vec<u32> = phase.collect();
        prime.backward_times_n(&mut phase);
        let n_inverse = modulus.invert(modulus.store(ring.n as i64));
        phase.into_iter().map(|c| centre(modulus, modulus.load(modulus.multiply(c, n_inverse)))).collect()
    }

    /// The centred inner product of an LWE sample over the first prime: mask of N numbers, body.
    pub(in crate::scheme) fn lwe_phase(&self, sample: &[u32]) -> i64 {
        let ring = Ring::of(&self.set);
        let Some((prime, (body, mask))) = ring.limbs.first().zip(sample.split_last()) else { return 0 };
        let p = i64::from(prime.modulus.value());
        let product = mask.iter().zip(self.coefficients.iter()).map(|(&a, &s)| i64::from(a) * s).sum::<i64>();
        centre(prime.modulus, (product + i64::from(*body)).rem_euclid(p) as u32)
    }
}

/// A residue in [0, p) as the nearest number to 0.
fn centre(modulus: Modulus, residue: u32) -> i64 {
    let (residue, p) = (i64::from(residue), i64::from(modulus.value()));
    if residue > p / 2 { residue - p } else { residue }
}

impl Holder for Bgv {
    type SecretKey = SecretKey;

    fn generate(set: &BgvSet, rng: &mut dyn CryptoRng) -> (SecretKey, EvaluationKey) {
        let secret = SecretKey::generate(set, rng);
        let public = secret.public(rng);
        (secret, public)
    }

    fn encrypt(key: &SecretKey, functional: &Functional, probes: &[Probe], rng: &mut dyn CryptoRng) -> EncryptedProbes {
        let mut rng = generator(rng);
        let bundling = Bundling::of(&key.set, functional, probes.len());
        let bundles = bundling.all().filter_map(|bundle| probes.get(bundle)).flat_map(|probes| {
            // Probes that are bundled have one layout, by the agreement.
            let samples = probes.iter().map(|probe| probe.samples().len()).max().unwrap_or(0);
            (0..samples).map(move |sample| {
                probes.iter().filter_map(|probe| probe.samples().get(sample)).collect::<Vec<&ProbeSample>>()
            })
        });
        let encrypt = |samples: Vec<&ProbeSample>| {
            key.encrypt_together(functional, &samples, bundling.standing(samples.len()), &mut rng)
        };
        EncryptedProbes::new(&key.set, bundles.map(encrypt).collect())
    }

    fn decrypt(key: &SecretKey, extent: &Extent<'_>, verdicts: &EncryptedVerdicts) -> Vec<Disclosed> {
        let outputs = outputs_per_block(&key.set, extent.functional);
        let bundling = Bundling::of(&key.set, extent.functional, extent.probes);
        match bundling.segments().filter(|_| extent.disclosure == Disclosure::Each) {
            None => verdicts.probes.iter().map(|probe| key.disclosed(probe, extent, outputs)).collect(),
            Some(segments) => {
                let bundles = bundling.all().zip(&verdicts.probes);
                let disclosed = |(probes, bundle): (std::ops::Range<usize>, _)| {
                    key.disclosed_of_each(bundle, extent, segments, probes.len())
                };
                bundles.flat_map(disclosed).collect()
            }
        }
    }

    fn export_secret(key: &SecretKey) -> Zeroizing<Vec<u8>> {
        key.export()
    }

    fn import_secret(bytes: &[u8], set: &BgvSet) -> Option<SecretKey> {
        SecretKey::import(bytes, set)
    }
}

impl SecretKey {
    /// The pads that a key stands for, as it is read.
    pub(in crate::scheme) fn pads(&self, key: &[Vec<u32>]) -> Pads {
        let key: Zeroizing<Vec<u32>> =
            Zeroizing::new(key.iter().map(|sample| residue(self.lwe_phase(sample))).collect());
        Pads::of(&key)
    }

    /// Of so many probes that are answered together, what each is told under `each`.
    fn disclosed_of_each(
        &self,
        bundle: &ProbeVerdicts,
        extent: &Extent<'_>,
        segments: Segments,
        probes: usize,
    ) -> Vec<Disclosed> {
        let ProbeVerdicts::Slots { key, elements } = bundle else { return vec![Disclosed::Nothing; probes] };
        let hits = self.hits(elements, &mut self.pads(key));
        let of_probe = |probe| {
            let hits = hits.iter().skip(segments.places_of(probe).start).take(extent.verdicts_per_probe);
            Disclosed::Bits(hits.copied().collect())
        };
        (0..probes).map(of_probe).collect()
    }

    fn disclosed(&self, probe: &ProbeVerdicts, extent: &Extent<'_>, outputs: usize) -> Disclosed {
        match probe {
            ProbeVerdicts::Slots { key, elements } => {
                let mut pads = self.pads(key);
                if extent.disclosure == Disclosure::Labelled {
                    let Some([c0, c1]) = elements.first() else { return Disclosed::Nothing };
                    return self.handles([c0, c1], &mut pads, extent);
                }
                let blocks = elements.chunks(outputs.max(1)).flat_map(|block| self.hits(block, &mut pads));
                Disclosed::Bits(blocks.take(extent.verdicts_per_probe).collect())
            }
            ProbeVerdicts::Samples(samples) => {
                let mut numbers = samples.iter().map(|sample| residue(self.lwe_phase(sample)));
                match extent.disclosure {
                    Disclosure::Count => Disclosed::Count(numbers.next().unwrap_or_default() as usize),
                    _ => Disclosed::Bits(vec![numbers.any(|number| number != 0)]),
                }
            }
        }
    }

    /// The handles that a probe's ring element tells, once its pads are taken off.
    pub(in crate::scheme) fn handles(&self, element: [&[u32]; 2], pads: &mut Pads, extent: &Extent<'_>) -> Disclosed {
        let (ring, n) = (Ring::of(&self.set), self.set.ring_size());
        let slots = self.opened_slots(&ring, element, pads);
        let most_slots = extent.functional.largest_gallery().div_ceil(n) * n;
        match read(Layout::new(extent.verdicts_per_probe), &slots, most_slots) {
            Read::Handles(handles) => Disclosed::Handles(handles),
            Read::Above => Disclosed::MoreHits,
            Read::Nothing => Disclosed::Nothing,
        }
    }

    /// The slots of a ring element of an answer, its pad taken off.
    fn opened_slots(&self, ring: &Ring, [c0, c1]: [&[u32]; 2], pads: &mut Pads) -> Vec<u32> {
        let mut body = Zeroizing::new(c0.to_vec());
        pads.take_off(ring, &mut body);
        ring.decode(self.phase([&body, c1]).into_iter().map(residue).collect())
    }

    /// The slots of a block that say hit: 0 in one of the elements of the one-squaring variant, in all of any other block.
    fn hits(&self, block: &[[Vec<u32>; 2]], pads: &mut Pads) -> Vec<bool> {
        self.zeros(block, pads, if self.set.one_squaring { 1 } else { block.len().max(1) })
    }

    /// The slots that are 0 in so many elements of a block, once their pads are taken off.
    pub(in crate::scheme) fn zeros(&self, block: &[[Vec<u32>; 2]], pads: &mut Pads, enough: usize) -> Vec<bool> {
        let ring = Ring::of(&self.set);
        let mut zeros = vec![0; ring.n];
        for [c0, c1] in block {
            let slots = self.opened_slots(&ring, [c0, c1], pads);
            zeros.iter_mut().zip(slots).for_each(|(zeros, slot)| *zeros += usize::from(slot == 0));
        }
        zeros.into_iter().map(|zeros| zeros >= enough).collect()
    }
}
