//! Stages 4 to 6 over a gallery: the custodian's side of one query, block after block, on all cores, with public keys alone.
//!
//! A block is decoded, judged by every probe of a group, and forgotten, so that memory does not grow with the gallery: what grows is the
//! group of probes, whose rotations are kept, and the diagonals that a budget admits to keep for the next group or query.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rand::CryptoRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::aggregate::{Sums, squares};
use super::ciphertexts::{EncryptedProbes, EncryptedVerdicts, ProbeVerdicts};
use super::circuit::{Circuit, Judgement, LEAKAGE_LIMIT_LOG2, Misfit, Plane, Shape};
use super::distance::{Babies, Block, Steps, Transformed};
use super::engine::{Ciphertext, Engine, Plaintext};
use super::holder::generator;
use super::keys::{EvaluationKey, PreparedKey};
use super::sanitise::{Sanitised, sanitised};
use super::{Bgv, arithmetic};
use crate::agreement::Disclosure;
use crate::functional::{Functional, LinearForm, Reference, SampleLayout, pairs};
use crate::parameters::bgv::BgvSet;
use crate::scheme::{Evaluator, Progress, Stopped, SubjectReferences, Task, Unanswered};

/// Probes that share one pass over the gallery, at most.
const GROUP: usize = 16;

/// Diagonals that are kept of a gallery, within a budget.
pub struct PreparedGallery {
    budget_bytes: u64,
    /// Answers begun so far.
    uses: AtomicUsize,
    kept: Mutex<HashMap<Place, Arc<Transformed>>>,
}

/// Which diagonals: of a block, its plane, and the decision in it.
type Place = (usize, Plane, usize);

/// A subject's references, and which pairs judge it.
type Row<'a> = (std::borrow::Cow<'a, SubjectReferences>, Vec<Vec<(usize, usize)>>);

impl Evaluator for Bgv {
    const STEP: &'static str = "block";
    type PreparedKey = PreparedKey;
    type PreparedGallery = PreparedGallery;

    fn prepare_key(key: EvaluationKey, _: &'static BgvSet) -> PreparedKey {
        key.expand()
    }

    fn prepare_gallery(_: &'static BgvSet, _: &Functional, budget_bytes: u64) -> PreparedGallery {
        PreparedGallery { budget_bytes, uses: AtomicUsize::new(0), kept: Mutex::default() }
    }

    fn answer(
        key: &PreparedKey,
        gallery: &PreparedGallery,
        task: &Task<'_>,
        probes: &EncryptedProbes,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<EncryptedVerdicts, Unanswered> {
        let set = key.ring.set;
        let mut rng = generator(rng);
        let asked = asked(task.layouts);
        // An agreement's functional fits its set; anything else has no probes to answer.
        let Some(steps) = Steps::new(set, task.functional.coordinates()) else {
            return Ok(EncryptedVerdicts { probes: Vec::new() });
        };
        let groups = groups(set, task, steps, &asked, gallery.budget_bytes);
        // Keeping pays from the second use on.
        let again = gallery.uses.fetch_add(1, Ordering::Relaxed) > 0;
        let keep_bytes =
            if again || groups.len() > 1 { kept_bytes(set, steps, &groups, gallery.budget_bytes) } else { 0 };
        let mut search = Search {
            key,
            task,
            steps,
            progress,
            gallery,
            keep_bytes,
            circuits: HashMap::new(),
            leakage: vec![0.0; task.layouts.len()],
        };
        let mut verdicts: Vec<(usize, ProbeVerdicts)> = Vec::with_capacity(task.layouts.len());
        for group in &groups {
            verdicts.extend(search.group(group, probes, &mut rng)?);
        }
        let leakage_log2 = search.leakage.iter().copied().fold(0.0, f64::max).log2();
        if leakage_log2 > LEAKAGE_LIMIT_LOG2 {
            return Err(Unanswered::Flooding { leakage_log2, limit_log2: LEAKAGE_LIMIT_LOG2 });
        }
        verdicts.sort_by_key(|(probe, _)| *probe);
        Ok(EncryptedVerdicts { probes: verdicts.into_iter().map(|(_, verdicts)| verdicts).collect() })
    }

    fn steps(set: &BgvSet, task: &Task<'_>) -> u64 {
        (blocks(set, task) * task.layouts.len()) as u64
    }
}

/// Blocks of a gallery; an empty one is answered like one block of misses.
pub(super) fn blocks(set: &BgvSet, task: &Task<'_>) -> usize {
    task.subjects.len().div_ceil(set.ring_size()).max(1)
}

/// A probe: its number, its layout, and its first sample.
#[derive(Clone, Copy)]
struct Asked {
    probe: usize,
    layout: SampleLayout,
    first_sample: usize,
}

fn asked(layouts: &[SampleLayout]) -> Vec<Asked> {
    let mut first_sample = 0;
    let probes = layouts.iter().enumerate().map(|(probe, &layout)| {
        let asked = Asked { probe, layout, first_sample };
        first_sample += layout.eyes().len();
        asked
    });
    probes.collect()
}

/// Probes of one layout each, as many together as a quarter of the budget has room for.
fn groups(set: &BgvSet, task: &Task<'_>, steps: Steps, asked: &[Asked], budget_bytes: u64) -> Vec<Vec<Asked>> {
    let mut groups: Vec<Vec<Asked>> = Vec::new();
    for &probe in asked {
        let room = room(set, steps, probe.layout.eyes().len(), budget_bytes);
        match groups
            .iter_mut()
            .find(|group| group.len() < room && group.first().is_some_and(|first| first.layout == probe.layout))
        {
            Some(group) => group.push(probe),
            None => groups.push(vec![probe]),
        }
    }
    debug_assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), task.layouts.len());
    groups
}

