//! Stages 4 to 6 over a gallery: the custodian's side of one query, block after block, on all cores, with public keys alone.
//!
//! A block is decoded, judged by every probe of a group, and forgotten, so that memory does not grow with the gallery: what grows is the
//! group of probes, whose rotations are kept (and under `labelled` a place for every subject), and the diagonals that a budget admits to keep for
//! the next group or query.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::aggregate::{Masking, Sums, squares, tested_key, told_of_segment};
use super::answer::require_hidden;
use super::ciphertexts::{EncryptedProbes, EncryptedVerdicts, ProbeVerdicts};
use super::circuit::{Circuit, Comparison, Masks, Sharing};
use super::distance::{Babies, Block, Steps, Transformed};
use super::engine::{Ciphertext, Plaintext, digest};
use super::kept::{Order, Place, PreparedGallery};
use super::keys::{EvaluationKey, PreparedKey};
use super::labelled::folding::{Folding, Member, fold};
use super::labelled::{Label, Layout};
use super::lock::Lock;
use super::misfit::Misfit;
use super::pool::Poly;
use super::sampling::Generator;
use super::sanitise::{Sanitised, sanitised};
use super::segments::{Bundling, Segments, Standing};
use super::shape::Shape;
use super::validity::{Examined, Rules, Validity};
use super::{Bgv, residues};
use crate::agreement::Disclosure;
use crate::functional::{Functional, LinearForm, Reference, SampleLayout};
use crate::parameters::bgv::BgvSet;
use crate::scheme::{
    Drawn, Evaluator, PartDigest, Parts, Progress, Randomness, Stopped, SubjectReferences, Task, Unanswered,
};

/// Probes, or bundles of them, that share one pass over the gallery, at most.
const GROUP: usize = 16;

/// A subject: its references, and whether a hit on them is one.
struct Row<'a> {
    references: Cow<'a, SubjectReferences>,
    may_match: bool,
    /// What a hit discloses under `labelled`.
    label: Option<Label>,
}

impl Evaluator for Bgv {
    const STEP: &'static str = "decision";
    type PreparedKey = PreparedKey;
    type PreparedGallery = PreparedGallery;

    fn prepare_key(key: EvaluationKey, _: &BgvSet) -> PreparedKey {
        key.expand()
    }

    fn prepare_gallery(_: &BgvSet, _: &Functional, budget_bytes: u64) -> PreparedGallery {
        PreparedGallery::new(budget_bytes)
    }

    fn answer(
        key: &PreparedKey,
        gallery: &PreparedGallery,
        task: &Task<'_>,
        probes: &EncryptedProbes,
        randomness: &Randomness,
        parts: &mut Parts,
        progress: &dyn Progress,
    ) -> Result<EncryptedVerdicts, Unanswered> {
        let set = key.ring.set;
        let bundling = bundled(&set, task)?;
        let asked = asked(task, bundling);
        // An agreement's functional fits its set; anything else has no probes to answer.
        let Some(steps) = Steps::new(&set, task.functional.coordinates()) else {
            return Ok(EncryptedVerdicts { probes: Vec::new() });
        };
        let groups = groups(&set, task, steps, &asked, gallery.budget_bytes);
        let mut search = Search::new(key, gallery, task, steps, randomness, progress);
        let again = are_used_again(gallery, search.order, &groups);
        if again || share_diagonals(&groups) {
            let keep_bytes = kept_bytes(&set, steps, &groups, gallery.budget_bytes);
            search.most_kept = keep_bytes / Transformed::bytes(&set, steps) as u64;
        }
        let mut verdicts: Vec<Answered> = Vec::with_capacity(bundling.bundles());
        for group in &groups {
            verdicts.extend(search.group(group, probes, parts)?);
        }
        require_hidden(&search.leakage)?;
        verdicts.sort_by_key(|answered| answered.bundle);
        Ok(EncryptedVerdicts { probes: verdicts.into_iter().flat_map(|answered| answered.verdicts).collect() })
    }

    fn parts(set: &BgvSet, task: &Task<'_>) -> usize {
        bundling(set, task).bundles().saturating_mul(blocks(set, task))
    }

