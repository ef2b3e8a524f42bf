//! What is computed for one block of references: the thresholds of its decisions, and how they combine to a verdict.
//!
//! A *decision* is one sign: of one pair of templates at one rotation, or of its number of common bits. A subject's verdict is AND over groups
//! (eyes), of OR over pairs, of (OR over rotations AND enough common bits). Subjects stand in slots, so all subjects of a block
//! share one [`Shape`]: as many *planes* of pairs as the subject with the most has; the others' decisions miss there.
//!
//! | | a decision | OR | AND |
//! |---|---|---|---|
//! | `each` | 0 iff hit | product | f^2 - 3 g^2: 0 iff both are, for 3 is no square modulo t |
//! | `count`, `labelled` | 1 or 0 | 1 - prod (1 - b) | product |
//! | `any` | 1 or 0 | sum, which stays below t | product |
//!
//! Where probes share a block in any order ([`Sharing::Pairs`]), `each` with an OR is judged like `any`, a slot masked in the end: 0 iff it misses. Where
//! they share it in segments, only what leaves of `any` and `count` is masked otherwise: in the end, for each probe.
//!
//! Under `each`, where no OR has more than one input, decisions are masked by random numbers inside their polynomials and added, four times over:
//! four zeros iff all hit, but for a chance of 2^-64. That saves the products' depth. Apart from such masks all of it is exact.

use std::ops::RangeInclusive;

use rand_chacha::ChaCha20Rng;

use super::Bgv;
use super::answer::{KEY_NUMBERS, LEAKAGE_LIMIT_LOG2, LEAST_FLOODING_BITS, MANY_SAMPLES};
use super::arithmetic::{Arithmetic, Cost, Ledger, blinded};
use super::chain::{Chain, SLACKS_LOG2};
use super::distance::{Steps, ledger_entry};
use super::engine::{Engine, Plaintext};
use super::keys::PreparedKey;
use super::labelled::{Layout, folding};
use super::misfit::Misfit;
use super::noise::{MARGIN_BITS, State, log2, sum};
use super::residues::divide_mod_t;
use super::ring::Ring;
use super::sampling::{any_residue, non_zero};
use super::sanitise::flooding_log2;
use super::shape::{Judgement, Shape};
use super::threshold::Polynomial;
use super::validity;
use crate::agreement::Disclosure;
use crate::functional::{Demand, Functional};
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS};
use crate::scheme::Scheme as _;

/// Blocks that have no less noise together than the tests of a probe that shares blocks with others: whoever tests it holds the tests to that.
pub(in crate::scheme) const TESTS_AS_BLOCKS: usize = 2;

/// A circuit that the parameter set has room for.
#[derive(Clone, Debug)]
pub(in crate::scheme) struct Circuit {
    pub set: BgvSet,
    pub steps: Steps,
    /// When primes are divided away: see [`SLACKS_LOG2`].
    slack_log2: f64,
    disclosure: Disclosure,
    /// See [`Comparison::hits`].
    hits: usize,
    /// See [`Comparison::indicates`].
    indicates: bool,
    /// See [`Comparison::masks_late`].
    masks_late: bool,
    /// Ciphertexts of a probe, or of those that share them, that are tested, at most, so that what leaves tells nothing but of a template: see
    /// [`validity`] and [`super::lock`]. None where probes are not tested.
    tested: usize,
    shape: Shape,
    aligned: Polynomial,
    common: Option<Polynomial>,
    /// Ring elements of a block under `each`.
    outputs: usize,
    /// Squares of the roots, for the one-squaring variant.
    pub squared_roots: Vec<u32>,
    /// The state in which verdicts are flooded.
    pub end: State,
    /// Primes over which the answer of all blocks is flooded, or under `labelled` folded: those of the largest circuit that the agreement admits. A
    /// count's factor is chosen for them.
    pub answered: usize,
    /// Least distance of any bound from half its modulus, in bits.
    pub margin: f64,
    /// One block, diagonals at hand, sanitising included.
    pub cost: Cost,
    /// The part of it before sanitising.
    pub searching: Cost,
}

