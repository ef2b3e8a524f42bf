//! F_t\[o\] with o^2 = 3: a field of t^2 elements, for 3 is no square modulo t = 2^16 + 1 (it generates the units). Two numbers modulo t an element.

use crate::scheme::bgv::residues::{add_mod_t, divide_mod_t, multiply_mod_t, negate_mod_t};

/// x_0 + x_1 o.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pair(pub(super) [u32; 2]);

impl Pair {
    pub(super) const ZERO: Self = Self([0, 0]);
    pub(super) const ONE: Self = Self([1, 0]);

    /// The element that stands for a place, another for each: 2^16 of them have one second number.
    pub(super) fn of_place(place: u32) -> Self {
        Self([place & 0xffff, place >> 16])
    }

    pub(super) fn number(self, component: usize) -> u32 {
        let Self([first, second]) = self;
        if component == 0 { first } else { second }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        let Self([first, second]) = other;
        self + Self([negate_mod_t(first), negate_mod_t(second)])
    }

    /// Divided by a number other than 0.
    pub(super) fn over(self, number: u32) -> Self {
        let Self([first, second]) = self;
        Self([divide_mod_t(first, number), divide_mod_t(second, number)])
    }

    /// 1 over the element; none of 0.
    pub(super) fn inverse(self) -> Option<Self> {
        // (a - b o) / (a^2 - 3 b^2), whose denominator is 0 for 0 alone.
        let Self([a, b]) = self;
        let norm = add_mod_t(multiply_mod_t(a, a), negate_mod_t(multiply_mod_t(3, multiply_mod_t(b, b))));
        (norm != 0).then(|| Self([a, negate_mod_t(b)]).over(norm))
    }

    /// Its powers, from the first 0 on: 0^0 is 1.
    pub(super) fn powers(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(Self::ONE), move |&power| Some(power * self))
    }
}

impl std::ops::Add for Pair {
    type Output = Self;

    fn add(self, Self([c, d]): Self) -> Self {
        let Self([a, b]) = self;
        Self([add_mod_t(a, c), add_mod_t(b, d)])
    }
}

impl std::ops::Mul for Pair {
    type Output = Self;

    fn mul(self, Self([c, d]): Self) -> Self {
        let Self([a, b]) = self;
        let square = multiply_mod_t(3, multiply_mod_t(b, d));
        Self([add_mod_t(multiply_mod_t(a, c), square), add_mod_t(multiply_mod_t(a, d), multiply_mod_t(b, c))])
    }
}

impl std::iter::Sum for Pair {
    fn sum<I: Iterator<Item = Self>>(elements: I) -> Self {
        elements.fold(Self::ZERO, |sum, element| sum + element)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_pair() -> impl Strategy<Value = Pair> {
        let number = || prop_oneof![0..3u32, 65_534..65_537u32, 0..65_537u32];
        (number(), number()).prop_map(|(a, b)| Pair([a, b]))
    }

    proptest! {
        #[test]
        fn it_is_a_field(a in any_pair(), b in any_pair(), c in any_pair()) {
            prop_assert_eq!(a * b, b * a);
            prop_assert_eq!(a * (b * c), (a * b) * c);
            prop_assert_eq!(a * (b + c), a * b + a * c);
            prop_assert_eq!(a.minus(a), Pair::ZERO);
            match a.inverse() {
                Some(inverse) => prop_assert_eq!(a * inverse, Pair::ONE),
                None => prop_assert_eq!(a, Pair::ZERO),
            }
        }
    }
}
