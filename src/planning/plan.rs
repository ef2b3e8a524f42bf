//! What an exchange will cost, before it runs: time, bytes, memory.

use std::time::Duration;

use crate::agreement::{Disclosure, EyeRule, SchemeId, Terms};
use crate::functional::{Functional, Reference, SampleLayout};
use crate::parameters::bgv::BgvSet;
use crate::parameters::hybrid::HybridSet;
use crate::parameters::tfhe::TfheSet;
use crate::parameters::{Dimensions, Marked, ParameterSet};
use crate::scheme::bgv::laboratory::estimate::{SearchEstimate, SearchSize};
use crate::scheme::bgv::laboratory::pace;
use crate::scheme::bgv::{Bgv, Misfit};
use crate::scheme::hybrid::laboratory::pace as pairs;
use crate::scheme::hybrid::{self, Hybrid};
use crate::scheme::tfhe::laboratory::pace::reference_bootstrap;
use crate::scheme::tfhe::{OUTPUTS, Tfhe, answer_bytes};
use crate::scheme::{Evaluator, Extent, Opened, OtherScheme, Task, most_bits};
use crate::template::Bits;

/// A prediction for one query against one gallery.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Plan {
    /// The scheme of the encryption.
    pub scheme: SchemeId,
    /// Name of the parameter set.
    pub parameter_set: String,
    /// References in the gallery.
    pub references: usize,
    /// Probes in the query.
    pub probes: usize,
    /// Steps that `match` counts, sanitising included.
    pub steps: u64,
    /// What a step is, in one word: "bootstrap", "decision".
    pub step: &'static str,
    /// Predicted time of `match` after the key is expanded, in seconds.
    pub seconds: f64,
    /// The evaluation key's file, sent once.
    pub evaluation_key_bytes: u64,
    /// The query's file.
    pub query_bytes: u64,
    /// The answer's file.
    pub answer_bytes: u64,
    /// Resident memory of `match` at its peak.
    pub memory_bytes: u64,
    /// Bits that the answer can disclose at most, also where a probe is malformed: what is charged.
    pub disclosed_bits: u64,
}

/// What a plan is made for: one query against one gallery, under terms that need not be agreed yet.
#[derive(Clone, Copy, Debug)]
pub struct PlannedQuery<'a> {
    /// What is disclosed, and the references that a subject may have.
    pub terms: &'a Terms,
    /// The comparison, as a parameter set admits it.
    pub functional: &'a Functional,
    /// References in the gallery.
    pub references: usize,
    /// Probes in the query.
    pub probes: usize,
}

/// How fast a machine works with all its threads: what a prediction of time is made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Of scheme `tfhe`: wall time a bootstrap (see `scheme::tfhe::laboratory::pace`).
    Tfhe(Duration),
    /// Of scheme `bgv`.
    Bgv(pace::Pace),
    /// Of scheme `hybrid`.
    Hybrid(pairs::Pace),
}

impl Pace {
    /// The reference machine (docs/performance.md), two threads: what `auto` chooses by, so that both parties choose the same.
    pub fn reference(parameters: &ParameterSet) -> Self {
        match parameters.dimensions() {
            Dimensions::Tfhe(set) => Self::Tfhe(reference_bootstrap(set)),
            Dimensions::Bgv(set) => Self::Bgv(pace::Pace::reference(set)),
            Dimensions::Hybrid(set) => Self::Hybrid(pairs::Pace::reference(set)),
        }
    }

    fn scheme(&self) -> SchemeId {
        match self {
            Self::Tfhe(_) => SchemeId::Tfhe,
            Self::Bgv(_) => SchemeId::Bgv,
            Self::Hybrid(_) => SchemeId::Hybrid,
        }
    }
}

/// Bytes a second that `auto` takes a connection to carry: 100 Mbit/s.
const REFERENCE_BANDWIDTH: f64 = 12.5e6;

