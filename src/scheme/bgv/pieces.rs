//! Limbs of many polynomials piece after piece: in what order the linear stage reads babies and diagonals, and writes its sums.
//!
//! A piece is so short ([`PIECE`]) that those of all babies stay in cache while every giant step is multiplied with them.

use rayon::prelude::*;

use super::engine::Ciphertext;
use super::modulus::{PIECE, Piece, Sum, add_assign};
use super::pool::Poly;
use super::ring::{Limb, Ring};

/// The inner sums of some giant steps, for each probe.
pub(in crate::scheme) struct Giants {
    pub(in crate::scheme) giants: usize,
    pub(in crate::scheme) probes: usize,
    /// Of each prime piece after piece, of each piece giant after giant, probe after probe, both parts.
    limbs: Vec<Poly>,
}

impl Giants {
    /// Computed prime by prime, over so many: `compute` gets a prime, its number, and all sums over it to write.
    pub(in crate::scheme) fn computed(
        ring: &Ring,
        limbs: usize,
        (giants, probes): (usize, usize),
        compute: impl Fn(&Limb, usize, &mut [[Piece; 2]]) + Sync,
    ) -> Self {
        let limb = |(index, prime): (usize, &Limb)| {
            let mut sums = Poly::unset(2 * giants * probes * ring.n);
            compute(prime, index, sums.as_chunks_mut().0.as_chunks_mut().0);
            sums
        };
        let primes = ring.ciphertext_limbs().par_iter().take(limbs);
        Self { giants, probes, limbs: primes.enumerate().map(limb).collect() }
    }

    /// The pieces of one sum over one prime, both parts of each.
    fn sum(&self, index: usize, giant: usize, probe: usize) -> impl Iterator<Item = &[Piece; 2]> {
        let pieces = self.limbs.get(index).map(|limb| limb.as_chunks().0.as_chunks().0).unwrap_or_default();
        pieces.iter().skip(giant * self.probes + probe).step_by((self.giants * self.probes).max(1))
    }

    /// Adds one sum to a ciphertext, or writes it there.
    pub(in crate::scheme) fn add_to(&self, ring: &Ring, sum: Sum, giant: usize, probe: usize, out: &mut Ciphertext) {
        let [constant, linear] = &mut out.parts;
        let limbs = constant.par_chunks_exact_mut(ring.n).zip(linear.par_chunks_exact_mut(ring.n)).zip(&ring.limbs);
        limbs.enumerate().for_each(|(index, ((constant, linear), prime))| {
            let outs = constant.chunks_exact_mut(PIECE).zip(linear.chunks_exact_mut(PIECE));
            for ((constant, linear), parts) in outs.zip(self.sum(index, giant, probe)) {
                for (out, part) in [constant, linear].into_iter().zip(parts) {
                    match sum {
                        Sum::Added => add_assign(prime.modulus, out, part),
                        Sum::Replaced => out.copy_from_slice(part),
                    }
                }
            }
        });
    }
}

/// Puts one of `count` limbs among the others, which stand there piece after piece; each number as `map` makes it.
pub(in crate::scheme) fn place(
    pieces: &mut [u32],
    limb: &[u32],
    number: usize,
    count: usize,
    map: impl Fn(u32) -> u32,
) {
    let places = pieces.as_chunks_mut().0.iter_mut().skip(number).step_by(count);
    for (place, piece) in places.zip(limb.as_chunks().0) {
        let piece: &Piece = piece;
        *place = piece.map(&map);
    }
}

/// One piece of each of `count` limbs that were put so.
pub(in crate::scheme) fn several(pieces: &[u32], piece: usize, count: usize) -> &[Piece] {
    pieces.as_chunks().0.get(piece * count..(piece + 1) * count).unwrap_or_default()
}

/// Plaintext polynomials over one prime, transformed, as numbers, put piece after piece.
pub(in crate::scheme) fn lift_in_pieces(prime: &Limb, polynomials: &[Poly], out: &mut [u32]) {
    let Some(first) = polynomials.first() else { return };
    let mut limb = Poly::unset(first.len());
    for (number, polynomial) in polynomials.iter().enumerate() {
        Ring::lift_numbers(prime, polynomial, &mut limb);
        place(out, &limb, number, polynomials.len(), |number| number);
    }
}
