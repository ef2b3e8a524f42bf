//! Stages 4 to 6 over a gallery: the custodian's side of one query, on all cores, with public keys alone.
//!
//! Subjects are taken in waves, so that memory does not grow with the gallery: a wave's scores are computed, thresholded and reduced to
//! one bit a subject before the next begins; for `any` a wave leaves a single bit, for `labelled` it is added to sums.

use rand::seq::SliceRandom;
use rand::{CryptoRng, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::Tfhe;
use super::aggregate::{
    EncryptedBit, Gate, Known, QUARTER, Sums, UnwashedVerdict, Veto, flipped, gates, gates_to_root,
};
use super::ciphertexts::{EncryptedProbes, EncryptedVerdicts, PackedVerdict};
use super::distance::{EncryptedScore, EncryptedTemplate, Scratch};
use super::keys::{EvaluationKey, PreparedKey};
use super::labelled::{Keys, OUTPUTS, Washed, flips};
use super::sanitise::{Washing, washing_bootstraps};
use super::validity::{self, EIGHTH, is_tested};
use crate::agreement::Disclosure;
use crate::functional::{Functional, Reference, SampleLayout};
use crate::parameters::Marked;
use crate::parameters::tfhe::{MOST_WASHING_ROUNDS, TfheSet};
use crate::scheme::parts::digest_of;
use crate::scheme::subject::{Alignment, Pair, Subject, alignments};
use crate::scheme::{Drawn, Evaluator, PartDigest, Parts, Progress, Randomness, Stopped, Task, Unanswered};

/// Decisions in a wave: enough to fill the batches of many cores, few enough (16 KB each) to stay in cache.
const WAVE: usize = 576;

impl Evaluator for Tfhe {
    const STEP: &'static str = "bootstrap";
    type PreparedKey = PreparedKey;
    type PreparedGallery = ();

    fn prepare_key(key: EvaluationKey, set: &Marked<TfheSet>) -> PreparedKey {
        PreparedKey::new(key, set)
    }

    /// Nothing: weights are cheaper to transform again than to keep transformed (see `distance`).
    fn prepare_gallery(_: &Marked<TfheSet>, _: &Functional, _: u64) {}

    fn answer(
        key: &PreparedKey,
        (): &(),
        task: &Task<'_>,
        probes: &EncryptedProbes,
        randomness: &Randomness,
        parts: &mut Parts,
        progress: &dyn Progress,
    ) -> Result<EncryptedVerdicts, Unanswered> {
        let mut templates = key.templates(task.functional, probes).into_iter();
        let (mut verdicts, mut boxes) = (Vec::new(), Vec::new());
        let mut first_part = 0;
        for (probe, &layout) in task.layouts.iter().enumerate() {
            let rng = &mut ChaCha20Rng::from_seed(*randomness.seed(Drawn::Probe(probe)));
            let samples: Vec<_> = templates.by_ref().take(layout.eyes().len()).collect();
            let known = Known::new(key, rng);
            let veto = veto(key, task, layout, &samples, randomness, probe, progress)?;
            let veto = veto.as_ref();
            let search = Search { key, task, layout, samples: &samples, known: &known, veto, progress };
            let mut noted = Noted { parts: &mut *parts, next: first_part };
            match task.disclosure {
                Disclosure::Any => {
                    let verdict = search.any(&mut noted)?;
                    verdicts.extend(key.sanitise(
                        vec![verdict],
                        washing(&key.parameters, task, false),
                        rng,
                        progress,
                    )?);
                }
                Disclosure::Each => verdicts.extend(search.each(&mut noted, rng)?),
                Disclosure::Labelled => {
                    let keys = Keys::draw(task.subjects.len(), rng);
                    let sealed = keys.seal(task.subjects, task.functional.largest_gallery(), rng);
                    let sealed = sealed.ok_or_else(|| Unanswered::Misfit("more subjects than references".into()))?;
                    verdicts.extend(search.labelled(&mut noted, &keys, &sealed, rng)?);
                    boxes.extend(sealed);
                }
                Disclosure::Count => {
                    let mut each = search.each(&mut noted, rng)?;
                    each.shuffle(rng);
                    verdicts.extend(each);
                }
            }
            first_part = noted.next;
        }
        Ok(EncryptedVerdicts::new(&key.parameters, verdicts, boxes))
    }

    fn parts(_: &Marked<TfheSet>, task: &Task<'_>) -> usize {
        task.layouts.iter().map(|&layout| waves(task, layout).count()).sum()
    }

    fn part(
        key: &PreparedKey,
        task: &Task<'_>,
        probes: &EncryptedProbes,
        randomness: &Randomness,
        number: usize,
        progress: &dyn Progress,
    ) -> Result<Option<PartDigest>, Unanswered> {
        let mut templates = key.templates(task.functional, probes).into_iter();
        let mut left = number;
        for (probe, &layout) in task.layouts.iter().enumerate() {
            let samples: Vec<_> = templates.by_ref().take(layout.eyes().len()).collect();
            let mut waves = waves(task, layout);
            let Some(wave) = waves.nth(left) else {
                left -= self::waves(task, layout).count();
                continue;
            };
            let rng = &mut ChaCha20Rng::from_seed(*randomness.seed(Drawn::Probe(probe)));
            let known = Known::new(key, rng);
            // Not where what waves leave comes before the veto.
            let vetoed = is_vetoed_in_waves(&key.parameters, task, layout);
            let veto = vetoed.then(|| veto(key, task, layout, &samples, randomness, probe, progress)).transpose()?;
            let veto = veto.as_ref().and_then(Option::as_ref);
            let search = Search { key, task, layout, samples: &samples, known: &known, veto, progress };
            return Ok(Some(digest(&search.unwashed(&wave)?)));
        }
        Ok(None)
    }

    fn steps(set: &Marked<TfheSet>, task: &Task<'_>) -> u64 {
        task.layouts.iter().map(|&layout| bootstraps_of_probe(set, task, layout)).sum()
    }
}

/// One probe against the subjects of a task.
struct Search<'a> {
    key: &'a PreparedKey,
    task: &'a Task<'a>,
    layout: SampleLayout,
    samples: &'a [EncryptedTemplate],
    known: &'a Known,
    /// What tests say of the probe, where it is tested.
    veto: Option<&'a Veto>,
    progress: &'a dyn Progress,
}

