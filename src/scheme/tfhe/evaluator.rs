//! Stages 4 to 6 over a gallery: the custodian's side of one query, on all cores, with public keys alone.
//!
//! Subjects are taken in waves, so that memory does not grow with the gallery: a wave's scores are computed, thresholded and reduced to
//! one bit a subject before the next begins; for `any` a wave leaves a single bit.

use std::borrow::Cow;

use rand::CryptoRng;
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::Tfhe;
use super::aggregate::{EncryptedBit, Gate, UnwashedVerdict, gates};
use super::ciphertexts::{EncryptedProbes, EncryptedVerdicts, PackedVerdict};
use super::distance::{EncryptedScore, EncryptedTemplate, Scratch};
use super::keys::{EvaluationKey, PreparedKey};
use super::sanitise::washing_bootstraps;
use crate::agreement::Disclosure;
use crate::functional::{Functional, LinearForm, Reference, SampleLayout, pairs};
use crate::parameters::tfhe::TfheSet;
use crate::scheme::{Evaluator, Progress, Stopped, SubjectReferences, Subjects, Task, Unanswered};

/// Decisions in a wave: enough to fill the batches of many cores, few enough (16 KB each) to stay in cache.
const WAVE: usize = 576;

/// Some subjects, decoded.
type Wave<'a> = [Cow<'a, SubjectReferences>];

/// Which pairs decide on a subject; see [`pairs`].
type Pairs = Vec<Vec<(usize, usize)>>;

impl Evaluator for Tfhe {
    const STEP: &'static str = "bootstrap";
    type PreparedKey = PreparedKey;
    type PreparedGallery = ();

    fn prepare_key(key: EvaluationKey, set: &'static TfheSet) -> PreparedKey {
        PreparedKey::new(key, set)
    }

    /// Nothing: weights are cheaper to transform again than to keep transformed (see `distance`).
    fn prepare_gallery(_: &'static TfheSet, _: &Functional, _: u64) {}

    fn answer(
        key: &PreparedKey,
        (): &(),
        task: &Task<'_>,
        probes: &EncryptedProbes,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<EncryptedVerdicts, Unanswered> {
        let mut templates =
            EncryptedTemplate::expand(key.parameters, task.functional, probes, key.query_fft.as_view()).into_iter();
        let mut verdicts = Vec::with_capacity(task.layouts.len() * task.verdicts_per_probe());
        for &layout in task.layouts {
            let samples: Vec<_> = templates.by_ref().take(layout.eyes().len()).collect();
            let search = Search { key, task, layout, samples: &samples, progress };
            match task.disclosure {
                Disclosure::Any => verdicts.extend(key.sanitise(vec![search.any()?], rng, progress)?),
                Disclosure::Each => verdicts.extend(search.each(rng)?),
                Disclosure::Count => {
                    let mut each = search.each(rng)?;
                    each.shuffle(rng);
                    verdicts.extend(each);
                }
            }
        }
        Ok(EncryptedVerdicts::new(key.parameters, verdicts))
    }

    fn steps(set: &TfheSet, task: &Task<'_>) -> u64 {
        task.layouts.iter().map(|&layout| bootstraps_of_probe(set, task, layout)).sum()
    }
}

/// One probe against the subjects of a task.
struct Search<'a> {
    key: &'a PreparedKey,
    task: &'a Task<'a>,
    layout: SampleLayout,
    samples: &'a [EncryptedTemplate],
    progress: &'a dyn Progress,
}

impl Search<'_> {
    /// Whether any subject matches.
    fn any(&self) -> Result<UnwashedVerdict, Stopped> {
        let mut bits = Vec::new();
        for wave in waves(self.task.functional, self.task.subjects, self.layout) {
            if self.task.subjects.len() == 1 && self.is_single_decision(&wave) {
                let scores = self.scores(&wave);
                if let Some(verdict) = self.key.verdicts(&scores, self.progress)?.pop() {
                    return Ok(verdict);
                }
            }
            let subjects = self.subject_bits(&wave)?;
            bits.extend(self.key.reduce(Gate::Or, vec![subjects], self.progress)?);
        }
        self.key.root(bits, self.progress)
    }

