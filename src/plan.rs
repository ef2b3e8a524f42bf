//! What an exchange will cost, before it runs: time, bytes, memory.

use std::time::Duration;

use crate::agreement::{Agreement, Disclosure, EyeRule};
use crate::functional::{Reference, SampleLayout};
use crate::parameters::tfhe::TfheSet;
use crate::scheme::tfhe::Tfhe;
use crate::scheme::{Evaluator, OtherScheme, Scheme, Task};
use crate::template::{Bits, Eye};

/// A prediction for one query against one gallery.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Plan {
    /// References in the gallery.
    pub references: usize,
    /// Probes in the query.
    pub probes: usize,
    /// Bootstraps in all, sanitising included: what time is spent on.
    pub bootstraps: u64,
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
    /// Bits that the querier learns.
    pub disclosed_bits: u64,
}

/// Header, checksum, the serialisers' own headers and lengths; measured, and held by a test.
const FILE_OVERHEAD_BYTES: u64 = 240;
/// The program itself with its threads' stacks and scratch space.
const PROGRAM_BYTES: u64 = 60 << 20;

impl Plan {
    /// Predicts from the time of one bootstrap when all threads are busy (see `scheme::tfhe::workload`).
    ///
    /// Subjects are taken to have one reference each, or one of each eye where the agreement tells eyes apart.
    ///
    /// # Errors
    ///
    /// [`OtherScheme`] for an agreement on another scheme than `tfhe`.
    pub fn new(
        agreement: &Agreement,
        references: usize,
        probes: usize,
        bootstrap: Duration,
    ) -> Result<Self, OtherScheme> {
        let functional = agreement.functional();
        let set = Tfhe::agreed_set(agreement)?;
        let eyes: &[Option<Eye>] = match functional.eyes() {
            EyeRule::Ignored => &[None],
            EyeRule::Any | EyeRule::All => &[Some(Eye::Left), Some(Eye::Right)],
        };
        let layout = if eyes.len() == 1 { SampleLayout::Single } else { SampleLayout::Both };
        // The count depends on eyes alone, so one stand-in serves for every subject.
        let stand_in = Bits::new([false]).ok().map(Reference::Bits);
        let subject: Vec<_> = eyes.iter().filter_map(|&eye| Some((eye, stand_in.clone()?))).collect();
        let subjects = vec![subject.as_slice(); references.div_ceil(eyes.len())];
        let task =
            Task { functional, disclosure: agreement.terms().disclosure, layouts: &[layout], subjects: &subjects };
        let bootstraps = Tfhe::steps(set, &task) * probes as u64;
        let verdicts = (probes * task.verdicts_per_probe()) as u64;
        let templates = probes * eyes.len();
        let template_bytes = set.encrypted_template_bytes(functional.coordinates());
        let disclosed_bits = match agreement.terms().disclosure {
            Disclosure::Any | Disclosure::Each => verdicts,
            Disclosure::Count => probes as u64 * u64::from((subjects.len() as u64 + 1).next_power_of_two().ilog2()),
        };
        Ok(Self {
            references,
            probes,
            bootstraps,
            seconds: bootstrap.as_secs_f64() * bootstraps as f64,
            evaluation_key_bytes: set.evaluation_key_bytes() as u64 + FILE_OVERHEAD_BYTES,
            query_bytes: (templates * template_bytes + 4 * probes) as u64 + FILE_OVERHEAD_BYTES,
            answer_bytes: verdicts * set.encrypted_verdict_bytes() as u64 + FILE_OVERHEAD_BYTES,
            memory_bytes: memory(agreement, set, references, (templates * template_bytes) as u64, verdicts),
            disclosed_bits,
        })
    }
}

/// The peak is either while the key is expanded (file, seeded key, standard and Fourier form at once) or while the query runs.
fn memory(agreement: &Agreement, set: &TfheSet, references: usize, query_bytes: u64, verdicts: u64) -> u64 {
    let seeded = set.evaluation_key_bytes() as u64;
    let fourier = set.prepared_key_bytes() as u64;
    let keyswitch = 8 * (set.bootstrapped_dimension() * set.keyswitch_levels * (set.lwe_dimension() + 1)) as u64;
    let expanding = 2 * seeded + 2 * fourier;
    let template = agreement.functional().reference_bytes();
    // The file as it is mapped, where all of it is read, and its index: identifiers of some 40 bytes.
    let gallery = references as u64 * (template as u64 + 64);
    // Coordinates as sent, expanded with k masks, and the masks' transforms.
    let query = query_bytes * (2 + 2 * set.query_glwe_dimension as u64);
    let answer = verdicts * 3 * set.encrypted_verdict_bytes() as u64;
    PROGRAM_BYTES + gallery + expanding.max(fourier + keyswitch + query + answer)
}