/// What a circuit judges.
#[derive(Clone, Debug)]
pub(in crate::scheme) struct Comparison {
    /// Coordinates of a template.
    pub coordinates: usize,
    /// Smallest and largest phi, both odd.
    pub aligned: RangeInclusive<i64>,
    /// Smallest and largest 2 (common - minimum) + 1, where common bits are judged.
    pub common_bits: Option<RangeInclusive<i64>>,
    /// What the querier learns.
    pub disclosure: Disclosure,
    /// Under `labelled` the hits of a probe that have handles.
    pub hits: usize,
    /// Whose decisions stand in a block.
    pub sharing: Sharing,
}

/// Whose decisions stand in the slots of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheme) enum Sharing {
    /// One probe's.
    Probe,
    /// Those of pairs of any probes and subjects. What `any` and `count` leave is masked for each probe, in the end, over the primes of the
    /// public key.
    Pairs {
        /// Whether any OR that the agreement admits has more than one input.
        disjunction: bool,
    },
    /// Those of so many probes at most, in a segment each ([`super::segments`]): `any` and `count` as of pairs.
    Segments { probes: usize },
}

impl Comparison {
    /// Whether a decision is judged to 1 or 0, rather than to a number that is 0 iff it hits.
    fn indicates(&self) -> bool {
        self.disclosure != Disclosure::Each || self.sharing == Sharing::Pairs { disjunction: true }
    }

    /// Whether masks are taken in the end, each for some slots. Handles are folded instead.
    fn masks_late(&self) -> bool {
        self.sharing != Sharing::Probe && self.indicates() && self.disclosure != Disclosure::Labelled
    }

    /// Ciphertexts that are tested together: of two eyes, or of a vector and its witness, which has no more than nine bits a coordinate, and
    /// fifteen more for its windows.
    fn tested(&self, set: &BgvSet) -> usize {
        let of_probes = |probes: usize| (1 + (24 * self.coordinates * probes).div_ceil(set.ring_size())).max(2);
        match self.sharing {
            Sharing::Probe => of_probes(1),
            Sharing::Segments { probes } => of_probes(probes),
            Sharing::Pairs { .. } => 0,
        }
    }

    /// An agreement's functional.
    pub(in crate::scheme) fn of(functional: &Functional, disclosure: Disclosure) -> Self {
        Self {
            coordinates: functional.coordinates(),
            aligned: functional.phi_range(),
            common_bits: functional.common_bits_range(),
            disclosure,
            hits: functional.hits_per_probe(),
            sharing: Sharing::Probe,
        }
    }
}

impl From<&Demand> for Comparison {
    fn from(demand: &Demand) -> Self {
        Self {
            coordinates: demand.coordinates,
            aligned: demand.aligned.clone(),
            common_bits: demand.common_bits.clone(),
            disclosure: demand.disclosure,
            hits: demand.hits_per_probe,
            sharing: Sharing::Probe,
        }
    }
}

/// Whether a parameter set has room for all that an agreement admits.
///
/// # Errors
///
/// [`Misfit`] with the number that does not fit.
pub(crate) fn admit(set: &BgvSet, demand: &Demand) -> Result<(), Misfit> {
    if demand.disclosure == Disclosure::Count && demand.references >= PLAINTEXT_MODULUS as usize {
        return Err(Misfit::Count(demand.references));
    }
    let shape = Shape::demanded(demand);
    let blocks = demand.references.div_ceil(set.ring_size());
    admit_of_all_and_of_one(set, &Comparison::from(demand), &shape, blocks)
}

/// Whether it has room for as much where so many probes share a block.
///
/// # Errors
///
/// As [`admit`].
pub(crate) fn admit_together(set: &BgvSet, demand: &Demand, probes: usize) -> Result<(), Misfit> {
    let comparison = Comparison { sharing: Sharing::Segments { probes }, ..Comparison::from(demand) };
    admit_of_all_and_of_one(set, &comparison, &Shape::demanded(demand), 1)
}

/// Of a gallery, and of one subject.
fn admit_of_all_and_of_one(set: &BgvSet, comparison: &Comparison, shape: &Shape, blocks: usize) -> Result<(), Misfit> {
    Circuit::admit(set, comparison, shape, blocks)?;
    match Bgv::of_one_subject(comparison.disclosure) {
        // Fewer hits take no more than more do.
        same if same == comparison.disclosure => Ok(()),
        disclosure => Circuit::admit(set, &Comparison { disclosure, ..comparison.clone() }, shape, 1),
    }
}