/// Probes of so many samples each that share one pass over the gallery.
pub(super) fn room(set: &BgvSet, steps: Steps, samples: usize, budget_bytes: u64) -> usize {
    let bytes = (Babies::bytes(set, steps) * samples) as u64;
    (budget_bytes / 4 / bytes.max(1)).clamp(1, GROUP as u64) as usize
}

/// What is left of the budget for diagonals beside the largest group's rotations.
fn kept_bytes(set: &BgvSet, steps: Steps, groups: &[Vec<Asked>], budget_bytes: u64) -> u64 {
    let samples = groups.iter().map(|group| group.iter().map(|probe| probe.layout.eyes().len()).sum::<usize>()).max();
    budget_bytes.saturating_sub((samples.unwrap_or(0) * Babies::bytes(set, steps)) as u64)
}

/// One query against one gallery.
struct Search<'a> {
    key: &'a PreparedKey,
    task: &'a Task<'a>,
    steps: Steps,
    progress: &'a dyn Progress,
    gallery: &'a PreparedGallery,
    keep_bytes: u64,
    circuits: HashMap<Shape, Arc<Circuit<'static>>>,
    /// Statistical distance, so far, of the answer on each probe from one that depends on its verdicts alone.
    leakage: Vec<f64>,
}

impl<'a> Search<'a> {
    /// All blocks, for one group of probes.
    fn group(
        &mut self,
        group: &[Asked],
        probes: &EncryptedProbes,
        rng: &mut ChaCha20Rng,
    ) -> Result<Vec<(usize, ProbeVerdicts)>, Unanswered> {
        let set = self.key.ring.set;
        let mut babies: Vec<Vec<Babies>> = Vec::with_capacity(group.len());
        for asked in group {
            let samples = (0..asked.layout.eyes().len()).map(|sample| asked.first_sample + sample);
            let rotated = samples.filter_map(|sample| Babies::of_sample(self.key, probes, sample, self.steps));
            babies.push(rotated.collect());
            self.go_on()?;
        }
        let layout = group.first().map_or(SampleLayout::Single, |asked| asked.layout);
        let blocks = blocks(set, self.task);
        let mut slots: Vec<Vec<[Vec<u32>; 2]>> = group.iter().map(|_| Vec::new()).collect();
        let mut sums: Vec<Option<Sums>> = group.iter().map(|_| None).collect();
        for block in 0..blocks {
            let rows = self.rows(block, layout);
            let shape = self.shape(layout, &rows);
            let circuit = self.circuit(&shape)?;
            let verdicts = self.verdicts(block, &rows, &shape, &circuit, &babies, rng)?;
            for (((values, slots), sums), asked) in verdicts.into_iter().zip(&mut slots).zip(&mut sums).zip(group) {
                match self.task.disclosure {
                    Disclosure::Each => {
                        let outputs: Vec<Sanitised> = match set.one_squaring {
                            true => values.iter().flat_map(|value| squares(self.key, &circuit, value, rng)).collect(),
                            false => values.into_iter().map(|value| sanitised(self.key, value, rng)).collect(),
                        };
                        let leakage = outputs.iter().map(|output| output.leakage).sum::<f64>();
                        self.leak(asked, leakage * set.ring_size() as f64);
                        slots.extend(outputs.into_iter().map(|output| output.ciphertext.parts));
                    }
                    Disclosure::Any | Disclosure::Count => {
                        sums.get_or_insert_with(Sums::default).add(self.key.ring, values);
                    }
                }
                self.progress.advance(1);
            }
        }
        let answers = group.iter().zip(slots).zip(sums).map(|((asked, slots), sums)| {
            let verdicts = match sums {
                Some(sums) => {
                    let (samples, leakage) = sums.finish(self.key, self.task.disclosure, rng);
                    self.leak(asked, leakage);
                    ProbeVerdicts::Samples(samples)
                }
                None => ProbeVerdicts::Slots(slots),
            };
            (asked.probe, verdicts)
        });
        Ok(answers.collect())
    }

