//! Arithmetic modulo one prime below 2^30, in Montgomery form, written so that the compiler turns its loops into vector instructions.
//!
//! A residue x is stored as x 2^32 mod p (Montgomery, "Modular multiplication without trial division", 1985): a product of two stored
//! residues, reduced once, is again a stored residue. The transform is linear, so polynomials stay in this form from end to end.

/// Products that may be added before a reduction: eleven of at most 2^60, and 2^62 of the reduction, stay below 2^64. The kernels add ten at most.
#[cfg(test)]
const LAZY_PRODUCTS: usize = 11;

/// The low half of a long word.
const LOW_HALF: u64 = u32::MAX as u64;

/// Coefficients that a kernel works on at a time: its sums stay in the first-level cache.
const CHUNK: usize = 1024;

/// A prime p with 2^29.9 < p < 2^30 (or the plaintext modulus), and what its reductions need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheme) struct Modulus {
    p: u32,
    /// -1/p modulo 2^32.
    negated_inverse: u32,
    /// 2^64 mod p.
    square_of_radix: u32,
}

impl Modulus {
    /// An odd modulus below 2^30.
    pub(in crate::scheme) const fn new(p: u32) -> Self {
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

    pub(in crate::scheme) fn value(self) -> u32 {
        self.p
    }

    /// x 2^-32 mod p, for x below 11 2^60: a sum of eleven products.
    #[inline(always)]
    pub(in crate::scheme) fn reduce(self, x: u64) -> u32 {
        // Low halves of long products: a vector instruction each.
        let quotient = (x & LOW_HALF) * u64::from(self.negated_inverse);
        let below_4p = ((x + (quotient & LOW_HALF) * u64::from(self.p)) >> 32) as u32;
        let below_2p = below_4p.min(below_4p.wrapping_sub(2 * self.p));
        below_2p.min(below_2p.wrapping_sub(self.p))
    }

    /// The product of two stored residues.
    #[inline(always)]
    pub(in crate::scheme) fn multiply(self, a: u32, b: u32) -> u32 {
        self.reduce(u64::from(a) * u64::from(b))
    }

    #[inline(always)]
    pub(in crate::scheme) fn add(self, a: u32, b: u32) -> u32 {
        let sum = a + b;
        sum.min(sum.wrapping_sub(self.p))
    }

    #[inline(always)]
    pub(in crate::scheme) fn subtract(self, a: u32, b: u32) -> u32 {
        let difference = a.wrapping_sub(b);
        difference.min(difference.wrapping_add(self.p))
    }

    /// A number as a stored residue.
    pub(in crate::scheme) fn store(self, x: i64) -> u32 {
        self.reduce(x.rem_euclid(i64::from(self.p)) as u64 * u64::from(self.square_of_radix))
    }

    /// As [`Modulus::store`], for a residue in [0, p).
    #[inline(always)]
    pub(in crate::scheme) fn store_residue(self, x: u32) -> u32 {
        self.reduce(u64::from(x) * u64::from(self.square_of_radix))
    }

    /// A stored residue as a number in [0, p).
    #[inline(always)]
    pub(in crate::scheme) fn load(self, x: u32) -> u32 {
        self.reduce(x.into())
    }

    /// The inverse of a stored residue, stored; 0 for 0.
    pub(in crate::scheme) fn invert(self, x: u32) -> u32 {
        self.power(x, self.p - 2)
    }

    /// A stored residue to a power, stored.
    pub(in crate::scheme) fn power(self, mut base: u32, mut exponent: u32) -> u32 {
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

/// Whether a kernel adds to what it is given or writes over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheme) enum Sum {
    Added,
    Replaced,
}

impl Sum {
    /// What stands there then. Without a branch, so that loops stay vector instructions.
    #[inline(always)]
    fn of(self, modulus: Modulus, before: u32, summand: u32) -> u32 {
        let kept = if self == Self::Added { u32::MAX } else { 0 };
        modulus.add(before & kept, summand)
    }
}

/// `out += sum_j a_j b_j`, or `out =`, all stored, element by element; all of one length.
pub(in crate::scheme) fn sum_of_products(modulus: Modulus, sum: Sum, out: &mut [u32], pairs: &[(&[u32], &[u32])]) {
    let mut rest: Vec<_> = pairs.to_vec();
    for out in out.chunks_mut(CHUNK) {
        let terms: Vec<(&[u32], &[u32])> =
            rest.iter_mut().map(|(a, b)| (head(a, out.len()), head(b, out.len()))).collect();
        add_products(modulus, sum, out, &terms);
    }
}

/// As [`sum_of_products`], for two sums with the same first factors, which are read from memory once.
pub(in crate::scheme) fn two_sums_of_products(
    modulus: Modulus,
    sum: Sum,
    outs: [&mut [u32]; 2],
    shared: &[&[u32]],
    others: [&[&[u32]]; 2],
) {
    let [first, second] = outs;
    let mut shared = shared.to_vec();
    let mut others = others.map(<[_]>::to_vec);
    for (first, second) in first.chunks_mut(CHUNK).zip(second.chunks_mut(CHUNK)) {
        let shared: Vec<&[u32]> = shared.iter_mut().map(|a| head(a, first.len())).collect();
        for (out, others) in [first, second].into_iter().zip(&mut others) {
            let others = others.iter_mut().map(|b| head(b, out.len()));
            let terms: Vec<(&[u32], &[u32])> = shared.iter().copied().zip(others).collect();
            add_products(modulus, sum, out, &terms);
        }
    }
}

/// One chunk of a sum of products, four terms at a time and then what is left. Limbs begin at multiples of a page, so that equal places of
/// more than eight of them would drive each other out of the first-level cache.
fn add_products(modulus: Modulus, mut sum: Sum, out: &mut [u32], mut terms: &[(&[u32], &[u32])]) {
    if terms.is_empty() && sum == Sum::Replaced {
        out.fill(0);
    }
    while let Some((group, rest)) = terms.split_first_chunk::<4>() {
        products_of(modulus, sum, out, group);
        (terms, sum) = (rest, Sum::Added);
    }
    if let Some((group, rest)) = terms.split_first_chunk::<2>() {
        products_of(modulus, sum, out, group);
        (terms, sum) = (rest, Sum::Added);
    }
    if let Some((group, _)) = terms.split_first_chunk::<1>() {
        products_of(modulus, sum, out, group);
    }
}

/// K is known when this is compiled, so that the inner sum is unrolled and stays in registers.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "every slice is cut to one length first, which also removes the checks")]
fn products_of<const K: usize>(modulus: Modulus, sum: Sum, out: &mut [u32], terms: &[(&[u32], &[u32]); K]) {
    let length = terms.iter().map(|(a, b)| a.len().min(b.len())).min().unwrap_or(0).min(out.len());
    let out = &mut out[..length];
    let terms = terms.map(|(a, b)| (&a[..length], &b[..length]));
    for i in 0..length {
        let mut products = 0;
        for (a, b) in &terms {
            products += u64::from(a[i]) * u64::from(b[i]);
        }
        out[i] = sum.of(modulus, out[i], modulus.reduce(products));
    }
}

/// Coefficients of one limb whose sums over many products are finished before the next ones': what so many babies have there stays in the
/// first-level cache, and what is read once is read line after line, as the processor fetches ahead. Divides the size of every ring.
pub(in crate::scheme) const PIECE: usize = 32;

/// So many coefficients of one limb.
pub(in crate::scheme) type Piece = [u32; PIECE];

/// As [`two_sums_of_products`], for pieces of limbs that stand one after the other.
pub(in crate::scheme) fn two_sums_of_pieces(
    modulus: Modulus,
    mut sum: Sum,
    [first, second]: [&mut Piece; 2],
    mut shared: &[Piece],
    [mut others, mut more]: [&[Piece]; 2],
) {
    while let (Some((a, shared_rest)), Some((b, others_rest)), Some((c, more_rest))) =
        (shared.split_first_chunk::<8>(), others.split_first_chunk::<8>(), more.split_first_chunk::<8>())
    {
        pieces(modulus, sum, [&mut *first, &mut *second], a, [b, c]);
        (shared, others, more, sum) = (shared_rest, others_rest, more_rest, Sum::Added);
    }
    while let (Some((a, shared_rest)), Some((b, others_rest)), Some((c, more_rest))) =
        (shared.split_first_chunk::<1>(), others.split_first_chunk::<1>(), more.split_first_chunk::<1>())
    {
        pieces(modulus, sum, [&mut *first, &mut *second], a, [b, c]);
        (shared, others, more, sum) = (shared_rest, others_rest, more_rest, Sum::Added);
    }
}

#[expect(clippy::indexing_slicing, reason = "pieces have one length, known when this is compiled")]
fn pieces<const K: usize>(
    modulus: Modulus,
    sum: Sum,
    [first, second]: [&mut Piece; 2],
    shared: &[Piece; K],
    [others, more]: [&[Piece; K]; 2],
) {
    for i in 0..PIECE {
        let mut sums = (0, 0);
        for k in 0..K {
            let factor = u64::from(shared[k][i]);
            sums.0 += factor * u64::from(others[k][i]);
            sums.1 += factor * u64::from(more[k][i]);
        }
        first[i] = sum.of(modulus, first[i], modulus.reduce(sums.0));
        second[i] = sum.of(modulus, second[i], modulus.reduce(sums.1));
    }
}

/// `out = sum_j w_j a_j`, where the weights are constants: residues w_j 2^32 keep the form of a_j, residues w_j 2^64 turn numbers into
/// stored residues. Replaces `out`.
pub(in crate::scheme) fn weighted_sum(modulus: Modulus, out: &mut [u32], terms: &[(&[u32], u32)]) {
    let mut rest: Vec<_> = terms.to_vec();
    let mut chunk: Vec<(&[u32], u32)> = Vec::with_capacity(terms.len());
    for out in out.chunks_mut(CHUNK) {
        chunk.clear();
        chunk.extend(rest.iter_mut().map(|(a, weight)| (head(a, out.len()), *weight)));
        add_weighted(modulus, out, &chunk);
    }
}

/// As [`weighted_sum`], of the same numbers again and again, each time with other weights, the first so many of them. What is summed is read from
/// memory once, and put side by side: limbs begin at multiples of a page, so that equal places of many would drive each other out of all caches.
pub(in crate::scheme) fn weighted_sums(modulus: Modulus, numbers: &[&[u32]], outs: &mut [(&mut [u32], Vec<u32>)]) {
    const TOGETHER: usize = 256;
    let mut packed = vec![[0; TOGETHER]; numbers.len()];
    // Of nothing too, a sum replaces what stood there.
    let length = outs.iter().map(|(out, _)| out.len()).max().unwrap_or(0);
    for start in (0..length).step_by(TOGETHER) {
        let here = start..length.min(start + TOGETHER);
        for (packed, numbers) in packed.iter_mut().zip(numbers) {
            packed.iter_mut().zip(numbers.get(here.clone()).unwrap_or_default()).for_each(|(to, &from)| *to = from);
        }
        for (out, weights) in &mut *outs {
            let terms = packed.iter().zip(weights.iter());
            let terms: Vec<(&[u32], u32)> = terms.map(|(packed, &weight)| (packed.as_slice(), weight)).collect();
            add_weighted(modulus, out.get_mut(here.clone()).unwrap_or_default(), &terms);
        }
    }
}

/// One chunk of a weighted sum, as many terms at a time as may be added before a reduction.
fn add_weighted(modulus: Modulus, out: &mut [u32], terms: &[(&[u32], u32)]) {
    if terms.is_empty() {
        out.fill(0);
    }
    let mut sum = Sum::Replaced;
    for terms in terms.chunks(10) {
        match *terms {
            [a] => weighted(modulus, sum, out, [a]),
            [a, b] => weighted(modulus, sum, out, [a, b]),
            [a, b, c] => weighted(modulus, sum, out, [a, b, c]),
            [a, b, c, d] => weighted(modulus, sum, out, [a, b, c, d]),
            [a, b, c, d, e] => weighted(modulus, sum, out, [a, b, c, d, e]),
            [a, b, c, d, e, f] => weighted(modulus, sum, out, [a, b, c, d, e, f]),
            [a, b, c, d, e, f, g] => weighted(modulus, sum, out, [a, b, c, d, e, f, g]),
            [a, b, c, d, e, f, g, h] => weighted(modulus, sum, out, [a, b, c, d, e, f, g, h]),
            [a, b, c, d, e, f, g, h, i] => weighted(modulus, sum, out, [a, b, c, d, e, f, g, h, i]),
            [a, b, c, d, e, f, g, h, i, j, ..] => weighted(modulus, sum, out, [a, b, c, d, e, f, g, h, i, j]),
            [] => {}
        }
        sum = Sum::Added;
    }
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "every slice is cut to one length first, which also removes the checks")]
fn weighted<const K: usize>(modulus: Modulus, sum: Sum, out: &mut [u32], terms: [(&[u32], u32); K]) {
    let length = terms.iter().map(|(a, _)| a.len()).min().unwrap_or(0).min(out.len());
    let out = &mut out[..length];
    let terms = terms.map(|(a, weight)| (&a[..length], weight));
    for i in 0..length {
        let mut products = 0;
        for (a, weight) in &terms {
            // Made long here: the compiler sees that one instruction multiplies them, which it does not of a long word from elsewhere.
            products += u64::from(a[i]) * u64::from(*weight);
        }
        out[i] = sum.of(modulus, out[i], modulus.reduce(products));
    }
}

/// The next `length` elements of a slice, which advances past them.
fn head<'a>(slice: &mut &'a [u32], length: usize) -> &'a [u32] {
    let (head, tail) = slice.split_at(length.min(slice.len()));
    *slice = tail;
    head
}

