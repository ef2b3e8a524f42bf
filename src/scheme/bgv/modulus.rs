//! Arithmetic modulo one prime below 2^30, in Montgomery form, written so that the compiler turns its loops into vector instructions.
//!
//! A residue x is stored as x 2^32 mod p (Montgomery, "Modular multiplication without trial division", 1985): a product of two stored
//! residues, reduced once, is again a stored residue. The transform is linear, so polynomials stay in this form from end to end.

/// Products that [`sum_of_products`] adds before it reduces: eleven of at most 2^60, and 2^62 of the reduction, stay below 2^64.
pub(super) const LAZY_PRODUCTS: usize = 11;

/// Coefficients that a kernel works on at a time: its sums stay in the first-level cache.
const CHUNK: usize = 256;

/// A prime p with 2^29.9 < p < 2^30 (or the plaintext modulus), and what its reductions need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Modulus {
    p: u32,
    /// -1/p modulo 2^32.
    negated_inverse: u32,
    /// 2^64 mod p.
    square_of_radix: u32,
}

impl Modulus {
    /// An odd modulus below 2^30.
    pub(super) const fn new(p: u32) -> Self {
        // Newton's iteration doubles the right bits: 3, 6, 12, 24, 48.
        let mut inverse = p;
        let mut round = 0;
        while round < 4 {
            inverse = inverse.wrapping_mul(2u32.wrapping_sub(p.wrapping_mul(inverse)));
            round += 1;
        }
        let square_of_radix = ((1u128 << 64) % p as u128) as u32;
        Self { p, negated_inverse: inverse.wrapping_neg(), square_of_radix }
    }

    pub(super) fn value(self) -> u32 {
        self.p
    }

    /// x 2^-32 mod p, for x below [`LAZY_PRODUCTS`] 2^60.
    #[inline(always)]
    pub(super) fn reduce(self, x: u64) -> u32 {
        let quotient = (x as u32).wrapping_mul(self.negated_inverse);
        let below_4p = ((x + u64::from(quotient) * u64::from(self.p)) >> 32) as u32;
        let below_2p = below_4p.min(below_4p.wrapping_sub(2 * self.p));
        below_2p.min(below_2p.wrapping_sub(self.p))
    }

    /// The product of two stored residues.
    #[inline(always)]
    pub(super) fn multiply(self, a: u32, b: u32) -> u32 {
        self.reduce(u64::from(a) * u64::from(b))
    }

    #[inline(always)]
    pub(super) fn add(self, a: u32, b: u32) -> u32 {
        let sum = a + b;
        sum.min(sum.wrapping_sub(self.p))
    }

    #[inline(always)]
    pub(super) fn subtract(self, a: u32, b: u32) -> u32 {
        let difference = a.wrapping_sub(b);
        difference.min(difference.wrapping_add(self.p))
    }

    /// A number as a stored residue.
    pub(super) fn store(self, x: i64) -> u32 {
        self.reduce(x.rem_euclid(i64::from(self.p)) as u64 * u64::from(self.square_of_radix))
    }

    /// As [`Modulus::store`], for a residue in [0, p).
    #[inline(always)]
    pub(super) fn store_residue(self, x: u32) -> u32 {
        self.reduce(u64::from(x) * u64::from(self.square_of_radix))
    }

    /// A stored residue as a number in [0, p).
    #[inline(always)]
    pub(super) fn load(self, x: u32) -> u32 {
        self.reduce(x.into())
    }

    /// The inverse of a stored residue, stored; 0 for 0.
    pub(super) fn invert(self, x: u32) -> u32 {
        self.power(x, self.p - 2)
    }

    /// A stored residue to a power, stored.
    pub(super) fn power(self, mut base: u32, mut exponent: u32) -> u32 {
        let mut power = self.store(1);
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = self.multiply(power, base);
            }
            base = self.multiply(base, base);
            exponent >>= 1;
        }
        power
    }
}

/// `out += sum_j a_j b_j`, all stored, element by element.
pub(super) fn sum_of_products(modulus: Modulus, out: &mut [u32], pairs: &[(&[u32], &[u32])]) {
    for group in pairs.chunks(LAZY_PRODUCTS) {
        let mut rest: Vec<_> = group.to_vec();
        for out in out.chunks_mut(CHUNK) {
            let mut sums = [0u64; CHUNK];
            for pair in rest.chunks_mut(2) {
                let mut heads = pair.iter_mut().map(|(a, b)| (head(a, out.len()), head(b, out.len())));
                match (heads.next(), heads.next()) {
                    (Some((a, b)), Some((c, d))) => {
                        for ((((sum, &a), &b), &c), &d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                            *sum += u64::from(a) * u64::from(b) + u64::from(c) * u64::from(d);
                        }
                    }
                    (Some((a, b)), None) => {
                        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
                            *sum += u64::from(a) * u64::from(b);
                        }
                    }
                    _ => {}
                }
            }
            for (out, &sum) in out.iter_mut().zip(&sums) {
                *out = modulus.add(*out, modulus.reduce(sum));
            }
        }
    }
}

