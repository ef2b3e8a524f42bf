//! One block of random data at a time, for whoever times it: `cargo bench --bench blocks`, and the tests of predictions.

use rand::{CryptoRng, Rng};

use crate::agreement::Disclosure;
use crate::functional::Functional;
use crate::parameters::bgv::BgvSet;
use crate::scheme::bgv::Bgv;
use crate::scheme::bgv::aggregate::{Sums, squares};
use crate::scheme::bgv::circuit::{Circuit, Comparison};
use crate::scheme::bgv::distance::{Babies, Block, Steps, Transformed};
use crate::scheme::bgv::engine::{Ciphertext, Plaintext};
use crate::scheme::bgv::keys::PreparedKey;
use crate::scheme::bgv::labelled::Layout;
use crate::scheme::bgv::labelled::folding::{Folding, Member, fold};
use crate::scheme::bgv::lock::Lock;
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::sampling::{Generator, generator};
use crate::scheme::bgv::sanitise::sanitised;
use crate::scheme::bgv::shape::{Judgement, Shape};
use crate::scheme::bgv::validity::Validity;
use crate::scheme::{Evaluator as _, Holder as _};

/// Keys, a probe with its rotations, and the diagonals of one full block kept transformed.
pub struct Workload {
    key: PreparedKey,
    circuit: Circuit,
    disclosure: Disclosure,
    layout: Layout,
    decisions: Vec<(Judgement, Transformed)>,
    babies: Babies,
    rng: Generator,
    // What each stage leaves for the next.
    scores: Vec<(Judgement, Ciphertext)>,
    judged: Vec<Vec<Ciphertext>>,
    combined: Combined,
}