/// Multiplies every element by a stored constant.
pub(in crate::scheme) fn scale(modulus: Modulus, values: &mut [u32], factor: u32) {
    for value in values {
        *value = modulus.multiply(*value, factor);
    }
}

/// `a += b`.
pub(in crate::scheme) fn add_assign(modulus: Modulus, a: &mut [u32], b: &[u32]) {
    for (a, &b) in a.iter_mut().zip(b) {
        *a = modulus.add(*a, b);
    }
}

/// `b = (a - b) factor`, with a stored factor.
pub(in crate::scheme) fn subtract_from_and_scale(modulus: Modulus, b: &mut [u32], a: &[u32], factor: u32) {
    for (b, &a) in b.iter_mut().zip(a) {
        *b = modulus.multiply(modulus.subtract(a, *b), factor);
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
            sum_of_products(m, Sum::Replaced, &mut out, &vec![(worst.as_slice(), worst.as_slice()); terms]);
            assert!(out.iter().all(|&x| u64::from(m.load(x)) == expected), "{terms}");
            weighted_sum(m, &mut out, &vec![(worst.as_slice(), P - 1); terms]);
            assert!(out.iter().all(|&x| u64::from(m.load(x)) == expected), "{terms}");
            let (mut all, mut one) = (vec![7; 600], vec![7; 600]);
            let mut outs = [(all.as_mut_slice(), vec![P - 1; terms]), (one.as_mut_slice(), vec![P - 1])];
            weighted_sums(m, &vec![worst.as_slice(); terms], &mut outs);
            assert!(all == out, "{terms}");
            weighted_sum(m, &mut out, &[(&worst, P - 1)]);
            assert!(one == out, "{terms}");
        }
        let mut none = vec![7; 600];
        weighted_sums(m, &[], &mut [(none.as_mut_slice(), Vec::new())]);
        assert_eq!(none, [0; 600]);
    }
}