impl Circuit {
    /// What runs it, by a querier's keys.
    pub(in crate::scheme) fn engine<'a>(&self, key: &'a PreparedKey) -> Engine<'a> {
        let chain = self.chain();
        Engine { ring: &key.ring, relinearisation: &key.relinearisation, chain }
    }

    /// Ciphertexts that the largest threshold holds at a time.
    pub(in crate::scheme) fn powers(&self) -> usize {
        self.common.iter().chain([&self.aligned]).map(Polynomial::powers).max().unwrap_or(0)
    }

    /// The primes, and when they are divided away.
    pub(in crate::scheme) fn chain(&self) -> Chain {
        Chain::of(&self.set).with_slack(self.slack_log2)
    }

    /// The cheapest circuit for a comparison, over so many blocks of subjects of a shape: whether it fits, and what it costs. Runs once it is
    /// given its coefficients.
    ///
    /// # Errors
    ///
    /// [`Misfit`] with the number that does not fit: that of the circuit which falls least short.
    pub(in crate::scheme) fn weigh(
        set: &BgvSet,
        comparison: &Comparison,
        shape: &Shape,
        blocks: usize,
    ) -> Result<Self, Misfit> {
        let (fitting, misfits): (Vec<_>, Vec<_>) =
            Self::candidates(set, comparison, shape, blocks)?.partition(Result::is_ok);
        let weight = |circuit: &Self| circuit.cost.transforms + circuit.cost.products / 8.0;
        let cheapest = fitting.into_iter().flatten().min_by(|a, b| weight(a).total_cmp(&weight(b)));
        cheapest.ok_or_else(|| nearest(misfits.into_iter().filter_map(Result::err)))
    }

    /// Whether any circuit for a comparison fits: sooner told than which is cheapest.
    ///
    /// # Errors
    ///
    /// As [`Circuit::weigh`].
    pub(in crate::scheme) fn admit(
        set: &BgvSet,
        comparison: &Comparison,
        shape: &Shape,
        blocks: usize,
    ) -> Result<(), Misfit> {
        let mut misfits = Vec::new();
        for candidate in Self::candidates(set, comparison, shape, blocks)? {
            match candidate {
                Ok(_) => return Ok(()),
                Err(misfit) => misfits.push(misfit),
            }
        }
        Err(nearest(misfits))
    }

    /// The circuits that differ in when primes are divided away and in how a polynomial is cut, weighed one after the other.
    fn candidates(
        set: &BgvSet,
        comparison: &Comparison,
        shape: &Shape,
        blocks: usize,
    ) -> Result<impl Iterator<Item = Result<Self, Misfit>>, Misfit> {
        Ok(Self::unweighed(set, comparison, shape)?.map(move |circuit| circuit.weighed(blocks)))
    }

    /// The same before they are weighed.
    fn unweighed(set: &BgvSet, comparison: &Comparison, shape: &Shape) -> Result<impl Iterator<Item = Self>, Misfit> {
        let Comparison { coordinates, ref aligned, ref common_bits, disclosure, .. } = *comparison;
        let common = common_bits.as_ref().filter(|_| shape.judges_common_bits);
        let limit = set.ring_size() / 2;
        let steps = Steps::new(set, coordinates).ok_or(Misfit::Coordinates { coordinates, limit })?;
        for range in [Some(aligned), common].into_iter().flatten() {
            let (lowest, highest, limit) = (*range.start(), *range.end(), i64::from(PLAINTEXT_MODULUS / 2));
            if lowest < -limit || highest > limit {
                return Err(Misfit::Range { lowest, highest, limit });
            }
        }
        let polynomial = |range: &RangeInclusive<i64>| match comparison.indicates() {
            false => Polynomial::roots(*range.end()),
            true => Polynomial::indicator((*range.end()).max(-*range.start())),
        };
        let conjunction = !comparison.indicates() && (common.is_some() || shape.groups > 1);
        if shape.largest_sum() >= PLAINTEXT_MODULUS.into() {
            return Err(Misfit::Decisions(shape.largest_sum()));
        }
        if disclosure == Disclosure::Labelled && Layout::new(comparison.hits).classes() > limit {
            return Err(Misfit::Hits(comparison.hits));
        }
        if set.one_squaring && (disclosure != Disclosure::Each || !shape.is_single_decision()) {
            return Err(Misfit::OneSquaring);
        }
        let squared_roots = if set.one_squaring { Polynomial::squared_roots(*aligned.end()) } else { Vec::new() };
        let [slack_log2, ..] = SLACKS_LOG2;
        let circuit = Self {
            set: *set,
            steps,
            slack_log2,
            disclosure,
            hits: comparison.hits,
            indicates: comparison.indicates(),
            masks_late: comparison.masks_late(),
            tested: comparison.tested(set),
            shape: shape.clone(),
            aligned: polynomial(aligned),
            common: common.map(polynomial),
            outputs: if conjunction { MANY_SAMPLES } else { 1 },
            squared_roots,
            end: State { limbs: set.limbs, factor: 1, noise: 0.0 },
            answered: set.public_limbs(),
            margin: 0.0,
            cost: Cost::default(),
            searching: Cost::default(),
        };
        let babies = circuit.aligned.candidates();
        let choices = SLACKS_LOG2
            .into_iter()
            .flat_map(move |slack| babies.clone().into_iter().map(move |babies| (slack, babies)));
        Ok(choices.map(move |(slack_log2, babies)| circuit.clone().with(slack_log2, babies)))
    }

    /// With another slack, and polynomials cut another way.
    fn with(mut self, slack_log2: f64, babies: usize) -> Self {
        self.slack_log2 = slack_log2;
        self.aligned = self.aligned.with_baby_powers(babies);
        self.common = self.common.map(|polynomial| polynomial.with_baby_powers(babies));
        self
    }

    /// Ready to be run.
    pub(in crate::scheme) fn with_coefficients(mut self) -> Self {
        self.aligned.compute();
        if let Some(common) = &mut self.common {
            common.compute();
        }
        self
    }

    /// Runs the circuit on a ledger.
    fn weighed(mut self, blocks: usize) -> Result<Self, Misfit> {
        let chain = self.chain();
        let ledger = Ledger::new(chain);
        let masks = self.ledger_masks();
        // Decisions of one kind cost the same, and come to the same state.
        let mut kinds: Vec<(Judgement, Vec<State>, Cost)> = Vec::new();
        let mut decisions: Vec<Vec<State>> = Vec::new();
        for judgement in self.judgements() {
            if let Some((_, states, cost)) = kinds.iter().find(|(kind, ..)| *kind == judgement) {
                ledger.charge(*cost);
                decisions.push(states.clone());
                continue;
            }
            let before = ledger.cost();
            let score = ledger_entry(&ledger, chain, self.steps);
            let states = self.judge(&ledger, judgement, &score, &masks, 1);
            kinds.push((judgement, states.clone(), ledger.cost() - before));
            decisions.push(states);
        }
        let ends = match self.set.one_squaring {
            true => decisions.into_iter().flatten().map(|square| blinded(chain, square)).collect(),
            false => self.verdict(&ledger, decisions, &masks),
        };
        let folded = self.layout();
        let answered = ends.first().filter(|_| folded.is_some()).map(|&end| folding::limbs(&self.set, end));
        let ends = ends.into_iter().map(|end| match folded {
            Some(layout) => folding::weighed(&ledger, chain, end, layout, blocks),
            None => end,
        });
        // What leaves is over no more primes than the public key has.
        let ends = ends.map(|end| State { limbs: end.limbs.min(self.set.public_limbs()), ..end });
        let ends = ends.map(|end| ledger.admit(self.summed(end, blocks)));
        let Some(end) = ends.reduce(|a, b| if a.noise > b.noise { a } else { b }) else {
            return Err(Misfit::OneSquaring);
        };
        if !ledger.is_coherent() {
            return Err(Misfit::Unlike);
        }
        let (end, margin) = self.with_tests(end, ledger.margin(), blocks)?;
        let spare = flooding_log2(&self.set, end);
        if margin < MARGIN_BITS {
            return Err(Misfit::Noise { margin, needed: MARGIN_BITS });
        }
        let needed = self.least_flooding(blocks);
        // What is added up over blocks of all shapes ends over the same primes.
        if spare < needed || (self.masks_late && end.limbs < self.set.public_limbs()) {
            return Err(Misfit::Flooding { spare, needed });
        }
        (self.end, self.margin, self.searching) = (end, margin, ledger.cost());
        self.answered = answered.unwrap_or(end.limbs);
        self.cost = self.searching + sanitising_cost(chain, end).times(self.outputs() as f64);
        Ok(self)
    }

    /// What is flooded once the probe's tests are added, where they are not in the key to it; and the margin that they leave.
    fn with_tests(&self, end: State, margin: f64, blocks: usize) -> Result<(State, f64), Misfit> {
        if self.tested == 0 {
            return Ok((end, margin));
        }
        let limbs = if self.is_locked() { self.set.public_limbs() } else { end.limbs };
        let (test, ledger) = validity::weighed(&self.set, limbs, self.tested);
        if !ledger.is_coherent() {
            return Err(Misfit::Unlike);
        }
        let end = match self.disclosure {
            Disclosure::Each | Disclosure::Labelled => end,
            Disclosure::Any | Disclosure::Count => State { noise: sum([end.noise, test.noise]), ..end },
        };
        let (spare, needed) = (flooding_log2(&self.set, test), self.least_flooding(blocks));
        if self.is_locked() && spare < needed {
            return Err(Misfit::Flooding { spare, needed });
        }
        Ok((end, margin.min(ledger.margin()).min(end.margin())))
    }

    /// What is flooded, once as many blocks as there are have been added up: see [`super::aggregate::Sums`]. Where probes share blocks, their tests
    /// are added as blocks are.
    fn summed(&self, end: State, blocks: usize) -> State {
        let tests = if self.masks_late { TESTS_AS_BLOCKS } else { 0 };
        let blocks = blocks + tests;
        let noise = match self.disclosure {
            // Those of handles have been added up already.
            Disclosure::Each | Disclosure::Labelled => end.noise,
            Disclosure::Any | Disclosure::Count => end.noise + log2(blocks.max(1) as f64) / 2.0,
        };
        State { noise, ..end }
    }

    /// Whether what leaves is padded, and the key to it leaves beside it: see [`super::lock`].
    pub(in crate::scheme) fn is_locked(&self) -> bool {
        matches!(self.disclosure, Disclosure::Each | Disclosure::Labelled)
    }

    /// Which sums leave under `labelled`.
    fn layout(&self) -> Option<Layout> {
        (self.disclosure == Disclosure::Labelled).then(|| Layout::new(self.hits))
    }

    /// Whether one sum that is masked by one number in the end, which multiplies its noise, is flooded enough. Where it is not, `any` is
    /// answered by several sums that were masked before noise was divided away.
    pub(in crate::scheme) fn has_room_for_a_constant(&self) -> bool {
        let coefficient = log2(f64::from(PLAINTEXT_MODULUS / 2));
        let masked = State { noise: self.end.noise + coefficient, ..self.end };
        flooding_log2(&self.set, masked) >= self.least_flooding(1)
    }

    /// Bits of flooding that keep the answer on one probe, of so many blocks, within the limit.
    pub(in crate::scheme) fn least_flooding(&self, blocks: usize) -> f64 {
        let numbers = match self.disclosure {
            Disclosure::Each => blocks * self.set.ring_size() * self.outputs() + KEY_NUMBERS,
            Disclosure::Labelled => self.set.ring_size() + KEY_NUMBERS,
            Disclosure::Any | Disclosure::Count => MANY_SAMPLES,
        };
        LEAST_FLOODING_BITS.max(log2(numbers as f64) - LEAKAGE_LIMIT_LOG2)
    }

    /// The judgements of a block, plane after plane.
    pub(in crate::scheme) fn judgements(&self) -> impl Iterator<Item = Judgement> {
        self.shape.planes.iter().flat_map(|_| self.shape.judgements())
    }

    /// The masks of a block among many, as a ledger sees them.
    pub(in crate::scheme) fn ledger_masks(&self) -> Vec<&'static ()> {
        vec![&(); self.masks_of_many()]
    }

    /// Ring elements that leave for one block under `each`.
    pub(in crate::scheme) fn outputs(&self) -> usize {
        self.squared_roots.len().max(self.outputs)
    }

    /// Stage 5: one decision, times each mask where masks are taken at once. The one-squaring variant stops at the square.
    pub(in crate::scheme) fn judge<A: Arithmetic>(
        &self,
        arithmetic: &A,
        judgement: Judgement,
        score: &A::Value,
        masks: &[&A::Mask],
        factor: u32,
    ) -> Vec<A::Value> {
        if self.set.one_squaring {
            return vec![arithmetic.multiply(score, score)];
        }
        let polynomial = match (judgement, &self.common) {
            (Judgement::CommonBits, Some(polynomial)) => polynomial,
            _ => &self.aligned,
        };
        let masks = if self.masks_at_once() { masks } else { &[] };
        polynomial.evaluate(arithmetic, score, masks, factor)
    }

    /// Whether every decision is masked inside its polynomial, where noise has room: no OR has more than one input, and under `each` and `any`
    /// masked decisions need only be added, or are alone.
    pub(in crate::scheme) fn masks_at_once(&self) -> bool {
        match self.disclosure {
            _ if self.masks_late => false,
            Disclosure::Each => self.shape.is_conjunction(),
            Disclosure::Any => self.shape.is_single_decision(),
            Disclosure::Count | Disclosure::Labelled => false,
        }
    }

    /// Masks of a block among many: one for each output, drawn by [`Circuit::masks`].
    fn masks_of_many(&self) -> usize {
        match self.disclosure {
            // One for each probe, whatever their number.
            _ if self.masks_late => 1,
            Disclosure::Each if self.set.one_squaring => 0,
            Disclosure::Each => self.outputs,
            Disclosure::Any => MANY_SAMPLES,
            Disclosure::Count | Disclosure::Labelled => 0,
        }
    }

    /// How the outputs of a block are masked; under `any`, where one sample is enough to answer, not before they are added up.
    ///
    /// One output is masked by non-zero numbers, so that it is 0 iff the verdict is. Several together are masked by any numbers: all 0 for a
    /// hit under `each`, for a miss under `any`; else uniform, and all 0 with probability 2^-64.
    pub(in crate::scheme) fn masks(&self, one_sample: bool) -> Masks {
        match self.disclosure {
            Disclosure::Any if one_sample => Masks::Constant,
            _ => match self.masks_of_many() {
                0 => Masks::None,
                1 => Masks::NonZero,
                many => Masks::Any(many),
            },
        }
    }

    /// What is subtracted from phi.
    pub(in crate::scheme) fn centre(&self, judgement: Judgement) -> i64 {
        match (judgement, &self.common) {
            (Judgement::CommonBits, Some(polynomial)) => polynomial.centre,
            _ => self.aligned.centre,
        }
    }

    /// Stage 6: decisions, plane after plane, each for each mask, to one value for each mask.
    pub(in crate::scheme) fn verdict<A: Arithmetic>(
        &self,
        arithmetic: &A,
        decisions: Vec<Vec<A::Value>>,
        masks: &[&A::Mask],
    ) -> Vec<A::Value> {
        if self.masks_at_once() {
            return sums(arithmetic, decisions);
        }
        let mut decisions = decisions.into_iter().flatten();
        let mut groups: Vec<Vec<A::Value>> = (0..self.shape.groups).map(|_| Vec::new()).collect();
        for plane in &self.shape.planes {
            let aligned: Vec<_> = decisions.by_ref().take(self.shape.alignments).collect();
            let mut pair = self.or(arithmetic, aligned);
            if self.shape.judges_common_bits {
                pair = self.and(arithmetic, pair.into_iter().chain(decisions.next()).collect());
            }
            if let Some(group) = groups.get_mut(plane.group) {
                group.extend(pair);
            }
        }
        let groups = groups.into_iter().filter_map(|group| self.or(arithmetic, group)).collect();
        let chain = arithmetic.chain();
        // There is a plane in every shape, so there is a verdict.
        let Some(verdict) = self.and(arithmetic, groups) else { return Vec::new() };
        if self.masks_late {
            let limbs = arithmetic.state(&verdict).limbs;
            let verdict = arithmetic.divide(verdict, limbs.saturating_sub(self.set.public_limbs()));
            return match masks {
                [] => vec![verdict],
                masks => masks.iter().map(|mask| arithmetic.blind(&verdict, mask)).collect(),
            };
        }
        match masks {
            [] if self.disclosure == Disclosure::Count => {
                // The sum over all slots is N times the constant coefficient, and must come out with factor 1 when all but the first prime
                // are gone.
                let states = [arithmetic.state(&verdict)];
                let limbs = super::arithmetic::settled_limbs(chain, &states, false);
                let loss = chain.factor_after_drop(1, 1, limbs.min(self.answered));
                let slots = self.set.ring_size() as u32 % PLAINTEXT_MODULUS;
                vec![arithmetic.settle(&[(&verdict, slots)], 0, divide_mod_t(1, loss))]
            }
            [] => vec![verdict],
            masks => {
                let masked = masks.iter().map(|mask| {
                    let blinded = arithmetic.blind(&verdict, mask);
                    let state = arithmetic.state(&blinded);
                    let least = state.limbs.saturating_sub(self.set.public_limbs());
                    let dropped = chain.primes_to_drop(state.noise, state.limbs, least);
                    arithmetic.divide(blinded, dropped)
                });
                masked.collect()
            }
        }
    }

    /// Whether any hits; of one value, itself.
    fn or<A: Arithmetic>(&self, arithmetic: &A, values: Vec<A::Value>) -> Option<A::Value> {
        if values.len() < 2 {
            return values.into_iter().next();
        }
        let factor = |value: &A::Value| arithmetic.state(value).factor;
        match self.disclosure {
            Disclosure::Each if !self.indicates => tree(arithmetic, values),
            // All were judged alike, so they have one factor.
            Disclosure::Each | Disclosure::Any => values.into_iter().reduce(|sum, value| arithmetic.add(sum, &value)),
            Disclosure::Count | Disclosure::Labelled => {
                let minus_one = PLAINTEXT_MODULUS - 1;
                let missed = |value: &A::Value| arithmetic.settle(&[(value, minus_one)], 1, factor(value));
                let none = tree(arithmetic, values.iter().map(missed).collect())?;
                Some(missed(&none))
            }
        }
    }

    /// Whether all hit; of one value, itself.
    fn and<A: Arithmetic>(&self, arithmetic: &A, values: Vec<A::Value>) -> Option<A::Value> {
        if self.indicates {
            return tree(arithmetic, values);
        }
        let mut values = values.into_iter();
        let first = values.next()?;
        Some(values.fold(first, |f, g| {
            let (of_f, of_g) = (arithmetic.state(&f).factor, arithmetic.state(&g).factor);
            let square = super::residues::multiply_mod_t(of_f, of_f);
            let negated = arithmetic.settle(&[(&g, PLAINTEXT_MODULUS - 3)], 0, divide_mod_t(square, of_g));
            arithmetic.inner_product(&[(&f, &f), (&g, &negated)], None)
        }))
    }
}