    fn leak(&mut self, asked: &Asked, leakage: f64) {
        if let Some(sum) = self.leakage.get_mut(asked.probe) {
            *sum += leakage;
        }
    }

    fn go_on(&self) -> Result<(), Stopped> {
        if self.progress.stop() { Err(Stopped) } else { Ok(()) }
    }

    /// The subjects of a block.
    fn rows(&self, block: usize, layout: SampleLayout) -> Vec<Row<'a>> {
        let n = self.key.ring.n;
        let last = ((block + 1) * n).min(self.task.subjects.len());
        let task = self.task;
        let row = |index| {
            let references = task.subjects.references(index);
            let references =
                if task.subjects.may_match(index) { references } else { std::borrow::Cow::Borrowed(&[][..]) };
            let pairs = pairs(task.functional.eyes(), layout, &references);
            (references, pairs)
        };
        (block * n..last).into_par_iter().map(row).collect()
    }

    /// As many planes in each group and for each sample as the subject with the most pairs has.
    fn shape(&self, layout: SampleLayout, rows: &[Row<'_>]) -> Shape {
        let functional = self.task.functional;
        let mut counts: HashMap<(usize, usize), usize> = HashMap::new();
        let groups = pairs(functional.eyes(), layout, &[]).len().max(1);
        for (_, pairs) in rows {
            for (group, pairs) in pairs.iter().enumerate() {
                for sample in 0..layout.eyes().len() {
                    let here = pairs.iter().filter(|(other, _)| *other == sample).count();
                    let most = counts.entry((group, sample)).or_default();
                    *most = (*most).max(here);
                }
            }
        }
        let mut planes: Vec<Plane> = counts
            .into_iter()
            .flat_map(|((group, sample), count)| (0..count).map(move |ordinal| Plane { group, sample, ordinal }))
            .collect();
        // A group without any pair misses, which takes a decision that misses everywhere.
        for group in 0..groups {
            if !planes.iter().any(|plane| plane.group == group) {
                planes.push(Plane { group, sample: 0, ordinal: 0 });
            }
        }
        planes.sort_unstable();
        let alignments = functional.rotations().len();
        Shape { planes, groups, alignments, judges_common_bits: functional.judges_common_bits() }
    }

    fn circuit(&mut self, shape: &Shape) -> Result<Arc<Circuit<'static>>, Misfit> {
        if let Some(circuit) = self.circuits.get(shape) {
            return Ok(Arc::clone(circuit));
        }
        let (set, task) = (self.key.ring.set, self.task);
        let circuit = Circuit::of(set, task.functional, task.disclosure, shape, blocks(set, task))?;
        let circuit = Arc::new(circuit);
        self.circuits.insert(shape.clone(), Arc::clone(&circuit));
        Ok(circuit)
    }

    /// One value for each probe: what its verdicts on the block's subjects are, in their slots.
    fn verdicts(
        &self,
        block: usize,
        rows: &[Row<'_>],
        shape: &Shape,
        circuit: &Circuit,
        babies: &[Vec<Babies>],
        rng: &mut ChaCha20Rng,
    ) -> Result<Vec<Vec<Ciphertext>>, Stopped> {
        let ring = self.key.ring;
        let engine = Engine { ring, relinearisation: &self.key.relinearisation };
        let masks = circuit.masks(blocks(ring.set, self.task));
        // Every decision has masks of its own, so that masked decisions can be added; so has a verdict that is masked at its end.
        let mut draw = || masks.draw(ring, rng);
        let mut decisions: Vec<Vec<Vec<Ciphertext>>> = babies.iter().map(|_| Vec::new()).collect();
        for plane in &shape.planes {
            for (number, judgement) in shape.judgements().enumerate() {
                self.go_on()?;
                let probes: Vec<&Babies> = babies.iter().filter_map(|samples| samples.get(plane.sample)).collect();
                let scores = self.scores(&probes, (block, *plane, number), judgement, rows, circuit);
                for (score, decisions) in scores.into_iter().zip(&mut decisions) {
                    let masks = if circuit.masks_at_once() { draw() } else { Vec::new() };
                    let masks: Vec<&Plaintext> = masks.iter().collect();
                    decisions.push(circuit.judge(&engine, judgement, &score, &masks, 1));
                }
            }
        }
        let verdicts = decisions.into_iter().map(|decisions| match ring.set.one_squaring {
            true => decisions.into_iter().flatten().collect(),
            false => {
                let masks = if circuit.masks_at_once() { Vec::new() } else { draw() };
                circuit.verdict(&engine, decisions, &masks.iter().collect::<Vec<_>>())
            }
        });
        Ok(verdicts.collect())
    }

    /// phi of one decision, for each probe.
    fn scores(
        &self,
        probes: &[&Babies],
        place: Place,
        judgement: Judgement,
        rows: &[Row<'_>],
        circuit: &Circuit,
    ) -> Vec<Ciphertext> {
        let centre = circuit.centre(judgement);
        let kept = |place: &Place| {
            let kept = self.gallery.kept.lock().unwrap_or_else(PoisonError::into_inner);
            (kept.get(place).cloned(), (kept.len() + 1) as u64)
        };
        let (found, count) = kept(&place);
        if let Some(transformed) = found {
            return transformed.scores(self.key, probes, centre);
        }
        let block = self.block(place, judgement, rows);
        if count * Transformed::bytes(self.key.ring.set, self.steps) as u64 > self.keep_bytes {
            return block.scores(self.key, probes, centre);
        }
        let transformed = Arc::new(block.transformed(self.key.ring));
        self.gallery.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(place, Arc::clone(&transformed));
        transformed.scores(self.key, probes, centre)
    }

    /// The weights of one decision on every subject of a block.
    fn block(&self, (_, plane, number): Place, judgement: Judgement, rows: &[Row<'_>]) -> Block {
        let functional = self.task.functional;
        let unit = match judgement {
            Judgement::Aligned => 1,
            Judgement::CommonBits => functional.common_bits_unit().unwrap_or(1),
        };
        let scale = arithmetic::divide_mod_t(1, arithmetic::residue(unit));
        let rotation = functional.rotations().get(number).copied().unwrap_or_default();
        let form = |reference: &Reference| -> Option<LinearForm> {
            match judgement {
                Judgement::Aligned => Some(functional.form(reference, rotation)),
                Judgement::CommonBits => functional.common_bits_form(reference),
            }
        };
        // phi = -1: a miss, for subjects without that pair and for slots without a subject.
        let mut block = Block::new(self.steps, rows.len(), scale, -1);
        block.fill(|row, weights| {
            let (references, pairs) = rows.get(row)?;
            let pairs = pairs.get(plane.group)?.iter().filter(|(sample, _)| *sample == plane.sample);
            let (_, reference) = references.get(pairs.map(|(_, reference)| *reference).nth(plane.ordinal)?)?;
            let form = form(reference)?;
            weights.iter_mut().zip(&form.weights).for_each(|(out, &weight)| *out = weight);
            Some(form.bias / unit)
        });
        block
    }
}

/// Shuffles a slot's roots.
pub(super) fn shuffled(roots: &[u32], rng: &mut ChaCha20Rng) -> Vec<u32> {
    let mut roots = roots.to_vec();
    roots.shuffle(rng);
    roots
}
