//! What a circuit is made of, written once and run twice: by the [`Ledger`], which adds up noise and cost without any ciphertext, and by
//! the engine of [`super::engine`], which computes. Both follow the same [`State`]s, so what the ledger admits the engine can do.

use std::cell::Cell;

use super::chain::Chain;
use super::noise::{Noise, State, log2, sum, sums};
use super::residues::{divide_mod_t, multiply_mod_t};
use crate::parameters::bgv::PLAINTEXT_MODULUS;

/// Encrypted numbers modulo t, one in each slot.
pub(in crate::scheme) trait Arithmetic {
    /// A ciphertext, or what is known of one.
    type Value: Clone + Send + Sync;
    /// A plaintext with a random number in each slot.
    type Mask: Sync;

    fn chain(&self) -> Chain;

    fn state(&self, value: &Self::Value) -> State;

    /// `sum_i a_i b_i + addend`, relinearised once and divided until noise is near its floor.
    ///
    /// All products, and the addend, must have one common factor.
    fn inner_product(&self, pairs: &[(&Self::Value, &Self::Value)], addend: Option<&Self::Value>) -> Self::Value;

    /// `sum_i c_i v_i + constant`, with the given factor; the limbs of the shortest.
    fn combine(&self, terms: &[(&Self::Value, u32)], constant: u32, factor: u32) -> Self::Value;

    /// The product with a mask, slot by slot.
    fn blind(&self, value: &Self::Value, mask: &Self::Mask) -> Self::Value;

    /// The sum of two values of one factor, over the primes that both have.
    fn add(&self, a: Self::Value, b: &Self::Value) -> Self::Value;

    /// The sum of two values that are multiplied by random numbers, over the primes that both have. What a factor multiplies is uniform, or
    /// zero, with it as without it: so values of different factors may be added, and only these.
    fn add_masked(&self, a: Self::Value, b: &Self::Value) -> Self::Value;

    /// Divides the last primes away.
    fn divide(&self, value: Self::Value, dropped: usize) -> Self::Value;

    /// What does not depend on each other, in its order: at once where there are threads for it. Near the end of a circuit a single product has
    /// fewer primes than threads like to share.
    fn each<T: Send, R: Send>(&self, items: Vec<T>, map: impl Fn(&Self, T) -> R + Sync) -> Vec<R>;

    /// What a computation comes to with each of some masks, one after the other.
    fn of_each_mask(
        &self,
        masks: &[&Self::Mask],
        compute: impl Fn(usize, &Self::Mask) -> Option<Self::Value>,
    ) -> Vec<Self::Value> {
        masks.iter().enumerate().filter_map(|(number, mask)| compute(number, mask)).collect()
    }

    /// The product of two values.
    fn multiply(&self, a: &Self::Value, b: &Self::Value) -> Self::Value {
        self.inner_product(&[(a, b)], None)
    }

    /// The product of each pair.
    fn products(&self, pairs: Vec<(&Self::Value, &Self::Value)>) -> Vec<Self::Value> {
        self.each(pairs, |arithmetic, (a, b)| arithmetic.multiply(a, b))
    }

    /// As [`Arithmetic::combine`], several sums of the same values, each of the first ones.
    fn combine_each(&self, values: &[&Self::Value], sums: &[Combination]) -> Vec<Self::Value> {
        let combined = sums.iter().map(|sum| {
            let terms: Vec<_> = values.iter().copied().zip(sum.coefficients.iter().copied()).collect();
            self.combine(&terms, sum.constant, sum.factor)
        });
        combined.collect()
    }

    /// [`Arithmetic::combine`], then divisions until noise is near its floor; ends with the given factor.
    fn settle(&self, terms: &[(&Self::Value, u32)], constant: u32, factor: u32) -> Self::Value {
        let states: Vec<State> = terms.iter().map(|(value, _)| self.state(value)).collect();
        let divisions = Divisions::after_sum(self.chain(), &states, false);
        let factor = divisions.factor_before(self.chain(), factor);
        self.divide(self.combine(terms, constant, factor), divisions.dropped())
    }

    /// As [`Arithmetic::combine_each`], but the factors are those after divisions until noise is near its floor: to be masked first, or not.
    fn unsettled(
        &self,
        values: &[&Self::Value],
        mut sums: Vec<Combination>,
        masked: bool,
    ) -> Vec<Unsettled<Self::Value>> {
        let states: Vec<State> = values.iter().map(|value| self.state(value)).collect();
        let mut dropped = Vec::with_capacity(sums.len());
        let mut divisions = OfLengths::new(|length| {
            Divisions::after_sum(self.chain(), states.get(..length).unwrap_or(&states), masked)
        });
        for sum in &mut sums {
            let divisions = divisions.of(sum.coefficients.len());
            sum.factor = divisions.factor_before(self.chain(), sum.factor);
            dropped.push(divisions.dropped());
        }
        let values = self.combine_each(values, &sums);
        values.into_iter().zip(dropped).map(|(value, dropped)| Unsettled { value, dropped }).collect()
    }