/// Of the reasons why none fits, the one that falls least short.
fn nearest(misfits: impl IntoIterator<Item = Misfit>) -> Misfit {
    let least = misfits.into_iter().min_by(|a, b| a.shortfall().total_cmp(&b.shortfall()));
    least.unwrap_or(Misfit::Noise { margin: 0.0, needed: MARGIN_BITS })
}

/// How the outputs of a block are masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheme) enum Masks {
    /// Not at all: a count, or the one-squaring variant, which masks by itself.
    None,
    /// By one number for all slots, other than 0.
    Constant,
    /// One output, by a number other than 0 in each slot.
    NonZero,
    /// So many outputs, by any numbers.
    Any(usize),
}

impl Masks {
    /// Draws the masks of one block.
    pub(in crate::scheme) fn draw(self, ring: &Ring, rng: &mut ChaCha20Rng) -> Vec<Plaintext> {
        let numbers: Vec<Vec<u32>> = match self {
            Self::None | Self::Constant => Vec::new(),
            Self::NonZero => vec![non_zero(ring.n, rng)],
            Self::Any(count) => (0..count).map(|_| any_residue(ring.n, rng)).collect(),
        };
        numbers.into_iter().map(|slots| Plaintext::of_slots(ring, slots, ring.set.limbs)).collect()
    }
}