    /// Whether each subject matches, sanitised.
    fn each(&self, rng: &mut dyn CryptoRng) -> Result<Vec<PackedVerdict>, Stopped> {
        let mut verdicts = Vec::with_capacity(self.task.subjects.len());
        for wave in waves(self.task.functional, self.task.subjects, self.layout) {
            let unwashed = if self.is_single_decision(&wave) {
                self.key.verdicts(&self.scores(&wave), self.progress)?
            } else {
                let bits = self.subject_bits(&wave)?;
                bits.into_iter().map(|bit| self.key.root(vec![bit], self.progress)).collect::<Result<_, _>>()?
            };
            verdicts.extend(self.key.sanitise(unwashed, rng, self.progress)?);
        }
        Ok(verdicts)
    }

    /// Whether every subject of a wave is judged by one decision alone, so that no gate is needed.
    fn is_single_decision(&self, wave: &Wave<'_>) -> bool {
        is_single_decision(self.task.functional, self.layout, wave)
    }

    /// One score for each decision of a wave's subjects, in the order of [`Search::subject_bits`].
    fn scores(&self, wave: &Wave<'_>) -> Vec<EncryptedScore> {
        let functional = self.task.functional;
        let jobs: Vec<(usize, &Reference, Alignment)> = wave
            .iter()
            .flat_map(|references| {
                let pairs = self.pairs(references).into_iter().flatten();
                pairs.filter_map(|(sample, reference)| Some((sample, &references.get(reference)?.1)))
            })
            .flat_map(|(sample, reference)| alignments(functional).map(move |alignment| (sample, reference, alignment)))
            .collect();
        let set = self.key.parameters;
        let fft = self.key.query_fft.as_view();
        let scratch = || Scratch::new(set.query_glwe_dimension, set.query_polynomial_size, fft);
        let score = |scratch: &mut Scratch, &(sample, reference, alignment): &(usize, &Reference, Alignment)| {
            let form = alignment.form(functional, reference);
            self.samples.get(sample).map(|template| template.score(&form, functional.step(), fft, scratch))
        };
        jobs.par_iter().map_init(scratch, score).flatten().collect()
    }

    /// One bit a subject: AND over groups, of OR over pairs, of (OR over rotations, AND enough common bits).
    fn subject_bits(&self, wave: &Wave<'_>) -> Result<Vec<EncryptedBit>, Stopped> {
        let functional = self.task.functional;
        let rotations = functional.rotations().len();
        let shapes: Vec<Pairs> = wave.iter().map(|references| self.pairs(references)).collect();
        let mut bits = self.key.bits(&self.scores(wave), self.progress)?.into_iter();
        let pair_count = shapes.iter().flatten().map(Vec::len).sum();
        let (mut aligned, mut common) = (Vec::with_capacity(pair_count), Vec::new());
        for _ in 0..pair_count {
            aligned.push(bits.by_ref().take(rotations).collect());
            if functional.judges_common_bits() {
                common.extend(bits.next());
            }
        }
        let mut pair_bits = self.key.reduce(Gate::Or, aligned, self.progress)?;
        if functional.judges_common_bits() {
            let both = pair_bits.into_iter().zip(common).map(|(hit, enough)| vec![hit, enough]).collect();
            pair_bits = self.key.reduce(Gate::And, both, self.progress)?;
        }
        let mut pair_bits = pair_bits.into_iter();
        let groups = shapes.iter().flatten().map(|group| pair_bits.by_ref().take(group.len()).collect()).collect();
        let mut group_bits = self.key.reduce(Gate::Or, groups, self.progress)?.into_iter();
        let subjects = shapes.iter().map(|groups| group_bits.by_ref().take(groups.len()).collect()).collect();
        self.key.reduce(Gate::And, subjects, self.progress)
    }