/// `out = sum_j w_j a_j`, where the weights are constants: residues w_j 2^32 keep the form of a_j, residues w_j 2^64 turn numbers into
/// stored residues. Replaces `out`.
pub(super) fn weighted_sum(modulus: Modulus, out: &mut [u32], terms: &[(&[u32], u32)]) {
    let mut rest: Vec<_> = terms.to_vec();
    for out in out.chunks_mut(CHUNK) {
        let mut first = true;
        for group in rest.chunks_mut(LAZY_PRODUCTS - 1) {
            let mut sums = [0u64; CHUNK];
            for (a, weight) in group {
                let weight = u64::from(*weight);
                for (sum, &a) in sums.iter_mut().zip(head(a, out.len())) {
                    *sum += u64::from(a) * weight;
                }
            }
            for (out, &sum) in out.iter_mut().zip(&sums) {
                let reduced = modulus.reduce(sum);
                *out = if first { reduced } else { modulus.add(*out, reduced) };
            }
            first = false;
        }
    }
}

/// The next `length` elements of a slice, which advances past them.
fn head<'a>(slice: &mut &'a [u32], length: usize) -> &'a [u32] {
    let (head, tail) = slice.split_at(length.min(slice.len()));
    *slice = tail;
    head
}

/// Multiplies every element by a stored constant.
pub(super) fn scale(modulus: Modulus, values: &mut [u32], factor: u32) {
    for value in values {
        *value = modulus.multiply(*value, factor);
    }
}

/// `a += b`.
pub(super) fn add_assign(modulus: Modulus, a: &mut [u32], b: &[u32]) {
    for (a, &b) in a.iter_mut().zip(b) {
        *a = modulus.add(*a, b);
    }
}

/// `a = (a - b) factor`, with a stored factor.
pub(super) fn subtract_and_scale(modulus: Modulus, a: &mut [u32], b: &[u32], factor: u32) {
    for (a, &b) in a.iter_mut().zip(b) {
        *a = modulus.multiply(modulus.subtract(*a, b), factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const P: u32 = 1_073_479_681;

    proptest! {
        #[test]
        fn stored_residues_obey_the_laws_of_the_field(a in 0..P, b in 0..P, c in 1..P) {
            let m = Modulus::new(P);
            let (sa, sb, sc) = (m.store_residue(a), m.store_residue(b), m.store_residue(c));
            prop_assert_eq!(m.load(sa), a);
            prop_assert_eq!(m.store(i64::from(a)), sa);
            prop_assert_eq!(m.store(i64::from(a) - i64::from(P)), sa);
            prop_assert_eq!(u64::from(m.load(m.multiply(sa, sb))), u64::from(a) * u64::from(b) % u64::from(P));
            prop_assert_eq!(u64::from(m.load(m.add(sa, sb))), (u64::from(a) + u64::from(b)) % u64::from(P));
            prop_assert_eq!(m.add(m.subtract(sa, sb), sb), sa);
            prop_assert_eq!(m.multiply(sc, m.invert(sc)), m.store(1));
        }
    }

    /// Sums of the largest products do not overflow, whatever their number.
    #[test]
    fn sums_of_the_largest_products_are_right() {
        let m = Modulus::new(P);
        for terms in [1, 2, 3, LAZY_PRODUCTS, LAZY_PRODUCTS + 1, 30] {
            let worst = vec![P - 1; 600];
            let expected = m.load(P - 1) as u64; // (P - 1) stored, as a number
            let expected = (expected * expected % u64::from(P)) * terms as u64 % u64::from(P);
            let mut out = vec![0; 600];
            sum_of_products(m, &mut out, &vec![(worst.as_slice(), worst.as_slice()); terms]);
            assert!(out.iter().all(|&x| u64::from(m.load(x)) == expected), "{terms}");
            weighted_sum(m, &mut out, &vec![(worst.as_slice(), P - 1); terms]);
            assert!(out.iter().all(|&x| u64::from(m.load(x)) == expected), "{terms}");
        }
    }
}