    /// The product with a mask, divided.
    fn settle_masked(&self, unsettled: &Unsettled<Self::Value>, mask: &Self::Mask) -> Self::Value {
        self.divide(self.blind(&unsettled.value, mask), unsettled.dropped)
    }
}

/// One sum of several: `sum_i c_i v_i + constant`, with a factor.
#[derive(Clone, Debug)]
pub(in crate::scheme) struct Combination {
    pub(in crate::scheme) coefficients: Vec<u32>,
    pub(in crate::scheme) constant: u32,
    pub(in crate::scheme) factor: u32,
}

/// A sum, and the primes that are to be divided away.
pub(in crate::scheme) struct Unsettled<V> {
    pub(in crate::scheme) value: V,
    pub(in crate::scheme) dropped: usize,
}

/// After [`Arithmetic::combine`]. Coefficients are taken to be as large as they can be, so that the state does not depend on them.
pub(in crate::scheme) fn combined(chain: Chain, states: &[State], factor: u32) -> State {
    let noise = Noise::of(&chain.set);
    let coefficient = log2(f64::from(PLAINTEXT_MODULUS / 2));
    State {
        limbs: states.iter().map(|state| state.limbs).min().unwrap_or(chain.set.limbs),
        factor,
        noise: sum(states.iter().map(|state| state.noise + coefficient).chain([noise.plaintext()])),
    }
}

/// The primes that are divided away after a sum.
#[derive(Clone, Copy)]
struct Divisions {
    before: usize,
    after: usize,
}

impl Divisions {
    /// Of such values, perhaps masked.
    fn after_sum(chain: Chain, states: &[State], masked: bool) -> Self {
        let before = combined(chain, states, 1).limbs;
        Self { before, after: settled_limbs(chain, states, masked) }
    }

    fn dropped(self) -> usize {
        self.before - self.after
    }

    /// The factor before them, for the given one after.
    fn factor_before(self, chain: Chain, factor: u32) -> u32 {
        divide_mod_t(factor, chain.factor_after_drop(1, self.after, self.before))
    }
}

/// What follows from how many of some values are added up: worked out anew only where that changes. The inner polynomials of a threshold
/// are many sums of the same powers.
struct OfLengths<T, F> {
    work_out: F,
    last: Option<(usize, T)>,
}

impl<T: Copy, F: Fn(usize) -> T> OfLengths<T, F> {
    fn new(work_out: F) -> Self {
        Self { work_out, last: None }
    }

    fn of(&mut self, length: usize) -> T {
        match self.last {
            Some((last, value)) if last == length => value,
            _ => {
                let value = (self.work_out)(length);
                self.last = Some((length, value));
                value
            }
        }
    }
}

/// The limbs that [`Arithmetic::settle`] leaves.
pub(in crate::scheme) fn settled_limbs(chain: Chain, states: &[State], masked: bool) -> usize {
    let state = combined(chain, states, 1);
    let state = if masked { blinded(chain, state) } else { state };
    state.limbs - chain.primes_to_drop(state.noise, state.limbs, 0)
}

/// After [`Arithmetic::blind`].
pub(in crate::scheme) fn blinded(chain: Chain, state: State) -> State {
    State { noise: Noise::of(&chain.set).plaintext_product(state.noise), ..state }
}

/// Whether products, and what is added to them, have one factor: their sum is then congruent to that factor times the sum of the
/// plaintexts, and else to nothing that is known.
pub(in crate::scheme) fn alike(pairs: &[(State, State)], addend: Option<State>) -> bool {
    let products = pairs.iter().map(|(a, b)| multiply_mod_t(a.factor, b.factor));
    let mut factors = products.chain(addend.map(|state| state.factor));
    let first = factors.next();
    factors.all(|factor| Some(factor) == first)
}

/// After [`Arithmetic::inner_product`].
pub(in crate::scheme) struct Multiplied {
    pub(in crate::scheme) state: State,
    /// Primes that it divides away.
    pub(in crate::scheme) dropped: usize,
    /// The peak of the products alone, before anything else is added.
    pub(in crate::scheme) products: f64,
}

