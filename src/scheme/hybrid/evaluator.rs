//! Stages 4 to 6 over a gallery: the custodian's side of one query, block after block of its pairs, on all cores, with public keys alone.

use std::collections::HashMap;
use std::sync::Arc;

use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::Hybrid;
use super::admission::blocks_of_a_probe;
use super::aggregate::Sums;
use super::bridge::switched;
use super::ciphertexts::{EncryptedProbes, EncryptedVerdicts};
use super::keys::{EvaluationKey, PreparedKey};
use super::labelled::{self, Handles, TOGETHER};
use super::pairs::{Decision, Pairs, Query};
use super::scale::Decisions;
use super::validity::{Examination, Examined, MASK_SCALE, Tests, rows};
use crate::agreement::Disclosure;
use crate::functional::Functional;
use crate::parameters::hybrid::HybridSet;
use crate::scheme::bgv::aggregate::Masking;
use crate::scheme::bgv::answer::require_hidden;
use crate::scheme::bgv::circuit::{Circuit, Comparison, Masks};
use crate::scheme::bgv::distance::{Block, Steps};
use crate::scheme::bgv::engine::{Ciphertext, Plaintext, digest};
use crate::scheme::bgv::labelled::Layout;
use crate::scheme::bgv::lock::Lock;
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::pool::Poly;
use crate::scheme::bgv::residues::residue;
use crate::scheme::bgv::sampling::Generator;
use crate::scheme::bgv::sanitise::sanitised;
use crate::scheme::bgv::shape::Shape;
use crate::scheme::tfhe::distance::{EncryptedTemplate, Scratch};
use crate::scheme::{Drawn, Evaluator, PartDigest, Parts, Progress, Randomness, Stopped, Task, Unanswered};

/// w of a decision that misses, or hits, whatever the probe.
const MISS: i64 = -1;
const HIT: i64 = 1;

impl Evaluator for Hybrid {
    const STEP: &'static str = "decision";
    type PreparedKey = PreparedKey;
    type PreparedGallery = ();

    fn prepare_key(key: EvaluationKey, set: &HybridSet) -> PreparedKey {
        key.expand(set)
    }

    /// Nothing: a block's weights are masks, of the query as much as of the gallery.
    fn prepare_gallery(_: &HybridSet, _: &Functional, _: u64) {}

    fn answer(
        key: &PreparedKey,
        (): &(),
        task: &Task<'_>,
        probes: &EncryptedProbes,
        randomness: &Randomness,
        parts: &mut Parts,
        progress: &dyn Progress,
    ) -> Result<EncryptedVerdicts, Unanswered> {
        Search::new(key, task, probes, randomness, progress).tested().answer(parts)
    }

    fn parts(set: &HybridSet, task: &Task<'_>) -> usize {
        let tests = Tests::of(set, task.functional).map_or(0, |_| Tests::blocks(set, task.layouts.len()));
        Query { task, block_size: set.block_size() }.blocks() + tests
    }

    fn part(
        key: &PreparedKey,
        task: &Task<'_>,
        probes: &EncryptedProbes,
        randomness: &Randomness,
        number: usize,
        progress: &dyn Progress,
    ) -> Result<Option<PartDigest>, Unanswered> {
        let mut search = Search::new(key, task, probes, randomness, progress).tested();
        if let Some(block) = number.checked_sub(search.query.blocks()) {
            let tested = search.examination().filter(|examination| block < examination.blocks());
            let value = tested.map(|examination| examination.block(block, progress)).transpose()?;
            return Ok(value.flatten().map(|value| digest(&[value])));
        }
        let rng = &mut Generator::of(&randomness.seed(Drawn::Block(number)));
        let pairs = search.query.block(number, rng);
        let circuit = search.circuit(&pairs.shape)?;
        Ok(Some(digest(&search.verdicts(number, &pairs, &circuit, rng)?)))
    }

    fn steps(set: &HybridSet, task: &Task<'_>) -> u64 {
        let pairs = Query { task, block_size: set.block_size() }.pairs();
        let tests = Tests::of(set, task.functional).map_or(0, |_| rows(task.layouts.len()));
        (pairs * agreed_shape(task.functional).decisions() + tests) as u64
    }
}

/// The largest shape that an agreement admits, whatever the gallery.
pub(super) fn agreed_shape(functional: &Functional) -> Shape {
    Shape::of_functional(functional, functional.references_per_subject())
}

/// How `any` and `count` are told: by the agreement and the number of subjects, not by who is enrolled.
pub(super) fn masking(functional: &Functional, disclosure: Disclosure, subjects: usize) -> Masking {
    Masking::of(disclosure, (subjects as u64).saturating_mul(agreed_shape(functional).largest_sum()))
}

