//! One full block of random data at a time, for whoever times it: `cargo bench --bench blocks`, `cotejo bench`, tests of predictions.

use rand::{CryptoRng, Rng};

use crate::agreement::Disclosure;
use crate::functional::{Functional, LinearForm};
use crate::parameters::hybrid::HybridSet;
use crate::scheme::bgv::arithmetic::Arithmetic as _;
use crate::scheme::bgv::circuit::{Circuit, Masks};
use crate::scheme::bgv::distance::Block;
use crate::scheme::bgv::engine::{Ciphertext, Plaintext};
use crate::scheme::bgv::labelled::Layout;
use crate::scheme::bgv::labelled::folding::{Folding, Member, fold};
use crate::scheme::bgv::lock::Lock;
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::residues::residue;
use crate::scheme::bgv::sampling::{Generator, generator, non_zero};
use crate::scheme::bgv::sanitise::sanitised;
use crate::scheme::bgv::shape::{Judgement, Shape};
use crate::scheme::hybrid::Hybrid;
use crate::scheme::hybrid::admission::blocks_of_a_probe;
use crate::scheme::hybrid::bridge::switched;
use crate::scheme::hybrid::keys::PreparedKey;
use crate::scheme::hybrid::scale::Decisions;
use crate::scheme::tfhe::distance::{EncryptedTemplate, Scratch};
use crate::scheme::{Evaluator as _, Holder as _};

/// Keys, a probe, weights of a full block of references, and what each stage leaves for the next.
pub struct Workload {
    key: PreparedKey,
    circuit: Circuit,
    disclosure: Disclosure,
    layout: Layout,
    judgements: Vec<Judgement>,
    template: EncryptedTemplate,
    form: LinearForm,
    rng: Generator,
    blocks: Vec<Block>,
    scores: Vec<(Judgement, Ciphertext)>,
    judged: Vec<Vec<Ciphertext>>,
    verdicts: Vec<Ciphertext>,
}

