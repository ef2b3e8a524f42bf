//! What a search costs before it runs: counted in the units of a [`Pace`], for `plan` and for the choice of a set.

use super::pace::{Pace, circuit};
use crate::agreement::{Disclosure, EyeRule};
use crate::functional::{Functional, SampleLayout};
use crate::parameters::bgv::BgvSet;
use crate::scheme::bgv::aggregate::Masking;
use crate::scheme::bgv::answer::{KEY_NUMBERS, MANY_SAMPLES};
use crate::scheme::bgv::chain::Chain;
use crate::scheme::bgv::circuit::{Circuit, Sharing};
use crate::scheme::bgv::distance::{Babies, GIANTS, Steps, Transformed, babies_cost};
use crate::scheme::bgv::evaluator::room;
use crate::scheme::bgv::labelled::{Layout, folding};
use crate::scheme::bgv::lock;
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::segments::{Bundling, Segments};
use crate::scheme::bgv::shape::Shape;
use crate::scheme::bgv::validity::{self, Examined};

/// How large a search is: what an estimate is made for.
///
/// The gallery's subjects have one reference each, or one of each eye where the agreement tells eyes apart; probes are alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SearchSize<'a> {
    /// The comparison, as the set admits it.
    pub functional: &'a Functional,
    /// What the querier learns.
    pub disclosure: Disclosure,
    /// References in the gallery.
    pub references: usize,
    /// References that a subject may have, of each eye.
    pub references_per_subject: usize,
    /// Probes in the query.
    pub probes: usize,
    /// What may be kept in memory of diagonals, in bytes.
    pub budget_bytes: u64,
}

/// A prediction for one query against one gallery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SearchEstimate {
    /// Steps of progress: decisions on a block, of every probe.
    pub steps: u64,
    /// Time of `answer`.
    pub seconds: f64,
    /// The answer's payload.
    pub answer_bytes: u64,
    /// Keys, rotations, diagonals and intermediate values.
    pub memory_bytes: u64,
}