    fn pairs(&self, references: &SubjectReferences) -> Pairs {
        pairs(self.task.functional.eyes(), self.layout, references)
    }
}

/// What one decision of a pair is about.
#[derive(Clone, Copy)]
enum Alignment {
    Rotated(i32),
    CommonBits,
}

impl Alignment {
    fn form(self, functional: &Functional, reference: &Reference) -> LinearForm {
        match self {
            Self::Rotated(columns) => functional.form(reference, columns),
            // Only asked for where the rule is on.
            Self::CommonBits => functional
                .common_bits_form(reference)
                .unwrap_or_else(|| LinearForm { weights: Vec::new(), bias: functional.bound() }),
        }
    }
}

fn alignments(functional: &Functional) -> impl Iterator<Item = Alignment> {
    let common = functional.judges_common_bits().then_some(Alignment::CommonBits);
    functional.rotations().into_iter().map(Alignment::Rotated).chain(common)
}

fn decisions(functional: &Functional, layout: SampleLayout, references: &SubjectReferences) -> usize {
    let pairs = pairs(functional.eyes(), layout, references);
    pairs.iter().map(Vec::len).sum::<usize>() * functional.decisions_per_pair()
}

fn is_single_decision(functional: &Functional, layout: SampleLayout, wave: &Wave<'_>) -> bool {
    wave.iter().all(|references| decisions(functional, layout, references) == 1)
}

/// Subjects, cut so that each part has about [`WAVE`] decisions.
fn waves<'a>(
    functional: &'a Functional,
    subjects: &'a dyn Subjects,
    layout: SampleLayout,
) -> impl Iterator<Item = Vec<Cow<'a, SubjectReferences>>> {
    let mut indices = 0..subjects.len();
    // The first of the next wave: decoded, and found to be too many.
    let mut next: Option<Cow<'a, SubjectReferences>> = None;
    std::iter::from_fn(move || {
        let (mut wave, mut sum) = (Vec::new(), 0);
        while let Some(references) = next.take().or_else(|| Some(subjects.references(indices.next()?))) {
            // Also a subject that no decision is about takes a place.
            let cost = decisions(functional, layout, &references).max(1);
            if !wave.is_empty() && sum + cost > WAVE {
                next = Some(references);
                break;
            }
            sum += cost;
            wave.push(references);
        }
        (!wave.is_empty()).then_some(wave)
    })
}

/// Bootstraps that one probe costs: the steps that progress counts.
fn bootstraps_of_probe(parameters: &TfheSet, task: &Task<'_>, layout: SampleLayout) -> u64 {
    let functional = task.functional;
    let subject = |references: &SubjectReferences| {
        let pairs = pairs(functional.eyes(), layout, references);
        let pair = gates(functional.rotations().len()) + u64::from(functional.judges_common_bits());
        let groups: u64 = pairs.iter().map(|group| gates(group.len())).sum();
        let pair_count: usize = pairs.iter().map(Vec::len).sum();
        decisions(functional, layout, references) as u64 + pair_count as u64 * pair + groups + gates(pairs.len())
    };
    // Of all waves: bootstraps within subjects, within the waves' own trees, and roots of the subjects that need one.
    let (mut searched, mut trees, mut roots, mut wave_count) = (0, 0, 0, 0);
    let mut all_single = true;
    for wave in waves(functional, task.subjects, layout) {
        let single = is_single_decision(functional, layout, &wave);
        searched += wave.iter().map(|references| subject(references)).sum::<u64>();
        trees += gates(wave.len());
        roots += if single { 0 } else { wave.len() as u64 };
        wave_count += 1;
        all_single &= single;
    }
    let washing = washing_bootstraps(parameters);
    match task.disclosure {
        Disclosure::Any if task.subjects.len() == 1 && all_single => searched + washing,
        // The root is a gate of its own even over one bit: it makes the verdict.
        Disclosure::Any => searched + trees + gates(wave_count).max(1) + washing,
        Disclosure::Each | Disclosure::Count => searched + roots + washing * task.subjects.len() as u64,
    }
}