    fn part(
        key: &PreparedKey,
        task: &Task<'_>,
        probes: &EncryptedProbes,
        randomness: &Randomness,
        number: usize,
        progress: &dyn Progress,
    ) -> Result<Option<PartDigest>, Unanswered> {
        let set = &key.ring.set;
        let (bundle, block) = (number / blocks(set, task), number % blocks(set, task));
        let steps = Steps::new(set, task.functional.coordinates());
        let asked = asked(task, bundled(set, task)?).into_iter().nth(bundle);
        let Some((steps, asked)) = steps.zip(asked) else { return Ok(None) };
        let group = [asked];
        let gallery = PreparedGallery::new(0);
        let mut search = Search::new(key, &gallery, task, steps, randomness, progress);
        let (babies, _) = search.taken(&group, probes)?;
        let ends = search.ends(layout_of(&group))?;
        let judged = search.judged(&group, block, &babies, ends)?;
        Ok(judged.verdicts.first().map(|values| digest(values)))
    }

    fn steps(set: &BgvSet, task: &Task<'_>) -> u64 {
        let asked = asked(task, bundling(set, task));
        let decisions = asked.iter().map(|asked| agreed_shape(task, asked.layout).decisions());
        (blocks(set, task) * decisions.sum::<usize>()) as u64
    }
}

/// Blocks of a gallery; an empty one is answered like one block of misses.
pub(in crate::scheme) fn blocks(set: &BgvSet, task: &Task<'_>) -> usize {
    task.subjects.len().div_ceil(set.ring_size()).max(1)
}

/// The largest shape that the agreement admits for probes of a layout.
fn agreed_shape(task: &Task<'_>, layout: SampleLayout) -> Shape {
    Shape::of_layout(task.functional, layout, |_| task.references_per_subject)
}

/// Which probes of a task share their ciphertexts.
fn bundling(set: &BgvSet, task: &Task<'_>) -> Bundling {
    Bundling::of(set, task.functional, task.layouts.len())
}

/// The same of a task whose subjects have their slots.
///
/// # Errors
///
/// [`Misfit::Segments`] for more subjects than the agreement admits.
fn bundled(set: &BgvSet, task: &Task<'_>) -> Result<Bundling, Misfit> {
    let (bundling, subjects) = (bundling(set, task), task.subjects.len());
    match bundling.segments().map(Segments::places).filter(|&places| subjects > places) {
        Some(places) => Err(Misfit::Segments { subjects, places }),
        None => Ok(bundling),
    }
}

/// A probe, or a bundle of probes: its number, its probes, their layout, and its first ciphertext.
#[derive(Clone)]
struct Asked {
    bundle: usize,
    probes: Range<usize>,
    standing: Standing,
    layout: SampleLayout,
    first_sample: usize,
}

fn asked(task: &Task<'_>, bundling: Bundling) -> Vec<Asked> {
    let mut first_sample = 0;
    let bundles = bundling.all().enumerate().map(|(bundle, probes)| {
        // Probes that are bundled have one layout, by the agreement.
        let layout = task.layouts.get(probes.start).copied().unwrap_or(SampleLayout::Single);
        let asked = Asked { bundle, standing: bundling.standing(probes.len()), probes, layout, first_sample };
        first_sample += layout.eyes().len();
        asked
    });
    bundles.collect()
}

/// Probes of one layout each that stand alike, as many together as a quarter of the budget has room for.
fn groups(set: &BgvSet, task: &Task<'_>, steps: Steps, asked: &[Asked], budget_bytes: u64) -> Vec<Vec<Asked>> {
    let mut groups: Vec<Vec<Asked>> = Vec::new();
    for asked in asked {
        let room = room(set, steps, asked.layout.eyes().len(), budget_bytes);
        let alike = |first: &Asked| first.layout == asked.layout && first.standing == asked.standing;
        match groups.iter_mut().find(|group| group.len() < room && group.first().is_some_and(alike)) {
            Some(group) => group.push(asked.clone()),
            None => groups.push(vec![asked.clone()]),
        }
    }
    debug_assert_eq!(groups.iter().flatten().map(|asked| asked.probes.len()).sum::<usize>(), task.layouts.len());
    groups
}