impl SearchEstimate {
    /// Of a search, on a machine of this pace.
    ///
    /// # Errors
    ///
    /// [`Misfit`] where the set does not admit the comparison.
    pub(crate) fn of(set: &BgvSet, size: &SearchSize<'_>, pace: &Pace) -> Result<Self, Misfit> {
        let SearchSize { functional, disclosure, references, references_per_subject, probes, budget_bytes } = *size;
        let n = set.ring_size();
        let samples = samples(functional);
        let subjects = references.div_ceil(samples);
        let blocks = subjects.div_ceil(n).max(1);
        let bundling = Bundling::of(set, functional, probes);
        let segments = bundling.segments();
        let sharing = segments.map_or(Sharing::Probe, |segments| Sharing::Segments { probes: segments.probes() });
        let (circuit, shape) = circuit(set, functional, (disclosure, sharing), blocks)?;
        let steps = circuit.steps;
        let layout = if samples == 1 { SampleLayout::Single } else { SampleLayout::Both };
        let agreed = Shape::of_layout(functional, layout, |_| references_per_subject);
        // What is searched with at once: a probe, or those of a bundle. A last bundle of fewer probes goes alone: its gallery stands otherwise.
        let searched = bundling.bundles();
        let bundled = bundling.all().map(|probes| probes.len()).max().unwrap_or(1);
        let alike = bundling.all().filter(|probes| probes.len() == bundled).count();
        // They share the encoding of the gallery, as many as go together; what is kept is encoded once.
        let together = room(set, steps, samples, budget_bytes).min(alike.max(1));
        let passes = alike.div_ceil(together).max(1);
        let babies_bytes = (together * samples * Babies::bytes(set, steps)) as u64;
        let weights = (blocks * shape.decisions()) as u64;
        let kept = match passes {
            1 => 0,
            _ => (budget_bytes.saturating_sub(babies_bytes) / Transformed::bytes(set, steps) as u64).min(weights),
        };
        let encodings = weights + (passes as u64 - 1) * (weights - kept) + (searched - alike) as u64 * weights;
        // What leaves for them all, and what is blinded.
        let (leaving, blinded, element_bytes) = match disclosure {
            Disclosure::Each => (blocks * circuit.outputs() * searched, 0, set.answer_block_bytes()),
            Disclosure::Labelled => (searched, 0, set.answer_block_bytes()),
            Disclosure::Any | Disclosure::Count if segments.is_some() => {
                let places = segments.map_or(0, Segments::places) as u64;
                let numbers = Masking::of(disclosure, places.saturating_mul(agreed.largest_sum())).samples() * probes;
                (numbers, numbers, set.answer_sample_bytes())
            }
            Disclosure::Any if blocks > 1 || !agreed.one_sample_is_enough(n) || !circuit.has_room_for_a_constant() => {
                (MANY_SAMPLES * searched, MANY_SAMPLES * blocks * searched, set.answer_sample_bytes())
            }
            Disclosure::Any | Disclosure::Count => (searched, 0, set.answer_sample_bytes()),
        };
        // Of the key to pads, where verdicts are padded.
        let key = if circuit.is_locked() { KEY_NUMBERS * searched } else { 0 };
        let (tests, padded) = if key > 0 { (key, leaving) } else { (leaving, 0) };
        let of_one = |numbers: usize| numbers.div_ceil(searched.max(1));
        let tested = 1 + set.witness_ciphertexts(functional, bundled);
        let of_sample =
            babies_cost(Chain::of(set), steps) + validity::cost(set, circuit.end.limbs, tested, of_one(tests));
        let of_probe = of_sample.times(samples as f64)
            + circuit.searching.times(blocks as f64)
            + lock::cost().times(of_one(padded) as f64);
        let seconds = pace.seconds(of_probe) * searched as f64
            + pace.encoding.as_secs_f64() * encodings as f64 * steps.period as f64
            + pace.output.as_secs_f64() * (leaving + key + blinded) as f64;
        let answer_bytes = (leaving * element_bytes + key * set.answer_sample_bytes()) as u64;
        let values =
            values_bytes(&Held { set, size, steps, circuit: &circuit, decisions: shape.decisions(), together });
        let [of_each, beside] = match disclosure {
            Disclosure::Labelled => folding::bytes(set, Layout::new(functional.hits_per_probe()), blocks * n),
            _ => [0, 0],
        };
        Ok(Self {
            steps: (blocks * searched * agreed.decisions()) as u64,
            seconds,
            answer_bytes,
            memory_bytes: (set.prepared_key_bytes() + set.evaluation_key_bytes() + values) as u64
                + babies_bytes
                + (together * samples * Examined::bytes(set, tested)) as u64
                + kept * Transformed::bytes(set, steps) as u64
                + (together * of_each + beside) as u64
                + 3 * answer_bytes,
        })
    }
}

/// What a block's values depend on.
struct Held<'a> {
    set: &'a BgvSet,
    size: &'a SearchSize<'a>,
    steps: Steps,
    circuit: &'a Circuit,
    /// Of a subject.
    decisions: usize,
    /// Probes, or bundles of them, that go over a block at once.
    together: usize,
}

/// What is held at once of a block beside the probes' rotations: its subjects, their weights, and the larger of what scores and thresholds take.
fn values_bytes(held: &Held<'_>) -> usize {
    let Held { set, size, steps, circuit, decisions, together } = *held;
    let n = set.ring_size();
    let ciphertext = 8 * n * set.limbs;
    let subjects = size.references.div_ceil(samples(size.functional)).min(n);
    let people = subjects * samples(size.functional) * (size.functional.reference_bytes() + DECODED_BYTES);
    let weights = n * steps.period * 2;
    let diagonals = GIANTS * steps.babies * n * 4;
    let scores = diagonals + GIANTS * together * ciphertext;
    // Powers are divided as they grow: how much of a whole ciphertext one takes on average is measured, and held by tests/plan.rs.
    let share = match size.disclosure {
        Disclosure::Each => 0.78,
        Disclosure::Any | Disclosure::Count | Disclosure::Labelled => 0.65,
    };
    let threshold = (share * (circuit.powers() * ciphertext) as f64) as usize;
    people + weights + together * (decisions + 1) * ciphertext + scores.max(threshold)
}

/// A subject as it is decoded, beside its references' integers.
const DECODED_BYTES: usize = 256;

/// Samples of a probe.
fn samples(functional: &Functional) -> usize {
    if functional.eyes() == EyeRule::Ignored { 1 } else { 2 }
}