/// What a wave leaves.
enum Unwashed {
    /// Whether any of its subjects matches, on the way into the tree over all waves.
    Bit(EncryptedBit),
    /// A verdict on each of its subjects, or on the only one that there is.
    Verdicts(Vec<UnwashedVerdict>),
}

/// The digest of what a wave leaves.
fn digest(unwashed: &Unwashed) -> PartDigest {
    match unwashed {
        Unwashed::Bit(bit) => digest_of(std::iter::once(bit.0.as_ref())),
        Unwashed::Verdicts(verdicts) => digest_of(verdicts.iter().map(|verdict| verdict.0.as_ref())),
    }
}

/// Notes the waves of one probe, whose first has number `next`.
struct Noted<'a> {
    parts: &'a mut Parts,
    next: usize,
}

impl Noted<'_> {
    fn note(&mut self, unwashed: &Unwashed) {
        self.parts.note(self.next, || digest(unwashed));
        self.next += 1;
    }
}

impl Search<'_> {
    /// Whether any subject matches.
    fn any(&self, noted: &mut Noted<'_>) -> Result<UnwashedVerdict, Stopped> {
        let mut bits = Vec::new();
        for wave in waves(self.task, self.layout) {
            let unwashed = self.unwashed(&wave)?;
            noted.note(&unwashed);
            match unwashed {
                Unwashed::Bit(bit) => bits.push(bit),
                Unwashed::Verdicts(mut verdicts) => {
                    if let Some(verdict) = verdicts.pop() {
                        return Ok(verdict);
                    }
                }
            }
        }
        self.key.root(bits, self.known, self.veto, self.progress)
    }

    /// What one wave leaves.
    fn unwashed(&self, wave: &[Subject<'_>]) -> Result<Unwashed, Stopped> {
        let single = is_single_decision(self.task.functional, wave);
        if self.task.disclosure == Disclosure::Any {
            if single && self.task.subjects.len() == 1 {
                return self.single_verdicts(wave).map(Unwashed::Verdicts);
            }
            let subjects = self.subject_bits(wave)?;
            let bit = self.reduce(Gate::Or, vec![subjects])?.pop();
            return Ok(Unwashed::Bit(bit.unwrap_or_else(|| self.known.miss())));
        }
        let verdicts = if single {
            self.single_verdicts(wave)?
        } else {
            let bits = self.subject_bits(wave)?.into_iter();
            bits.map(|bit| self.key.root(vec![bit], self.known, self.veto, self.progress)).collect::<Result<_, _>>()?
        };
        Ok(Unwashed::Verdicts(verdicts))
    }

    /// Whether each subject matches, sanitised.
    fn each(&self, noted: &mut Noted<'_>, rng: &mut dyn CryptoRng) -> Result<Vec<PackedVerdict>, Stopped> {
        let mut verdicts = Vec::with_capacity(self.task.subjects.len());
        for wave in waves(self.task, self.layout) {
            let unwashed = self.unwashed(&wave)?;
            noted.note(&unwashed);
            let Unwashed::Verdicts(unwashed) = unwashed else { continue };
            let vetoed = self.veto.is_some() && is_single_decision(self.task.functional, &wave);
            let washing = washing(&self.key.parameters, self.task, vetoed);
            verdicts.extend(self.key.sanitise(unwashed, washing, rng, self.progress)?);
        }
        Ok(verdicts)
    }

    /// The bits that leave with the boxes of subjects, sanitised: see `labelled`.
    fn labelled(
        &self,
        noted: &mut Noted<'_>,
        keys: &Keys,
        boxes: &[u64],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<PackedVerdict>, Stopped> {
        let (set, mut sums, mut first) = (&self.key.parameters, Sums::new(self.key), 0);
        let is_tested = self.veto.is_some();
        let washed = what_is_washed(set, self.task, is_tested);
        let search = Search { veto: self.veto.filter(|_| washed == Washed::Verdicts), ..*self };
        for wave in waves(self.task, self.layout) {
            let unwashed = search.unwashed(&wave)?;
            noted.note(&unwashed);
            let Unwashed::Verdicts(unwashed) = unwashed else { continue };
            match washed {
                Washed::Verdicts => {
                    let vetoed = is_tested && is_single_decision(self.task.functional, &wave);
                    let washing = washing(set, self.task, vetoed);
                    // One more than where verdicts leave: here a bootstrap follows on every flood.
                    let rounds = washing.rounds as u64;
                    let verdicts = self.key.washed(unwashed, washing, rounds, rng, self.progress)?;
                    sums.add(keys, first, verdicts.iter());
                }
                Washed::Sums => sums.add(keys, first, unwashed.iter().map(|verdict| &verdict.0)),
            }
            first += wave.len();
        }
        let told = match washed {
            Washed::Verdicts => sums.flipped(flips(boxes)),
            Washed::Sums => {
                let amplitude = if is_tested { EIGHTH } else { QUARTER };
                let mut verdicts = sums.verdicts(self.key, amplitude, self.progress)?;
                if let Some(veto) = self.veto {
                    verdicts.iter_mut().for_each(|verdict| veto.add_to(verdict));
                }
                let washing = washing_of_sums(set, is_tested);
                let bootstraps = washing_bootstraps(washing.rounds);
                flipped(self.key.washed(verdicts, washing, bootstraps, rng, self.progress)?, flips(boxes))
            }
        };
        Ok(self.key.packed(told, rng))
    }

    /// The verdict on each subject of a wave that is judged by one decision alone, so that no gate is needed.
    fn single_verdicts(&self, wave: &[Subject<'_>]) -> Result<Vec<UnwashedVerdict>, Stopped> {
        let amplitude = if self.veto.is_some() { EIGHTH } else { QUARTER };
        let mut verdicts = self.key.verdicts(&self.scores(wave), amplitude, self.progress)?;
        for (verdict, subject) in verdicts.iter_mut().zip(wave) {
            let pair = subject.groups.iter().flatten().next();
            self.known.put_verdict(verdict, amplitude, subject.known().or_else(|| pair.and_then(Pair::known)));
            if let Some(veto) = self.veto {
                veto.add_to(verdict);
            }
        }
        Ok(verdicts)
    }

    /// One score for each decision of a wave's subjects, in the order of [`Search::subject_bits`].
    fn scores(&self, wave: &[Subject<'_>]) -> Vec<EncryptedScore> {
        let functional = self.task.functional;
        let decisions: Vec<Decision<'_>> = wave
            .iter()
            .flat_map(|subject| {
                subject.groups.iter().flatten().map(|pair| (pair.sample, subject.reference(functional, pair)))
            })
            .flat_map(|(sample, reference)| {
                alignments(functional).map(move |alignment| Decision { sample, reference, alignment })
            })
            .collect();
        let set = self.key.parameters;
        let step = set.step(functional);
        let transform = &self.key.query_transform;
        let scratch = || Scratch::new(&set.query(), transform);
        let score = |scratch: &mut Scratch, decision: &Decision<'_>| {
            let form = decision.alignment.form(functional, decision.reference);
            self.samples.get(decision.sample).map(|template| template.score(&form, step, transform, scratch))
        };
        decisions.par_iter().map_init(scratch, score).flatten().collect()
    }

    /// One bit a subject: AND over groups, of OR over pairs, of (OR over rotations, AND enough common bits).
    fn subject_bits(&self, wave: &[Subject<'_>]) -> Result<Vec<EncryptedBit>, Stopped> {
        let functional = self.task.functional;
        let rotations = functional.rotations().len();
        let groups = || wave.iter().flat_map(|subject| &subject.groups);
        let mut bits = self.key.bits(&self.scores(wave), self.progress)?.into_iter();
        let pair_count = groups().map(Vec::len).sum();
        let (mut aligned, mut common) = (Vec::with_capacity(pair_count), Vec::new());
        for _ in 0..pair_count {
            aligned.push(bits.by_ref().take(rotations).collect());
            if functional.judges_common_bits() {
                common.extend(bits.next());
            }
        }
        let mut pair_bits = self.reduce(Gate::Or, aligned)?;
        if functional.judges_common_bits() {
            let both = pair_bits.into_iter().zip(common).map(|(hit, enough)| vec![hit, enough]).collect();
            pair_bits = self.reduce(Gate::And, both)?;
        }
        for (bit, pair) in pair_bits.iter_mut().zip(groups().flatten()) {
            self.known.put(bit, pair.known());
        }
        let mut pair_bits = pair_bits.into_iter();
        let group_bits =
            self.reduce(Gate::Or, groups().map(|group| pair_bits.by_ref().take(group.len()).collect()).collect())?;
        let mut group_bits = group_bits.into_iter();
        let subjects = wave.iter().map(|subject| group_bits.by_ref().take(subject.groups.len()).collect()).collect();
        let mut subject_bits = self.reduce(Gate::And, subjects)?;
        for (bit, subject) in subject_bits.iter_mut().zip(wave) {
            self.known.put(bit, subject.known());
        }
        Ok(subject_bits)
    }

    fn reduce(&self, gate: Gate, sets: Vec<Vec<EncryptedBit>>) -> Result<Vec<EncryptedBit>, Stopped> {
        self.key.reduce(gate, sets, self.known, self.progress)
    }
}

/// One sign: of a probe's sample, by its number, and a reference.
struct Decision<'a> {
    sample: usize,
    reference: &'a Reference,
    alignment: Alignment,
}

fn is_single_decision(functional: &Functional, wave: &[Subject<'_>]) -> bool {
    wave.iter().all(|subject| subject.decisions(functional) == 1)
}

/// Subjects, cut so that each part has about [`WAVE`] decisions.
fn waves<'a>(task: &'a Task<'a>, layout: SampleLayout) -> impl Iterator<Item = Vec<Subject<'a>>> {
    let mut indices = 0..task.subjects.len();
    // The first of the next wave: decoded, and found to be too many.
    let mut next: Option<Subject<'a>> = None;
    std::iter::from_fn(move || {
        let (mut wave, mut sum) = (Vec::new(), 0);
        while let Some(subject) = next.take().or_else(|| Some(Subject::new(task, layout, indices.next()?))) {
            // Also a subject that no decision is about takes a place.
            let cost = subject.decisions(task.functional).max(1);
            if !wave.is_empty() && sum + cost > WAVE {
                next = Some(subject);
                break;
            }
            sum += cost;
            wave.push(subject);
        }
        (!wave.is_empty()).then_some(wave)
    })
}

/// What tests say of a probe; none where it is not tested.
fn veto(
    key: &PreparedKey,
    task: &Task<'_>,
    layout: SampleLayout,
    samples: &[EncryptedTemplate],
    randomness: &Randomness,
    probe: usize,
    progress: &dyn Progress,
) -> Result<Option<Veto>, Stopped> {
    let tested = is_tested(&key.parameters, task, layout);
    tested.then(|| key.veto(task.functional, samples, randomness, probe, progress)).transpose()
}

/// How the verdicts of a wave are washed: so often that all of a probe's are hidden, for the largest gallery of the agreement.
///
/// `vetoed`: whether a veto was added to verdicts that no gate made.
fn washing(set: &TfheSet, task: &Task<'_>, vetoed: bool) -> Washing {
    let verdicts = match task.disclosure {
        Disclosure::Any => 1,
        Disclosure::Labelled if task.one_subject => 1,
        Disclosure::Each | Disclosure::Count | Disclosure::Labelled => task.functional.largest_gallery(),
    };
    // An agreement that asks for more is refused. Waves that are washed in either way are together within the limit, too: each verdict has no
    // more than its share of it.
    Washing { rounds: set.washing_rounds_for(verdicts, vetoed).unwrap_or(MOST_WASHING_ROUNDS), narrow: vetoed }
}

/// How the sums of `labelled` are washed, where verdicts are not.
fn washing_of_sums(set: &TfheSet, is_tested: bool) -> Washing {
    Washing { rounds: set.washing_rounds_for(OUTPUTS, is_tested).unwrap_or(MOST_WASHING_ROUNDS), narrow: is_tested }
}

/// What takes fewer bootstraps: the verdicts of a short list, or the sums of a long one.
fn what_is_washed(set: &TfheSet, task: &Task<'_>, is_tested: bool) -> Washed {
    let of_verdicts = washing(set, task, is_tested).rounds * task.subjects.len();
    match of_verdicts <= washing_of_sums(set, is_tested).rounds * OUTPUTS {
        true => Washed::Verdicts,
        false => Washed::Sums,
    }
}

/// Whether waves leave verdicts that a veto is in, where probes are tested.
fn is_vetoed_in_waves(set: &TfheSet, task: &Task<'_>, layout: SampleLayout) -> bool {
    match task.disclosure {
        Disclosure::Any => false,
        Disclosure::Each | Disclosure::Count => true,
        Disclosure::Labelled => what_is_washed(set, task, is_tested(set, task, layout)) == Washed::Verdicts,
    }
}

/// Bootstraps that one probe costs: the steps that progress counts.
fn bootstraps_of_probe(parameters: &TfheSet, task: &Task<'_>, layout: SampleLayout) -> u64 {
    let functional = task.functional;
    let pair = gates(functional.rotations().len()) + u64::from(functional.judges_common_bits());
    let subject = |subject: &Subject<'_>| {
        let groups: u64 = subject.groups.iter().map(|group| gates(group.len())).sum();
        let pairs: usize = subject.groups.iter().map(Vec::len).sum();
        subject.decisions(functional) as u64 + pairs as u64 * pair + groups + gates(subject.groups.len())
    };
    let tested = is_tested(parameters, task, layout);
    // Of all waves: bootstraps within subjects, within the waves' own trees, roots of the subjects that need one, and washing of a verdict each.
    let (mut searched, mut trees, mut roots, mut washed, mut added, mut wave_count) = (0, 0, 0, 0, 0, 0);
    let mut all_single = true;
    for wave in waves(task, layout) {
        let single = is_single_decision(functional, &wave);
        searched += wave.iter().map(subject).sum::<u64>();
        trees += gates(wave.len());
        roots += if single { 0 } else { wave.len() as u64 };
        let rounds = washing(parameters, task, tested && single).rounds;
        washed += washing_bootstraps(rounds) * wave.len() as u64;
        added += rounds as u64 * wave.len() as u64;
        wave_count += 1;
        all_single &= single;
    }
    let once = washing_bootstraps(washing(parameters, task, false).rounds);
    let tests = if tested { validity::BOOTSTRAPS } else { 0 };
    match task.disclosure {
        Disclosure::Any if task.subjects.len() == 1 && all_single => searched + once,
        // The root is a gate of its own even over one bit: it makes the verdict.
        Disclosure::Any => tests + searched + trees + gates_to_root(wave_count, tested) + once,
        Disclosure::Each | Disclosure::Count => tests + searched + roots + washed,
        Disclosure::Labelled => {
            let told = match what_is_washed(parameters, task, tested) {
                Washed::Verdicts => added,
                Washed::Sums => OUTPUTS as u64 * washing_of_sums(parameters, tested).rounds as u64,
            };
            tests + searched + roots + told
        }
    }
}