/// What ring elements of a query are locked with, where its probes are tested.
fn lock(examined: Option<&Examined>, rng: &mut Generator) -> Lock {
    if examined.is_some() { Lock::draw(rng) } else { Lock::open() }
}

/// One query against one gallery.
pub(super) struct Search<'a> {
    key: &'a PreparedKey,
    query: Query<'a>,
    /// Of each probe its samples.
    templates: Vec<Vec<EncryptedTemplate>>,
    decisions: Decisions,
    step: u64,
    randomness: &'a Randomness,
    progress: &'a dyn Progress,
    circuits: HashMap<Shape, Arc<Circuit>>,
    /// Statistical distance, so far, of the answer on each probe from one that depends on its verdicts alone.
    leakage: Vec<f64>,
    /// How probes are tested.
    tests: Option<Tests>,
}

impl<'a> Search<'a> {
    /// One whose probes are not tested.
    pub(super) fn new(
        key: &'a PreparedKey,
        task: &'a Task<'a>,
        probes: &EncryptedProbes,
        randomness: &'a Randomness,
        progress: &'a dyn Progress,
    ) -> Self {
        let functional = task.functional;
        let (query, encrypted) = (key.set.query(), &probes.encrypted);
        let bodies = encrypted.bodies.clone();
        let expanded =
            EncryptedTemplate::expand(&query, functional.coordinates(), encrypted.seed, bodies, &key.transform);
        let mut expanded = expanded.into_iter();
        let templates = task.layouts.iter().map(|layout| expanded.by_ref().take(layout.eyes().len()).collect());
        Self {
            key,
            query: Query { task, block_size: key.set.block_size() },
            templates: templates.collect(),
            decisions: Decisions::of(functional),
            step: key.set.step(functional),
            randomness,
            progress,
            circuits: HashMap::new(),
            leakage: vec![0.0; task.layouts.len()],
            tests: None,
        }
    }

    /// The same with tests of its probes, where there is room for any.
    pub(super) fn tested(mut self) -> Self {
        self.tests = Tests::of(&self.key.set, self.query.task.functional).map(Tests::with_coefficients);
        self
    }

    /// The sanitised verdicts.
    pub(super) fn answer(mut self, parts: &mut Parts) -> Result<EncryptedVerdicts, Unanswered> {
        let examined = self.examined(parts)?;
        let verdicts = match self.query.task.disclosure {
            Disclosure::Each => self.slots(examined.as_ref(), parts)?,
            Disclosure::Any | Disclosure::Count => EncryptedVerdicts::Samples(self.samples(examined.as_ref(), parts)?),
            Disclosure::Labelled => self.handles(examined.as_ref(), parts)?,
        };
        require_hidden(&self.leakage)?;
        Ok(verdicts)
    }