/// Counts an answer to probes that stand as those of these groups; whether any stood so before.
fn are_used_again(gallery: &PreparedGallery, order: Order, groups: &[Vec<Asked>]) -> bool {
    let standing: HashSet<Standing> = groups.iter().map(|group| standing_of(group)).collect();
    // Each is counted, whatever the others were.
    standing.into_iter().filter(|&standing| gallery.is_used_again(order, standing)).count() > 0
}

/// Whether diagonals of one group serve another: those of probes that stand alike.
fn share_diagonals(groups: &[Vec<Asked>]) -> bool {
    let standing: Vec<Standing> = groups.iter().map(|group| standing_of(group)).collect();
    standing.iter().enumerate().any(|(group, other)| standing.iter().take(group).any(|standing| standing == other))
}

/// Probes of so many samples each that share one pass over the gallery.
pub(in crate::scheme) fn room(set: &BgvSet, steps: Steps, samples: usize, budget_bytes: u64) -> usize {
    let bytes = (Babies::bytes(set, steps) * samples) as u64;
    (budget_bytes / 4 / bytes.max(1)).clamp(1, GROUP as u64) as usize
}

/// What is left of the budget for diagonals beside the largest group's rotations.
fn kept_bytes(set: &BgvSet, steps: Steps, groups: &[Vec<Asked>], budget_bytes: u64) -> u64 {
    let samples = groups.iter().map(|group| group.iter().map(|probe| probe.layout.eyes().len()).sum::<usize>()).max();
    budget_bytes.saturating_sub((samples.unwrap_or(0) * Babies::bytes(set, steps)) as u64)
}

/// The verdicts on a bundle's probes, by its number: of each, or of all together.
struct Answered {
    bundle: usize,
    verdicts: Vec<ProbeVerdicts>,
}

/// The samples of each probe, or bundle, of a group: as they are searched with, and as they are tested.
type Taken = (Vec<Vec<Babies>>, Vec<Vec<Examined>>);

/// How blocks end: under `any` whether one sample is enough, and over how many primes.
#[derive(Clone, Copy)]
struct Ends {
    one_sample: bool,
    answered: usize,
}

/// One block, judged: for each probe, or bundle, its values, and the generator that what is still drawn for it there comes from.
struct Judged {
    verdicts: Vec<Vec<Ciphertext>>,
    generators: Vec<Generator>,
    circuit: Arc<Circuit>,
    masks: Masks,
    /// Under `labelled` the block's subjects.
    members: Vec<Member>,
}

/// All probes of a group have one.
fn layout_of(group: &[Asked]) -> SampleLayout {
    group.first().map_or(SampleLayout::Single, |asked| asked.layout)
}

/// All of a group stand alike.
fn standing_of(group: &[Asked]) -> Standing {
    group.first().map_or(Standing::Alone, |asked| asked.standing)
}

/// One query against one gallery.
struct Search<'a> {
    key: &'a PreparedKey,
    task: &'a Task<'a>,
    steps: Steps,
    randomness: &'a Randomness,
    progress: &'a dyn Progress,
    gallery: &'a PreparedGallery,
    order: Order,
    /// Diagonals that there is room for.
    most_kept: u64,
    /// By shape, and by the primes of the answer.
    circuits: HashMap<(Shape, usize), Arc<Circuit>>,
    /// Statistical distance, so far, of the answer on each probe from one that depends on its verdicts alone.
    leakage: Vec<f64>,
}

impl<'a> Search<'a> {
    /// One that keeps no diagonals.
    fn new(
        key: &'a PreparedKey,
        gallery: &'a PreparedGallery,
        task: &'a Task<'a>,
        steps: Steps,
        randomness: &'a Randomness,
        progress: &'a dyn Progress,
    ) -> Self {
        Self {
            key,
            task,
            steps,
            randomness,
            progress,
            gallery,
            order: Order::of(randomness, key, task.disclosure),
            most_kept: 0,
            circuits: HashMap::new(),
            leakage: vec![0.0; task.layouts.len()],
        }
    }