/// Why nothing can be predicted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// The pace is that of another scheme.
    #[error("the pace is {0}")]
    OtherScheme(#[from] OtherScheme),
    /// The set does not admit the comparison.
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

/// Header, checksum, what is in the clear, a seed; under scheme `tfhe` its serialiser's own headers and lengths as well. Measured, and held
/// by a test.
const fn overhead_bytes(scheme: SchemeId) -> u64 {
    match scheme {
        SchemeId::Tfhe => 240,
        SchemeId::Bgv | SchemeId::Hybrid => 152,
    }
}
/// Time of a flood and a keyswitch of one encrypted bit, in bootstraps.
const OUTPUT_BOOTSTRAPS: f64 = 1.0;
/// The program itself with its threads' stacks and scratch space.
const PROGRAM_BYTES: u64 = 60 << 20;

impl Plan {
    /// Predicts from the pace of a machine. `budget_bytes` is what `match` may keep of an encoded gallery, see
    /// [`crate::custodian::Custodian::new`].
    ///
    /// Subjects are taken to have one reference each, or one of each eye where the agreement tells eyes apart.
    ///
    /// # Errors
    ///
    /// [`PlanError::OtherScheme`] for a pace of another scheme than the agreement's.
    pub fn new(
        agreement: &Opened,
        references: usize,
        probes: usize,
        pace: &Pace,
        budget_bytes: u64,
    ) -> Result<Self, PlanError> {
        let query = PlannedQuery { terms: agreement.terms(), functional: agreement.functional(), references, probes };
        query.plan(agreement.parameters(), pace, budget_bytes)
    }

    /// Seconds from question to verdict: `match`, and query and answer on the way at 100 Mbit/s. The key is sent once, long before.
    pub fn seconds_to_the_verdict(&self) -> f64 {
        self.seconds + (self.query_bytes + self.answer_bytes) as f64 / REFERENCE_BANDWIDTH
    }
}

impl<'a> PlannedQuery<'a> {
    /// One probe against the largest gallery that terms admit.
    pub fn largest(terms: &'a Terms, functional: &'a Functional) -> Self {
        Self { terms, functional, references: terms.limits.references, probes: 1 }
    }

    /// As [`Plan::new`], under a parameter set.
    ///
    /// # Errors
    ///
    /// As [`Plan::new`].
    pub fn plan(&self, parameters: &ParameterSet, pace: &Pace, budget_bytes: u64) -> Result<Plan, PlanError> {
        let Self { terms, functional, references, probes } = *self;
        let samples = self.samples_per_person();
        let subjects = references.div_ceil(samples) as u64;
        let disclosed_bits = probes as u64
            * most_bits(
                parameters,
                terms.disclosure,
                terms.limits.hits_per_probe.unwrap_or(0) as u64,
                subjects,
                references as u64,
            );
        // The file as it is mapped, where all of it is read, and its index: identifiers of some 40 bytes.
        let gallery = references as u64 * (functional.reference_bytes() as u64 + 64);
        let payload = match (parameters.dimensions(), pace) {
            (Dimensions::Tfhe(set), Pace::Tfhe(bootstrap)) => self.of_bootstraps(set, *bootstrap),
            (Dimensions::Bgv(set), Pace::Bgv(pace)) => self.of_blocks(set, pace, budget_bytes)?,
            (Dimensions::Hybrid(set), Pace::Hybrid(pace)) => self.of_pairs(set, pace)?,
            _ => return Err(OtherScheme { expected: parameters.scheme(), actual: pace.scheme() }.into()),
        };
        let overhead = overhead_bytes(parameters.scheme());
        Ok(Plan {
            scheme: parameters.scheme(),
            parameter_set: parameters.name().to_owned(),
            references,
            probes,
            steps: payload.steps,
            step: payload.step,
            seconds: payload.seconds,
            evaluation_key_bytes: payload.evaluation_key_bytes + overhead,
            query_bytes: payload.query_bytes + 4 * probes as u64 + overhead,
            answer_bytes: payload.answer_bytes + overhead,
            memory_bytes: PROGRAM_BYTES + gallery + payload.memory_bytes,
            disclosed_bits,
        })
    }

    /// One, or one of each eye.
    fn samples_per_person(&self) -> usize {
        if self.functional.eyes() == EyeRule::Ignored { 1 } else { 2 }
    }

    /// Encrypted templates in the query.
    fn templates(&self) -> usize {
        self.probes * self.samples_per_person()
    }

    /// Under scheme `bgv`.
    fn of_blocks(&self, set: &BgvSet, pace: &pace::Pace, budget_bytes: u64) -> Result<Payload, PlanError> {
        let size = self.size(budget_bytes);
        let estimate = SearchEstimate::of(set, &size, pace)?;
        let query_bytes = set.encrypted_probes_bytes(self.functional, self.probes, self.templates());
        let query_bytes = query_bytes.unwrap_or_default() as u64;
        Ok(Payload {
            steps: estimate.steps,
            step: Bgv::STEP,
            seconds: estimate.seconds,
            evaluation_key_bytes: set.evaluation_key_bytes() as u64,
            query_bytes,
            answer_bytes: estimate.answer_bytes,
            memory_bytes: estimate.memory_bytes + 2 * query_bytes,
        })
    }

    /// Under scheme `hybrid`.
    fn of_pairs(&self, set: &HybridSet, pace: &pairs::Pace) -> Result<Payload, PlanError> {
        let estimate = hybrid::laboratory::estimate::estimate(set, &self.size(0), pace)?;
        let query = set.query().encrypted_template_bytes(self.functional.coordinates());
        let query_bytes = (self.templates() * query) as u64;
        // As sent, expanded with k masks, and the masks' transforms.
        let expanded = query_bytes * (2 + 2 * set.probe_glwe_dimension as u64);
        Ok(Payload {
            steps: estimate.steps,
            step: Hybrid::STEP,
            seconds: estimate.seconds,
            evaluation_key_bytes: set.evaluation_key_bytes() as u64,
            query_bytes,
            answer_bytes: estimate.answer_bytes,
            memory_bytes: estimate.memory_bytes + expanded,
        })
    }

    fn size(&self, budget_bytes: u64) -> SearchSize<'a> {
        SearchSize {
            functional: self.functional,
            disclosure: self.terms.disclosure,
            references: self.references,
            references_per_subject: self.terms.limits.references_per_subject,
            probes: self.probes,
            budget_bytes,
        }
    }

    /// Under scheme `tfhe`.
    fn of_bootstraps(&self, set: &TfheSet, bootstrap: Duration) -> Payload {
        let marked = Marked::never_crossing(*set);
        let layout = SampleLayout::fullest(self.functional.eyes());
        let eyes = layout.eyes();
        // The count depends on eyes alone, so one stand-in serves for every subject.
        let stand_in = Bits::new([false]).ok().map(Reference::Bits);
        let subject: Vec<_> = eyes.iter().filter_map(|&eye| Some((eye, stand_in.clone()?))).collect();
        let subjects = vec![subject.as_slice(); self.references.div_ceil(eyes.len())];
        let task = Task {
            functional: self.functional,
            disclosure: self.terms.disclosure,
            layouts: &[layout],
            subjects: &subjects,
            one_subject: false,
            references_per_subject: self.terms.limits.references_per_subject,
        };
        let steps = Tfhe::steps(&marked, &task) * self.probes as u64;
        let extent = Extent {
            functional: self.functional,
            disclosure: task.disclosure,
            probes: self.probes,
            samples: self.templates(),
            verdicts_per_probe: task.verdicts_per_probe(),
        };
        let answer_bytes = answer_bytes(set, &extent);
        // What is told of handles is switched to the key of answers bit by bit, which is counted for no bootstrap.
        let told = if task.disclosure == Disclosure::Labelled { self.probes * OUTPUTS } else { 0 };
        let query_bytes = (self.templates() * set.encrypted_template_bytes(self.functional.coordinates())) as u64;
        Payload {
            steps,
            step: Tfhe::STEP,
            seconds: bootstrap.as_secs_f64() * (steps as f64 + OUTPUT_BOOTSTRAPS * told as f64),
            evaluation_key_bytes: set.evaluation_key_bytes() as u64,
            query_bytes,
            answer_bytes,
            memory_bytes: memory(set, query_bytes, answer_bytes),
        }
    }
}

/// What depends on the scheme.
struct Payload {
    steps: u64,
    step: &'static str,
    seconds: f64,
    evaluation_key_bytes: u64,
    query_bytes: u64,
    answer_bytes: u64,
    memory_bytes: u64,
}

/// The peak is either while the key is expanded (file, seeded key, standard and Fourier form at once) or while the query runs.
fn memory(set: &TfheSet, query_bytes: u64, answer_bytes: u64) -> u64 {
    let seeded = set.evaluation_key_bytes() as u64;
    let fourier = set.prepared_key_bytes() as u64;
    let keyswitch = 8 * (set.bootstrapped_dimension() * set.keyswitch_levels * (set.lwe_dimension() + 1)) as u64;
    let expanding = 2 * seeded + 2 * fourier;
    // Coordinates as sent, expanded with k masks, and the masks' transforms.
    let query = query_bytes * (2 + 2 * set.query_glwe_dimension as u64);
    expanding.max(fourier + keyswitch + query + 3 * answer_bytes)
}