impl Workload {
    /// Random weights; one pair a subject, every rotation.
    ///
    /// # Errors
    ///
    /// [`Misfit`] for a comparison that the set has no room for.
    pub fn new(
        set: &HybridSet,
        functional: &Functional,
        disclosure: Disclosure,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Misfit> {
        let (secret, public) = Hybrid::generate(set, rng);
        let key = Hybrid::prepare_key(public, set);
        drop(secret);
        let mut rng = generator(rng);
        let shape = Shape::of_functional(functional, 1);
        let comparison = set.comparison(&Decisions::of(functional), disclosure);
        let blocks = blocks_of_a_probe(set, ADMITTED_SUBJECTS);
        let circuit = Circuit::weigh(&set.ring(), &comparison, &shape, blocks)?.with_coefficients();
        let judgements = shape.planes.iter().flat_map(|_| shape.judgements()).collect();
        let coordinates = functional.coordinates();
        let bodies = (0..set.query().bodies(coordinates)).map(|_| rng.random()).collect();
        let template = EncryptedTemplate::expand(&set.query(), coordinates, rng.random(), bodies, &key.transform);
        let limit = Misfit::Coordinates { coordinates, limit: coordinates };
        let template = template.into_iter().next().ok_or(limit)?;
        let weights = (0..coordinates).map(|_| rng.random_range(-63..=63)).collect();
        Ok(Self {
            form: LinearForm { weights, bias: 1, start: 0 },
            key,
            circuit,
            disclosure,
            layout: Layout::new(functional.hits_per_probe()),
            judgements,
            template,
            rng,
            blocks: Vec::new(),
            scores: Vec::new(),
            judged: Vec::new(),
            verdicts: Vec::new(),
        })
    }

    /// References in a block.
    pub fn references(&self) -> usize {
        self.key.set.block_size()
    }

    /// Bits between the least bound and half its modulus.
    pub fn margin_bits(&self) -> f64 {
        self.circuit.margin
    }

    /// Stages 4 to 6 for the block as one of many. Returns the answer's numbers.
    pub fn block(&mut self) -> usize {
        // One decision after the other, as a search does: its rows need not be kept.
        for judgement in self.judgements.clone() {
            self.rows(1);
            self.distance(&[judgement]);
            self.threshold();
        }
        self.aggregate()
    }

    /// Stage 4, its beginning: every decision's rows, scored and switched. Returns how many references have them.
    pub(crate) fn scores(&mut self) -> usize {
        self.rows(self.judgements.len());
        self.references()
    }

    /// Stage 4, its end: w in every slot. Returns how many references have it.
    pub(crate) fn distances(&mut self) -> usize {
        self.distance(&self.judgements.clone());
        self.references()
    }

    /// Stage 5. Returns how many references are judged.
    pub(crate) fn thresholds(&mut self) -> usize {
        self.judged.clear();
        self.threshold();
        self.references()
    }

    /// Stage 6: verdicts joined, masked or folded for one probe, and sanitised. Returns how many numbers leave.
    pub(crate) fn aggregate(&mut self) -> usize {
        let ring = &*self.key.ring.ring;
        let engine = self.circuit.engine(&self.key.ring);
        let masks = self.masks();
        let masks = if self.circuit.masks_at_once() { Masks::None } else { masks };
        let drawn = masks.draw(ring, &mut self.rng);
        let judged = std::mem::take(&mut self.judged);
        self.verdicts = self.circuit.verdict(&engine, judged, &drawn.iter().collect::<Vec<_>>());
        if self.disclosure == Disclosure::Labelled {
            return self.handles();
        }
        if self.disclosure != Disclosure::Each {
            let verdicts = std::mem::take(&mut self.verdicts);
            self.verdicts = verdicts
                .iter()
                .map(|verdict| {
                    let slots = non_zero(ring.n, &mut self.rng);
                    engine.blind(verdict, &Plaintext::of_slots(ring, slots, verdict.state.limbs))
                })
                .collect();
        }
        let numbers = if self.disclosure == Disclosure::Each { ring.n } else { 1 };
        let verdicts = std::mem::take(&mut self.verdicts);
        verdicts.into_iter().map(|verdict| sanitised(&self.key.ring, verdict, &mut self.rng)).count() * numbers
    }

    /// Verdicts folded for one probe. Returns how many numbers leave.
    fn handles(&mut self) -> usize {
        let (key, n) = (&self.key.ring, self.key.set.block_size());
        let mut folding = Folding::draw(self.layout, n, &mut self.rng);
        let members = Member::strangers(n);
        for verdict in std::mem::take(&mut self.verdicts) {
            let folded = fold(key, &verdict, &mut [(&mut folding, &members)], self.circuit.answered, &());
            // Nobody asks to stop.
            debug_assert!(folded.is_ok());
        }
        folding.finish(key, &mut Lock::open(), &mut self.rng).map_or(0, |_| n)
    }

    fn masks(&self) -> Masks {
        match self.disclosure {
            Disclosure::Each => self.circuit.masks(false),
            Disclosure::Any | Disclosure::Count | Disclosure::Labelled => Masks::None,
        }
    }

    fn rows(&mut self, decisions: usize) {
        let (key, form, template) = (&self.key, &self.form, &self.template);
        let scratch = || Scratch::new(&key.set.query(), &key.transform);
        let block = || {
            let mut block = Block::new(self.circuit.steps, key.set.block_size(), residue(-2), -1);
            block.fill_with(scratch, |scratch, _, mask| {
                let score = template.score(form, 1, &key.transform, scratch);
                Some(2 * switched(score.sample(), mask) + 1)
            });
            block
        };
        self.blocks = (0..decisions).map(|_| block()).collect();
    }

    fn distance(&mut self, judgements: &[Judgement]) {
        let key = &self.key;
        let scores = self.blocks.iter().zip(judgements).flat_map(|(block, &judgement)| {
            let scores = block.scores(&key.ring, &[&key.rotations], self.circuit.centre(judgement));
            scores.into_iter().map(move |score| (judgement, score))
        });
        self.scores = scores.collect();
    }

    fn threshold(&mut self) {
        let ring = &*self.key.ring.ring;
        let engine = self.circuit.engine(&self.key.ring);
        let masks = if self.circuit.masks_at_once() { self.masks() } else { Masks::None };
        for (judgement, score) in std::mem::take(&mut self.scores) {
            let drawn = masks.draw(ring, &mut self.rng);
            let drawn: Vec<&Plaintext> = drawn.iter().collect();
            self.judged.push(self.circuit.judge(&engine, judgement, &score, &drawn, 1));
        }
    }
}

/// What an agreement's circuits are admitted for by default.
const ADMITTED_SUBJECTS: usize = 100_000;