    /// All blocks, for one group of probes.
    fn group(
        &mut self,
        group: &[Asked],
        probes: &EncryptedProbes,
        parts: &mut Parts,
    ) -> Result<Vec<Answered>, Unanswered> {
        let set = self.key.ring.set;
        let (babies, examined) = self.taken(group, probes)?;
        let layout = layout_of(group);
        let blocks = blocks(&set, self.task);
        let mut slots: Vec<Vec<[Vec<u32>; 2]>> = group.iter().map(|_| Vec::new()).collect();
        let mut sums: Vec<Option<Sums>> = group.iter().map(|_| None).collect();
        let mut shared: Vec<Option<Ciphertext>> = group.iter().map(|_| None).collect();
        let of_probe = |asked: &Asked| Generator::of(&self.randomness.seed(Drawn::Probe(asked.bundle)));
        let mut of_probes: Vec<Generator> = group.iter().map(of_probe).collect();
        let layout_of_sums = self.layout_of_sums();
        let mut foldings: Vec<Option<Folding>> = of_probes
            .iter_mut()
            .map(|rng| layout_of_sums.map(|layout| Folding::draw(layout, blocks * set.ring_size(), rng)))
            .collect();
        let mut locks: Vec<Lock> = of_probes.iter_mut().map(|rng| Lock::draw(rng)).collect();
        let ends = self.ends(layout)?;
        for block in 0..blocks {
            let Judged { verdicts, mut generators, circuit, masks, members } =
                self.judged(group, block, &babies, ends)?;
            let of_probes = group.iter().zip(&mut generators).zip(&mut slots).zip(&mut sums).zip(&mut locks);
            let of_probes = of_probes.zip(&mut foldings).zip(&mut shared);
            for (values, ((((((asked, rng), slots), sums), lock), folding), shared)) in
                verdicts.into_iter().zip(of_probes)
            {
                parts.note(asked.bundle * blocks + block, || digest(&values));
                match self.task.disclosure {
                    Disclosure::Any | Disclosure::Count if matches!(asked.standing, Standing::Together(..)) => {
                        // One value, of one block.
                        *shared = values.into_iter().next();
                    }
                    Disclosure::Each => {
                        let outputs: Vec<Sanitised> = match set.one_squaring {
                            true => {
                                let squares = |value| squares(self.key, &circuit, value, lock, rng);
                                values.iter().flat_map(squares).collect()
                            }
                            false => {
                                let mut locked = |value| {
                                    let mut output = sanitised(self.key, value, rng);
                                    lock.put_on(&self.key.ring, &mut output.ciphertext);
                                    output
                                };
                                values.into_iter().map(&mut locked).collect()
                            }
                        };
                        let leakage = outputs.iter().map(|output| output.leakage).sum::<f64>();
                        self.leak(asked.probes.clone(), leakage * set.ring_size() as f64);
                        slots.extend(outputs.into_iter().map(|output| output.ciphertext.parts.map(Poly::into_vec)));
                    }
                    Disclosure::Any | Disclosure::Count => {
                        sums.get_or_insert_with(|| Sums::new(masks, ends.answered)).add(&self.key.ring, values)?;
                    }
                    Disclosure::Labelled => {
                        for (value, folding) in values.iter().zip(folding) {
                            fold(self.key, value, &mut [(folding, &members)], ends.answered, self.progress)?;
                        }
                    }
                }
            }
        }
        let finished = foldings.into_iter().zip(group).zip(&mut locks).zip(&mut of_probes).zip(&mut slots);
        for ((((folding, asked), lock), rng), slots) in finished {
            if let Some(output) = folding.and_then(|folding| folding.finish(self.key, lock, rng)) {
                self.leak(asked.probes.clone(), output.leakage * set.ring_size() as f64);
                slots.push(output.ciphertext.parts.map(Poly::into_vec));
            }
        }
        let standing = standing_of(group);
        let rules = Rules::of(self.task.functional, self.steps, standing);
        let left = slots.into_iter().zip(sums).zip(shared).zip(locks).zip(&mut of_probes);
        let mut answers = Vec::with_capacity(group.len());
        for ((asked, ((((elements, sums), shared), lock), rng)), examined) in group.iter().zip(left).zip(&examined) {
            let validity = Validity::new(&rules, examined);
            let verdicts = match (sums, shared, standing) {
                (None, Some(verdicts), Standing::Together(segments, _)) => {
                    let masking = self.masking(layout, segments);
                    let mut told = Vec::with_capacity(asked.probes.len());
                    for (place, probe) in asked.probes.clone().enumerate() {
                        self.go_on()?;
                        let summed = told_of_segment(self.key, &verdicts, (segments, place), masking, &validity, rng);
                        self.leak(probe..probe + 1, summed.leakage);
                        told.push(ProbeVerdicts::Samples(summed.samples));
                    }
                    told
                }
                (Some(sums), ..) => {
                    let summed = sums.finish(self.key, &validity, rng);
                    self.leak(asked.probes.clone(), summed.leakage);
                    vec![ProbeVerdicts::Samples(summed.samples)]
                }
                (None, ..) => {
                    let key = tested_key(self.key, lock, &validity, rng);
                    self.leak(asked.probes.clone(), key.leakage);
                    vec![ProbeVerdicts::Slots { key: key.samples, elements }]
                }
            };
            answers.push(Answered { bundle: asked.bundle, verdicts });
        }
        Ok(answers)
    }