impl Workload {
    /// Random weights of the size that the functional's references have; one pair a subject, every rotation.
    ///
    /// # Errors
    ///
    /// [`Misfit`] for a comparison that the set has no room for.
    pub fn new(
        set: &BgvSet,
        functional: &Functional,
        disclosure: Disclosure,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Misfit> {
        let (secret, public) = Bgv::generate(set, rng);
        let key = Bgv::prepare_key(public, set);
        let mut rng = generator(rng);
        let shape = Shape::of_functional(functional, 1);
        let circuit =
            Circuit::weigh(set, &Comparison::of(functional, disclosure), &shape, ADMITTED_BLOCKS)?.with_coefficients();
        let coordinates = functional.coordinates();
        let fits = Misfit::Coordinates { coordinates, limit: set.ring_size() / 2 };
        let steps = Steps::new(set, coordinates).ok_or(fits.clone())?;
        let largest = (functional.largest_weight_norm() / (coordinates as f64).sqrt()).ceil() as i16;
        let decisions = shape.planes.iter().flat_map(|_| shape.judgements()).map(|judgement| {
            let seed: u64 = rng.random();
            let mut block = Block::new(steps, key.ring.n, 1, -1);
            block.fill(|row, weights| {
                // A multiplicative hash: what is timed does not depend on the numbers.
                let spread =
                    |i: usize| (seed ^ (row * coordinates + i) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
                let span = 2 * i64::from(largest) + 1;
                let small = |i: usize| (spread(i) as i64 % span) as i16 - largest;
                weights.iter_mut().take(coordinates).enumerate().for_each(|(i, weight)| *weight = small(i));
                Some(-1)
            });
            (judgement, block.transformed(&key.ring))
        });
        let decisions = decisions.collect();
        let probe = secret.encrypt_noise(&mut rng);
        let babies = Babies::of_sample(&key, &probe, 0, steps).ok_or(fits)?;
        let (scores, judged, combined) = (Vec::new(), Vec::new(), Combined::default());
        let layout = Layout::new(functional.hits_per_probe());
        Ok(Self { key, circuit, disclosure, layout, decisions, babies, rng, scores, judged, combined })
    }

    /// References in a block.
    pub fn references(&self) -> usize {
        self.key.ring.n
    }

    /// Bits between the least bound and half its modulus.
    pub fn margin_bits(&self) -> f64 {
        self.circuit.margin
    }

    /// Stages 4 to 6 for the block as one of many, flooding and re-randomisation included. Returns the answer's numbers.
    pub fn block(&mut self) -> usize {
        self.distances();
        self.thresholds();
        self.aggregate();
        self.sanitise()
    }

    /// Stage 4: every decision's scores. Returns how many subjects have them.
    pub(crate) fn distances(&mut self) -> usize {
        let (key, circuit, babies) = (&self.key, &self.circuit, &self.babies);
        let scores = self.decisions.iter().flat_map(|(judgement, diagonals)| {
            let scores = diagonals.scores(key, &[babies], circuit.centre(*judgement));
            scores.into_iter().map(|score| (*judgement, score))
        });
        self.scores = scores.collect();
        key.ring.n
    }

    /// Stage 5: judges what [`Workload::distances`] left. Returns how many subjects are judged.
    pub(crate) fn thresholds(&mut self) -> usize {
        let ring = &*self.key.ring;
        let engine = self.circuit.engine(&self.key);
        let masks = self.circuit.masks(false);
        self.judged.clear();
        for (judgement, score) in std::mem::take(&mut self.scores) {
            let drawn = if self.circuit.masks_at_once() { masks.draw(ring, &mut self.rng) } else { Vec::new() };
            let drawn: Vec<&Plaintext> = drawn.iter().collect();
            self.judged.push(self.circuit.judge(&engine, judgement, &score, &drawn, 1));
        }
        ring.n
    }

    /// Stage 6, its beginning: combines what [`Workload::thresholds`] left, adds the slots up where one number is disclosed, and folds them where
    /// handles are. Returns how many subjects are combined.
    pub(crate) fn aggregate(&mut self) -> usize {
        let ring = &*self.key.ring;
        let engine = self.circuit.engine(&self.key);
        let masks = self.circuit.masks(false);
        let values = std::mem::take(&mut self.judged);
        let verdicts = match ring.set.one_squaring {
            true => values.into_iter().flatten().collect(),
            false => {
                let drawn = if self.circuit.masks_at_once() { Vec::new() } else { masks.draw(ring, &mut self.rng) };
                self.circuit.verdict(&engine, values, &drawn.iter().collect::<Vec<_>>())
            }
        };
        self.combined = match self.disclosure {
            Disclosure::Each => Combined::Slots(verdicts),
            Disclosure::Labelled => {
                let mut folding = Folding::draw(self.layout, ring.n, &mut self.rng);
                let members = Member::strangers(ring.n);
                for verdict in &verdicts {
                    let folded = fold(&self.key, verdict, &mut [(&mut folding, &members)], self.circuit.answered, &());
                    // Nobody asks to stop.
                    debug_assert!(folded.is_ok());
                }
                Combined::Folded(folding)
            }
            Disclosure::Any | Disclosure::Count => {
                let mut sums = Sums::new(masks, self.circuit.answered);
                // The first block of a sum is like itself.
                let added = sums.add(ring, verdicts);
                debug_assert_eq!(added, Ok(()));
                Combined::Sums(sums)
            }
        };
        ring.n
    }

    /// Stage 6, its end: sanitises what [`Workload::aggregate`] left. Returns the answer's numbers.
    pub(crate) fn sanitise(&mut self) -> usize {
        let (key, rng) = (&self.key, &mut self.rng);
        let n = key.ring.n;
        match std::mem::take(&mut self.combined) {
            Combined::Slots(verdicts) if key.ring.set.one_squaring => {
                let mut lock = Lock::draw(rng);
                verdicts.iter().flat_map(|value| squares(key, &self.circuit, value, &mut lock, rng)).count() * n
            }
            Combined::Slots(verdicts) => {
                let mut lock = Lock::draw(rng);
                let leave = |value| lock.put_on(&key.ring, &mut sanitised(key, value, rng).ciphertext);
                verdicts.into_iter().map(leave).count() * n
            }
            Combined::Folded(folding) => {
                let mut lock = Lock::draw(rng);
                folding.finish(key, &mut lock, rng).map_or(0, |_| n)
            }
            Combined::Sums(sums) => sums.finish(key, &Validity::of_nothing(), rng).samples.len(),
        }
    }
}

/// What a block leaves before it is sanitised.
enum Combined {
    Slots(Vec<Ciphertext>),
    Folded(Folding),
    Sums(Sums),
}

impl Default for Combined {
    fn default() -> Self {
        Self::Slots(Vec::new())
    }
}

/// What an agreement's circuits are admitted for by default: 100,000 references.
const ADMITTED_BLOCKS: usize = 4;