/// For each mask the sum over all decisions, every one of which is masked.
fn sums<A: Arithmetic>(arithmetic: &A, decisions: Vec<Vec<A::Value>>) -> Vec<A::Value> {
    let mut decisions = decisions.into_iter();
    let first = decisions.next().unwrap_or_default();
    decisions.fold(first, |sums, next| {
        sums.into_iter().zip(next).map(|(sum, value)| arithmetic.add_masked(sum, &value)).collect()
    })
}

/// What sanitising costs one ring element.
fn sanitising_cost(chain: Chain, end: State) -> Cost {
    let ledger = Ledger::new(chain);
    ledger.charge(Cost { transforms: 4.0 * end.limbs as f64, products: 4.0 * end.limbs as f64 });
    ledger.charge_division(2, 1, end.limbs - 1);
    ledger.cost()
}

/// The product of all values, by a tree of least depth.
fn tree<A: Arithmetic>(arithmetic: &A, mut values: Vec<A::Value>) -> Option<A::Value> {
    while values.len() > 1 {
        let mut rest = values.into_iter();
        let pairs = std::iter::from_fn(|| Some((rest.next()?, rest.next()))).collect();
        values = arithmetic.each(pairs, |arithmetic, (a, b): (_, Option<_>)| match b {
            Some(b) => arithmetic.multiply(&a, &b),
            None => a,
        });
    }
    values.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::bgv::{self, INSECURE_BGV};
    use crate::scheme::bgv::shape::Plane;

    /// A single decision a subject.
    fn single() -> Shape {
        Shape {
            planes: vec![Plane { group: 0, sample: 0, ordinal: 0 }],
            groups: 1,
            alignments: 1,
            judges_common_bits: false,
        }
    }

    /// Tests of a probe add next to nothing to what is flooded, and leave every margin.
    #[test]
    fn no_set_has_less_room_for_being_tested() {
        let (mut fit, shape) = ([0, 0], single());
        for set in BgvSet::ALL {
            for disclosure in [Disclosure::Any, Disclosure::Count, Disclosure::Each] {
                for size in (0..48).map(|step| 1.25f64.powi(step) as i64).filter(|&size| size < 16_000) {
                    let comparison = Comparison {
                        coordinates: 512,
                        aligned: -(2 * size + 1)..=2 * size + 1,
                        common_bits: None,
                        disclosure,
                        hits: 0,
                        sharing: Sharing::Probe,
                    };
                    let circuits = || Circuit::unweighed(set, &comparison, &shape).into_iter().flatten();
                    let admitted = circuits().any(|circuit| circuit.weighed(4).is_ok());
                    let untested = |circuit| Circuit { tested: 0, ..circuit };
                    let before = circuits().any(|circuit| untested(circuit).weighed(4).is_ok());
                    assert_eq!(admitted, before, "{set:?} {disclosure} {size}");
                    fit[usize::from(admitted)] += 1;
                }
            }
        }
        assert!(fit.iter().all(|&number| number > 100), "{fit:?}");
    }

    #[test]
    fn what_is_admitted_can_be_weighed_and_what_is_not_falls_equally_short() {
        let shape = Shape {
            planes: vec![Plane { group: 0, sample: 0, ordinal: 0 }],
            groups: 1,
            alignments: 3,
            judges_common_bits: false,
        };
        let mut fit = [0, 0];
        for set in [bgv::BGV_32768_540, bgv::BGV_32768_780, INSECURE_BGV] {
            for (disclosure, size) in [Disclosure::Any, Disclosure::Each, Disclosure::Count, Disclosure::Labelled]
                .into_iter()
                .flat_map(|disclosure| (0..14).map(move |log2| (disclosure, (1 << log2) + 1)))
            {
                let sharing = Sharing::Probe;
                let comparison = Comparison {
                    coordinates: 512,
                    aligned: -size..=size,
                    common_bits: None,
                    disclosure,
                    hits: 1,
                    sharing,
                };
                let weighed = Circuit::weigh(&set, &comparison, &shape, 2).map(|_| ());
                assert_eq!(weighed, Circuit::admit(&set, &comparison, &shape, 2), "{set:?} {comparison:?}");
                fit[usize::from(weighed.is_ok())] += 1;
            }
        }
        assert!(fit.iter().all(|&number| number > 20), "{fit:?}");
    }
}