    /// Every sample of each probe, or bundle, of a group, as it is searched with and as it is tested.
    fn taken(&self, group: &[Asked], probes: &EncryptedProbes) -> Result<Taken, Stopped> {
        let (mut babies, mut examined) = (Vec::with_capacity(group.len()), Vec::with_capacity(group.len()));
        for asked in group {
            let samples = (0..asked.layout.eyes().len()).map(|sample| asked.first_sample + sample);
            let samples = samples.filter_map(|sample| Some((probes.expand(sample)?, probes.witness(sample))));
            let tested = |(sample, witness): (Ciphertext, Vec<Ciphertext>)| {
                (Examined::new(self.key, &sample, &witness), Babies::new(self.key, sample, self.steps))
            };
            let (tested, rotated) = samples.map(tested).unzip();
            examined.push(tested);
            babies.push(rotated);
            self.go_on()?;
        }
        Ok((babies, examined))
    }

    /// How blocks end for probes of a layout.
    fn ends(&self, layout: SampleLayout) -> Result<Ends, Misfit> {
        let agreed = self.weighed(&agreed_shape(self.task, layout))?;
        let one_sample = self.one_sample_is_enough(layout) && agreed.has_room_for_a_constant();
        Ok(Ends { one_sample, answered: agreed.answered })
    }

    /// One block, for each probe of a group.
    fn judged(
        &mut self,
        group: &[Asked],
        block: usize,
        babies: &[Vec<Babies>],
        ends: Ends,
    ) -> Result<Judged, Unanswered> {
        let (layout, standing) = (layout_of(group), standing_of(group));
        let rows = self.rows(block);
        let shape = self.shape(layout, &rows);
        let circuit = self.circuit(&shape, ends.answered)?;
        let masks = match (standing, self.task.disclosure) {
            // Those of each probe are taken once its verdicts are told apart.
            (Standing::Together(..), Disclosure::Any | Disclosure::Count) => Masks::None,
            _ => circuit.masks(ends.one_sample),
        };
        let slots = self.order.rows(block, standing, self.key.ring.n);
        let placed = Placed { rows: &rows, slots: &slots, standing };
        let decided = Decided { block, placed, layout, shape: &shape, circuit: &circuit, masks };
        let drawn = |asked: &Asked| Drawn::ProbeInBlock { probe: asked.bundle, block };
        let mut generators: Vec<Generator> =
            group.iter().map(|asked| Generator::of(&self.randomness.seed(drawn(asked)))).collect();
        let verdicts = self.verdicts(&decided, babies, &mut generators)?;
        let member = |(slot, &row): (usize, &usize)| {
            let label = rows.get(row).and_then(|row: &Row<'_>| row.label)?;
            Some(Member { slot, number: block * self.key.ring.n + slot, label })
        };
        let members = slots.iter().enumerate().filter_map(member).collect();
        Ok(Judged { verdicts, generators, circuit, masks, members })
    }

    /// What leaves for some probes, which tells of each of them.
    fn leak(&mut self, probes: Range<usize>, leakage: f64) {
        self.leakage.get_mut(probes).unwrap_or_default().iter_mut().for_each(|sum| *sum += leakage);
    }

    /// How a probe is told of a block that it shares: by the agreement, not by who is enrolled.
    fn masking(&self, layout: SampleLayout, segments: Segments) -> Masking {
        let subjects = if self.task.one_subject { 1 } else { segments.places() as u64 };
        let most = subjects.saturating_mul(agreed_shape(self.task, layout).largest_sum());
        Masking::of(self.task.disclosure, most)
    }

    /// Which sums leave of a probe under `labelled`.
    fn layout_of_sums(&self) -> Option<Layout> {
        (self.task.disclosure == Disclosure::Labelled).then(|| Layout::new(self.task.hits()))
    }

    fn go_on(&self) -> Result<(), Stopped> {
        if self.progress.stop() { Err(Stopped) } else { Ok(()) }
    }

    /// The subjects of a block.
    fn rows(&self, block: usize) -> Vec<Row<'a>> {
        let n = self.key.ring.n;
        let last = ((block + 1) * n).min(self.task.subjects.len());
        let subjects = self.task.subjects;
        let is_labelled = self.layout_of_sums().is_some();
        let row = |index| Row {
            references: subjects.references(index),
            may_match: subjects.may_match(index),
            label: is_labelled.then(|| Label::of(subjects.handle(index).as_deref())),
        };
        (block * n..last).into_par_iter().map(row).collect()
    }