/// What an inner product comes to.
pub(in crate::scheme) fn multiplied(chain: Chain, pairs: &[(State, State)], addend: Option<State>) -> Multiplied {
    let noise = Noise::of(&chain.set);
    let limbs = pairs.iter().map(|(a, b)| a.limbs.min(b.limbs)).chain(addend.map(|state| state.limbs)).min();
    let limbs = limbs.unwrap_or(chain.set.limbs);
    let products: Vec<f64> = pairs.iter().map(|(a, b)| noise.product(a.noise, b.noise)).collect();
    let added: Vec<f64> = addend.map(|state| state.noise).into_iter().chain([noise.keyswitch(limbs)]).collect();
    let [products, raised] = sums(&products, &added);
    let dropped = chain.primes_to_drop(raised, limbs, 0);
    let factor = pairs.first().map(|(a, b)| multiply_mod_t(a.factor, b.factor)).or(addend.map(|state| state.factor));
    let before = State { limbs, factor: factor.unwrap_or(1), noise: raised };
    let after = before.divided(chain, dropped);
    // The division by the special primes rounds even where no other prime goes.
    Multiplied { state: State { noise: sum([after.noise, noise.rounding()]), ..after }, dropped, products }
}

/// What a computation costs, in units that a machine can be timed by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::scheme) struct Cost {
    /// Transforms of one limb.
    pub transforms: f64,
    /// Products of one limb by another, or by a constant, added up.
    pub products: f64,
}

impl Cost {
    pub(in crate::scheme) fn times(self, factor: f64) -> Self {
        Self { transforms: self.transforms * factor, products: self.products * factor }
    }
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { transforms: self.transforms + other.transforms, products: self.products + other.products }
    }
}

impl std::ops::Sub for Cost {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { transforms: self.transforms - other.transforms, products: self.products - other.products }
    }
}

/// Adds up noise and cost.
pub(in crate::scheme) struct Ledger {
    chain: Chain,
    cost: Cell<Cost>,
    /// The state with the least margin so far.
    tightest: Cell<Option<State>>,
    /// Whether values of different factors were added up.
    unlike: Cell<bool>,
}

impl Ledger {
    pub(in crate::scheme) fn new(chain: Chain) -> Self {
        Self { chain, cost: Cell::default(), tightest: Cell::new(None), unlike: Cell::new(false) }
    }

    pub(in crate::scheme) fn cost(&self) -> Cost {
        self.cost.get()
    }

    /// The least distance, in bits, of any bound from half its modulus.
    pub(in crate::scheme) fn margin(&self) -> f64 {
        self.tightest.get().map_or(f64::INFINITY, |state| state.margin())
    }

    /// Whether all that was added up had one factor. The engine follows the same states, so what is right here is right there.
    pub(in crate::scheme) fn is_coherent(&self) -> bool {
        !self.unlike.get()
    }

    /// The state of which [`Ledger::margin`] speaks.
    pub(in crate::scheme) fn tightest(&self) -> Option<State> {
        self.tightest.get()
    }

    pub(in crate::scheme) fn charge(&self, cost: Cost) {
        self.cost.set(self.cost.get() + cost);
    }

    /// Notes that a ciphertext of this state occurs.
    pub(in crate::scheme) fn admit(&self, state: State) -> State {
        if state.margin() < self.margin() {
            self.tightest.set(Some(state));
        }
        state
    }

    /// Dividing `polynomials` of `kept + dropped` limbs.
    pub(in crate::scheme) fn charge_division(&self, polynomials: usize, kept: usize, dropped: usize) {
        if dropped > 0 {
            self.charge(Cost {
                transforms: (polynomials * (kept + dropped)) as f64,
                products: (polynomials * (kept * (dropped + 1) + dropped)) as f64,
            });
        }
    }

    /// A keyswitch of one polynomial and the division of both parts.
    pub(in crate::scheme) fn charge_keyswitch(&self, limbs: usize, dropped: usize) {
        let (special, digit) = (self.chain.set.special, self.chain.set.digit);
        let digits = limbs.div_ceil(digit);
        let converted = digits * (limbs + special) - limbs;
        self.charge(Cost {
            transforms: (limbs + converted) as f64,
            products: (converted * (digit + 1) + 2 * digits * (limbs + special) + 2 * limbs) as f64,
        });
        self.charge_division(2, limbs - dropped, dropped + special);
    }
}

impl Arithmetic for Ledger {
    type Value = State;
    type Mask = ();

    fn chain(&self) -> Chain {
        self.chain
    }

    fn state(&self, value: &State) -> State {
        *value
    }

    fn inner_product(&self, pairs: &[(&State, &State)], addend: Option<&State>) -> State {
        let states: Vec<_> = pairs.iter().map(|&(&a, &b)| (a, b)).collect();
        self.unlike.set(self.unlike.get() || !alike(&states, addend.copied()));
        let Multiplied { state, dropped, products } = multiplied(self.chain, &states, addend.copied());
        let limbs = state.limbs + dropped;
        self.admit(State { limbs, noise: products, ..state });
        self.charge(Cost { transforms: 0.0, products: (4 * pairs.len() * limbs) as f64 });
        self.charge_keyswitch(limbs, dropped);
        self.admit(state)
    }