    /// What tests of the query's probes take.
    fn examination(&self) -> Option<Examination<'_>> {
        let Self { key, templates, randomness, .. } = self;
        self.tests.as_ref().map(|tests| Examination { key, tests, templates, randomness })
    }

    /// The probes, tested. Blocks of tests are parts of the answer behind those of pairs.
    fn examined(&self, parts: &mut Parts) -> Result<Option<Examined>, Unanswered> {
        let Some(examination) = self.examination() else { return Ok(None) };
        let mut blocks = Vec::with_capacity(examination.blocks());
        for block in 0..examination.blocks() {
            let value = examination.block(block, self.progress)?.ok_or(Misfit::Unlike)?;
            parts.note(self.query.blocks() + block, || digest(std::slice::from_ref(&value)));
            blocks.push(value);
        }
        Ok(Some(Examined::new(blocks, examination.slots())))
    }

    /// `each`: the ring elements of all blocks; where probes are tested they are locked, by one key for them all.
    fn slots(&mut self, examined: Option<&Examined>, parts: &mut Parts) -> Result<EncryptedVerdicts, Unanswered> {
        let mut elements = Vec::new();
        if self.query.pairs() == 0 {
            return Ok(EncryptedVerdicts::Slots { key: Vec::new(), elements });
        }
        let of_query = &mut Generator::of(&self.randomness.seed(Drawn::Query));
        let mut lock = lock(examined, of_query);
        for block in 0..self.query.blocks() {
            let rng = &mut Generator::of(&self.randomness.seed(Drawn::Block(block)));
            let pairs = self.query.block(block, rng);
            let circuit = self.circuit(&pairs.shape)?;
            let values = self.verdicts(block, &pairs, &circuit, rng)?;
            parts.note(block, || digest(&values));
            for value in values {
                let mut output = sanitised(&self.key.ring, value, rng);
                lock.put_on(&self.key.ring.ring, &mut output.ciphertext);
                let leakage = output.leakage * self.key.set.block_size() as f64;
                pairs.probes.clone().for_each(|probe| self.leak(probe, leakage));
                elements.push(output.ciphertext.parts.map(Poly::into_vec));
            }
        }
        let key = self.key_of(lock, examined, of_query)?;
        Ok(EncryptedVerdicts::Slots { key, elements })
    }

    /// The key of what is locked, with tests of all probes; none where they are not tested.
    fn key_of(
        &mut self,
        lock: Lock,
        examined: Option<&Examined>,
        rng: &mut Generator,
    ) -> Result<Vec<Vec<u32>>, Unanswered> {
        let Some(examined) = examined else { return Ok(Vec::new()) };
        let probes = 0..self.templates.len();
        let locked = examined.locked(self.key, lock, probes.clone(), rng)?;
        probes.for_each(|probe| self.leak(probe, locked.leakage));
        Ok(locked.samples)
    }

    /// `any`, `count`: the samples of each probe. The pairs of a probe follow each other, so that only the last probe of a block can have more in
    /// the next: its sums are kept, all others are finished where they stand.
    fn samples(&mut self, examined: Option<&Examined>, parts: &mut Parts) -> Result<Vec<Vec<Vec<u32>>>, Unanswered> {
        let task = self.query.task;
        let masking = masking(task.functional, task.disclosure, task.subjects.len());
        let mut samples = Vec::with_capacity(task.layouts.len());
        let mut unfinished: Option<Sums> = None;
        for block in 0..self.query.blocks() {
            let rng = &mut Generator::of(&self.randomness.seed(Drawn::Block(block)));
            let pairs = self.query.block(block, rng);
            let circuit = self.circuit(&pairs.shape)?;
            let engine = circuit.engine(&self.key.ring);
            let verdicts = self.verdicts(block, &pairs, &circuit, rng)?;
            parts.note(block, || digest(&verdicts));
            // Of its probes the first may have begun in an earlier block.
            let begun = |probe| unfinished.take().unwrap_or_else(|| Sums::new(masking, self.randomness, probe));
            let mut sums: Vec<(usize, Sums)> = pairs.probes.clone().zip(pairs.probes.clone().map(begun)).collect();
            let last = sums.pop_if(|(probe, _)| !self.query.ends(*probe, block));
            let add = |(probe, mut sums): (usize, Sums)| {
                verdicts.iter().try_for_each(|value| sums.add(&engine, value, &pairs, probe)).map(|()| sums)
            };
            unfinished = last.map(add).transpose()?;
            let finished = sums
                .into_par_iter()
                .map(|(probe, sums)| add((probe, sums)).and_then(|sums| sums.finish(self.key, examined, probe)));
            for summed in finished.collect::<Result<Vec<_>, _>>()? {
                self.leak(samples.len(), summed.leakage);
                samples.push(summed.samples);
            }
        }
        Ok(samples)
    }

    /// `labelled`: the ring element of each probe, locked as under `each`. As under `any` only the last probe of a block can have more pairs in the
    /// next.
    fn handles(&mut self, examined: Option<&Examined>, parts: &mut Parts) -> Result<EncryptedVerdicts, Unanswered> {
        let (task, n) = (self.query.task, self.key.set.block_size());
        let layout = Layout::new(task.hits());
        let answered = self.circuit(&agreed_shape(task.functional))?.answered;
        // A multiple of N: places say of a gallery no more than how many blocks it fills.
        let places = task.subjects.len().div_ceil(n).max(1) * n;
        let of_query = &mut Generator::of(&self.randomness.seed(Drawn::Query));
        let mut lock = lock(examined, of_query);
        let mut elements = Vec::with_capacity(task.layouts.len());
        let mut unfinished: Option<Handles> = None;
        for block in 0..self.query.blocks() {
            let rng = &mut Generator::of(&self.randomness.seed(Drawn::Block(block)));
            let pairs = self.query.block(block, rng);
            let circuit = self.circuit(&pairs.shape)?;
            let verdicts = self.verdicts(block, &pairs, &circuit, rng)?;
            parts.note(block, || digest(&verdicts));
            let probes: Vec<usize> = pairs.probes.clone().collect();
            for together in probes.chunks(TOGETHER) {
                let begun =
                    |probe| unfinished.take().unwrap_or_else(|| Handles::new(layout, places, self.randomness, probe));
                let mut handles: Vec<(usize, Handles)> =
                    together.iter().copied().zip(together.iter().copied().map(begun)).collect();
                for value in &verdicts {
                    labelled::add(&self.key.ring, (task, &pairs, value), &mut handles, answered, self.progress)?;
                }
                unfinished = handles.pop_if(|(probe, _)| !self.query.ends(*probe, block)).map(|(_, handles)| handles);
                let finished = handles.into_par_iter().map(|(probe, handles)| (probe, handles.finish(&self.key.ring)));
                for (probe, output) in finished.collect::<Vec<_>>() {
                    let mut output = output.ok_or(Misfit::Unlike)?;
                    lock.put_on(&self.key.ring.ring, &mut output.ciphertext);
                    self.leak(probe, output.leakage * n as f64);
                    elements.push(output.ciphertext.parts.map(Poly::into_vec));
                }
            }
        }
        let key = self.key_of(lock, examined, of_query)?;
        Ok(EncryptedVerdicts::Handles { key, elements })
    }

    fn leak(&mut self, probe: usize, leakage: f64) {
        if let Some(sum) = self.leakage.get_mut(probe) {
            *sum += leakage;
        }
    }

    /// The circuit of a shape.
    fn circuit(&mut self, shape: &Shape) -> Result<Arc<Circuit>, Misfit> {
        if let Some(circuit) = self.circuits.get(shape) {
            return Ok(Arc::clone(circuit));
        }
        let (set, task) = (&self.key.set, self.query.task);
        let comparison = Comparison { hits: task.hits(), ..set.comparison(&self.decisions, task.disclosure) };
        let blocks = blocks_of_a_probe(set, task.subjects.len());
        let circuit = Arc::new(Circuit::weigh(&set.ring(), &comparison, shape, blocks)?.with_coefficients());
        self.circuits.insert(shape.clone(), Arc::clone(&circuit));
        Ok(circuit)
    }

    /// What a block leaves: under `each` its outputs, else one value, 1 in the slot of each pair that hits.
    fn verdicts(
        &self,
        block: usize,
        pairs: &Pairs<'_>,
        circuit: &Circuit,
        rng: &mut ChaCha20Rng,
    ) -> Result<Vec<Ciphertext>, Unanswered> {
        let task = self.query.task;
        let ring = &*self.key.ring.ring;
        let engine = circuit.engine(&self.key.ring);
        let masks = match task.disclosure {
            Disclosure::Each => circuit.masks(false),
            Disclosure::Any | Disclosure::Count | Disclosure::Labelled => Masks::None,
        };
        let mut draw = |wanted: bool| if wanted { masks.draw(ring, rng) } else { Vec::new() };
        let decisions = pairs.decisions(task.functional);
        let in_block = self.query.range(block).len() * agreed_shape(task.functional).decisions();
        let mut judged = Vec::with_capacity(decisions.len());
        for (number, decision) in decisions.iter().enumerate() {
            if self.progress.stop() {
                return Err(Stopped.into());
            }
            let score = self.scores(pairs, *decision, circuit).ok_or(Misfit::Unlike)?;
            // Every decision has masks of its own, so that masked decisions can be added.
            let masks = draw(circuit.masks_at_once());
            let masks: Vec<&Plaintext> = masks.iter().collect();
            judged.push(circuit.judge(&engine, decision.judgement(), &score, &masks, 1));
            // All pairs of a block at once; of fewer decisions than the agreement admits each counts for more.
            let done = |decisions_done: usize| in_block * decisions_done / decisions.len();
            self.progress.advance((done(number + 1) - done(number)) as u64);
        }
        let masks = draw(!circuit.masks_at_once());
        Ok(circuit.verdict(&engine, judged, &masks.iter().collect::<Vec<_>>()))
    }

    /// w of one decision less the centre of its threshold, in the slot of each pair.
    fn scores(&self, pairs: &Pairs<'_>, decision: Decision, circuit: &Circuit) -> Option<Ciphertext> {
        let key = self.key;
        let steps: Steps = circuit.steps;
        let mut block = Block::new(steps, key.set.block_size(), residue(MASK_SCALE), MISS);
        let scratch = || Scratch::new(&key.set.query(), &key.transform);
        block.fill_with(scratch, |scratch, slot, mask| self.row(pairs, decision, slot, scratch, mask));
        let centre = circuit.centre(decision.judgement());
        block.scores(&key.ring, &[&key.rotations], centre).pop()
    }

    /// One row of a block: writes the mask of the pair in a slot, and returns what is added, or nothing where nobody stands there.
    fn row(
        &self,
        pairs: &Pairs<'_>,
        decision: Decision,
        slot: usize,
        scratch: &mut Scratch,
        mask: &mut [i16],
    ) -> Option<i64> {
        let functional = self.query.task.functional;
        let row = pairs.at(slot)?;
        let pair = row.subject.groups.get(decision.plane.group)?.get(decision.plane.ordinal)?;
        let template = self.templates.get(row.probe)?.get(pair.sample)?;
        let form = decision.alignment.form(functional, row.subject.reference(functional, pair));
        let score = template.score(&form, self.step, &self.key.transform, scratch);
        let body = switched(score.sample(), mask);
        // The same work for everybody.
        match row.subject.known().or_else(|| pair.known()) {
            Some(hit) => {
                mask.fill(0);
                Some(if hit { HIT } else { MISS })
            }
            None => Some(2 * body + 1),
        }
    }
}