    /// As many planes for each eye as the subject with the most references of that eye has. For a query about one subject as many as the
    /// agreement admits: neither time nor answer depends on who it is.
    fn shape(&self, layout: SampleLayout, rows: &[Row<'_>]) -> Shape {
        if self.task.one_subject {
            return agreed_shape(self.task, layout);
        }
        Shape::of_layout(self.task.functional, layout, |eye| {
            let of_eye = |row: &Row<'_>| row.references.iter().filter(|(other, _)| *other == eye).count();
            rows.iter().map(of_eye).max().unwrap_or(0)
        })
    }

    /// Whether one sample answers `any` exactly: by the agreement and the number of blocks, not by who is enrolled.
    fn one_sample_is_enough(&self, layout: SampleLayout) -> bool {
        let set = self.key.ring.set;
        let subjects = if self.task.one_subject { 1 } else { set.ring_size() };
        blocks(&set, self.task) == 1 && agreed_shape(self.task, layout).one_sample_is_enough(subjects)
    }

    /// What a circuit of a shape costs and ends with.
    fn weighed(&self, shape: &Shape) -> Result<Circuit, Misfit> {
        let (set, task) = (&self.key.ring.set, self.task);
        let sharing = match bundling(set, task).segments().map(Segments::probes) {
            Some(probes) => Sharing::Segments { probes },
            None => Sharing::Probe,
        };
        let comparison = Comparison { hits: task.hits(), sharing, ..Comparison::of(task.functional, task.disclosure) };
        Circuit::weigh(set, &comparison, shape, blocks(set, task))
    }

    /// The circuit of a shape, for an answer over so many primes.
    fn circuit(&mut self, shape: &Shape, answered: usize) -> Result<Arc<Circuit>, Misfit> {
        let key = (shape.clone(), answered);
        if let Some(circuit) = self.circuits.get(&key) {
            return Ok(Arc::clone(circuit));
        }
        let mut circuit = self.weighed(shape)?.with_coefficients();
        circuit.answered = answered;
        let circuit = Arc::new(circuit);
        self.circuits.insert(key, Arc::clone(&circuit));
        Ok(circuit)
    }

    /// One value for each probe, or bundle: what its verdicts on the block's subjects are, in their slots.
    fn verdicts(
        &self,
        decided: &Decided<'_>,
        babies: &[Vec<Babies>],
        generators: &mut [Generator],
    ) -> Result<Vec<Vec<Ciphertext>>, Stopped> {
        let Decided { placed, layout, shape, circuit, masks, .. } = *decided;
        let ring = &*self.key.ring;
        let engine = circuit.engine(self.key);
        // Every decision has masks of its own, so that masked decisions can be added; so has a verdict that is masked at its end.
        let mut decisions: Vec<Vec<Vec<Ciphertext>>> = babies.iter().map(|_| Vec::new()).collect();
        // Of fewer decisions than the agreement admits each counts for more.
        let agreed = agreed_shape(self.task, layout).decisions();
        let counted = |done: usize| agreed * done / shape.decisions().max(1);
        let mut done = 0;
        for plane in &shape.planes {
            let eye = layout.eyes().get(plane.sample).copied().flatten();
            for (decision, judgement) in shape.judgements().enumerate() {
                self.go_on()?;
                let probes: Vec<&Babies> = babies.iter().filter_map(|samples| samples.get(plane.sample)).collect();
                let (block, ordinal) = (decided.block, plane.ordinal);
                let place = Place { order: self.order, block, standing: placed.standing, eye, ordinal, decision };
                let scores = self.scores(&probes, place, placed, circuit.centre(judgement));
                for ((score, decisions), rng) in scores.into_iter().zip(&mut decisions).zip(&mut *generators) {
                    let masks = if circuit.masks_at_once() { masks.draw(ring, rng) } else { Vec::new() };
                    let masks: Vec<&Plaintext> = masks.iter().collect();
                    decisions.push(circuit.judge(&engine, judgement, &score, &masks, 1));
                    self.progress.advance((counted(done + 1) - counted(done)) as u64);
                }
                done += 1;
            }
        }
        let verdicts = decisions.into_iter().zip(generators).map(|(decisions, rng)| match ring.set.one_squaring {
            true => decisions.into_iter().flatten().collect(),
            false => {
                let masks = if circuit.masks_at_once() { Vec::new() } else { masks.draw(ring, rng) };
                circuit.verdict(&engine, decisions, &masks.iter().collect::<Vec<_>>())
            }
        });
        Ok(verdicts.collect())
    }

    /// phi - centre of one decision, for each probe.
    fn scores(&self, probes: &[&Babies], place: Place, placed: Placed<'_>, centre: i64) -> Vec<Ciphertext> {
        let kept = self.gallery.find(&place).or_else(|| {
            let make = || self.block(&place, placed).transformed(&self.key.ring);
            self.gallery.keep(place, self.most_kept, make)
        });
        match kept {
            Some(kept) => kept.scores(self.key, probes, centre),
            None => self.block(&place, placed).scores(self.key, probes, centre),
        }
    }

    /// The weights of one decision on every subject of a block: of the subjects, what the place says and nothing else.
    fn block(&self, place: &Place, placed: Placed<'_>) -> Block {
        let Placed { rows, slots, standing } = placed;
        let functional = self.task.functional;
        // Rotations in their order, then the common bits.
        let rotation = functional.rotations().get(place.decision).copied();
        let unit = if rotation.is_some() { 1 } else { functional.common_bits_unit().unwrap_or(1) };
        let scale = residues::divide_mod_t(1, residues::residue(unit));
        let form = |reference: &Reference| -> Option<LinearForm> {
            match rotation {
                Some(rotation) => Some(functional.form(reference, rotation)),
                None => functional.common_bits_form(reference),
            }
        };
        // A miss, for subjects without that reference, for those whose hit is none, and for slots without a subject.
        const MISS: i64 = -1;
        let filled = match (place.order, standing) {
            (Order::Gallery, Standing::Alone) => rows.len(),
            (Order::Secret(_), _) | (_, Standing::Together(..)) => slots.len(),
        };
        let mut block = Block::new(self.steps, filled, scale, MISS);
        block.fill(|slot, weights| {
            let row = rows.get(*slots.get(slot)?)?;
            let mut of_eye = row.references.iter().filter(|(eye, _)| *eye == place.eye);
            let form = form(&of_eye.nth(place.ordinal)?.1)?;
            // The same work for everybody.
            let counts = i16::from(row.may_match);
            weights.iter_mut().zip(&form.weights).for_each(|(out, &weight)| *out = weight * counts);
            let counts = i64::from(counts);
            Some(form.bias / unit * counts + MISS * (1 - counts))
        });
        block
    }
}

/// The subjects of a block, and which of them stands in each slot.
#[derive(Clone, Copy)]
struct Placed<'a> {
    rows: &'a [Row<'a>],
    slots: &'a [usize],
    standing: Standing,
}

/// How a block is judged.
struct Decided<'a> {
    block: usize,
    placed: Placed<'a>,
    layout: SampleLayout,
    shape: &'a Shape,
    circuit: &'a Circuit,
    masks: Masks,
}