    fn combine(&self, terms: &[(&State, u32)], _: u32, factor: u32) -> State {
        let states: Vec<_> = terms.iter().map(|&(&state, _)| state).collect();
        let state = combined(self.chain, &states, factor);
        self.charge(Cost { transforms: 0.0, products: (2 * terms.len() * state.limbs) as f64 });
        self.admit(state)
    }

    fn combine_each(&self, values: &[&State], sums: &[Combination]) -> Vec<State> {
        let states: Vec<State> = values.iter().map(|&&state| state).collect();
        let mut of_terms = OfLengths::new(|terms| combined(self.chain, states.get(..terms).unwrap_or(&states), 1));
        let combine = |sum: &Combination| {
            let terms = sum.coefficients.len().min(states.len());
            let state = State { factor: sum.factor, ..of_terms.of(terms) };
            self.charge(Cost { transforms: 0.0, products: (2 * terms * state.limbs) as f64 });
            self.admit(state)
        };
        sums.iter().map(combine).collect()
    }

    fn blind(&self, value: &State, (): &()) -> State {
        self.charge(Cost { transforms: 0.0, products: 2.0 * value.limbs as f64 });
        self.admit(blinded(self.chain, *value))
    }

    fn add(&self, a: State, b: &State) -> State {
        self.unlike.set(self.unlike.get() || a.factor != b.factor);
        self.add_masked(a, b)
    }

    fn add_masked(&self, a: State, b: &State) -> State {
        self.admit(State { limbs: a.limbs.min(b.limbs), noise: sum([a.noise, b.noise]), ..a })
    }

    fn each<T: Send, R: Send>(&self, items: Vec<T>, map: impl Fn(&Self, T) -> R + Sync) -> Vec<R> {
        // In one order, so that both parties' sums come out alike.
        items.into_iter().map(|item| map(self, item)).collect()
    }

    /// No mask differs from another: one is computed with, and charged for all.
    fn of_each_mask(&self, masks: &[&()], compute: impl Fn(usize, &()) -> Option<State>) -> Vec<State> {
        let before = self.cost();
        let value = masks.first().and_then(|mask| compute(0, mask));
        let once = self.cost() - before;
        self.charge(once.times(masks.len().saturating_sub(1) as f64));
        value.map_or_else(Vec::new, |value| vec![value; masks.len()])
    }

    fn divide(&self, value: State, dropped: usize) -> State {
        self.charge_division(2, value.limbs - dropped.min(value.limbs), dropped);
        self.admit(value.divided(self.chain, dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::bgv::INSECURE_BGV;

    /// To the last bit, whatever the lengths follow each other.
    #[test]
    fn several_sums_are_weighed_like_one_after_the_other() {
        let chain = Chain::of(&INSECURE_BGV);
        let states: Vec<State> =
            (0..5).map(|i| State { limbs: 20 - i, factor: 1, noise: 30.0 + 0.7 * i as f64 }).collect();
        let values: Vec<&State> = states.iter().collect();
        let sums: Vec<Combination> = [5, 5, 3, 5, 1, 1, 2]
            .map(|terms| Combination { coefficients: vec![1; terms], constant: 0, factor: 7 + terms as u32 })
            .into();
        let (together, apart) = (Ledger::new(chain), Ledger::new(chain));
        let one = |sum: &Combination| {
            let terms: Vec<_> = values.iter().copied().zip(sum.coefficients.iter().copied()).collect();
            apart.combine(&terms, sum.constant, sum.factor)
        };
        assert_eq!(together.combine_each(&values, &sums), sums.iter().map(one).collect::<Vec<_>>());
        assert_eq!((together.cost(), together.tightest()), (apart.cost(), apart.tightest()));
    }

    #[test]
    fn a_ledger_finds_sums_of_values_that_are_not_alike() {
        let chain = Chain::of(&INSECURE_BGV);
        let state = |factor| State { limbs: 20, factor, noise: 30.0 };
        for (pairs, addend, coherent) in [
            ([(2, 3), (6, 1)], Some(6), true),
            ([(2, 3), (6, 1)], None, true),
            ([(2, 3), (6, 1)], Some(5), false),
            ([(2, 3), (6, 2)], None, false),
        ] {
            let ledger = Ledger::new(chain);
            let states = pairs.map(|(a, b)| (state(a), state(b)));
            let pairs: Vec<_> = states.iter().map(|(a, b)| (a, b)).collect();
            ledger.inner_product(&pairs, addend.map(state).as_ref());
            assert_eq!(ledger.is_coherent(), coherent, "{pairs:?} {addend:?}");
        }
    }
}
