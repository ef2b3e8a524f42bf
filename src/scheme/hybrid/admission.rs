//! What a set of this scheme admits, in the terms of an agreement.

use super::Hybrid;
use super::scale::Decisions;
use crate::agreement::{AgreementError, Disclosure};
use crate::functional::{Counting, Demand};
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::parameters::hybrid::HybridSet;
use crate::scheme::Scheme as _;
use crate::scheme::bgv::Misfit;
use crate::scheme::bgv::circuit::Circuit;
use crate::scheme::bgv::shape::Shape;
use crate::scheme::counting::{finest, require_common_bits};

/// Blocks that the pairs of one probe can stand in: one more than they fill, as they may begin anywhere in one.
pub(super) fn blocks_of_a_probe(set: &HybridSet, subjects: usize) -> usize {
    subjects.div_ceil(set.block_size()).max(1) + 1
}

impl HybridSet {
    /// [`crate::functional::Admission::admit`] by the set of that name.
    pub(in crate::scheme) fn admit(&self, name: &str, demand: &Demand) -> Result<Option<Counting>, AgreementError> {
        if self.tail(demand.weight_norm) > self.score_bound as f64 / 2.0 {
            let problem = "weights this long drown the comparison in noise";
            let instead = "choose it so that vectors have length 256 in integers";
            return Err(AgreementError::field(demand.field, problem).or(instead));
        }
        let counting = demand.masks.as_ref().map(|masks| {
            require_common_bits(masks, self.deviation_of(demand.bound, demand.weight_norm))?;
            Ok(finest(masks, |_| self.most_phi(demand.bound)))
        });
        let counting = counting.transpose()?;
        self.admit_circuits(demand, counting).map_err(|misfit| refusal(name, demand, &misfit))?;
        Ok(counting)
    }

    /// Whether there is room for all that an agreement admits: over a gallery, and about one subject.
    fn admit_circuits(&self, demand: &Demand, counting: Option<Counting>) -> Result<(), Misfit> {
        if demand.disclosure == Disclosure::Count && demand.references >= PLAINTEXT_MODULUS as usize {
            return Err(Misfit::Count(demand.references));
        }
        let (ring, shape) = (self.ring(), Shape::demanded(demand));
        let decisions = Decisions::demanded(demand, counting);
        let blocks = blocks_of_a_probe(self, demand.references);
        Circuit::admit(&ring, &self.comparison(&decisions, demand.disclosure), &shape, blocks)?;
        match Hybrid::of_one_subject(demand.disclosure) {
            same if same == demand.disclosure => Ok(()),
            other => Circuit::admit(&ring, &self.comparison(&decisions, other), &shape, blocks),
        }
    }
}

/// The term at fault, and what to agree on instead.
fn refusal(name: &str, demand: &Demand, misfit: &Misfit) -> AgreementError {
    let field = match misfit {
        Misfit::Count(_) | Misfit::Segments { .. } => "limits.references",
        Misfit::Hits(_) => "limits.hits_per_probe",
        Misfit::Coordinates { .. }
        | Misfit::OneSquaring
        | Misfit::Decisions(_)
        | Misfit::Unlike
        | Misfit::Range { .. }
        | Misfit::Noise { .. }
        | Misfit::Flooding { .. } => "encryption.parameter_set",
    };
    // Another scheme that discloses the same.
    let other = if demand.disclosure == Disclosure::Labelled { "bgv" } else { "tfhe" };
    let remedy = match misfit {
        Misfit::Count(_) => format!("agree on at most {} references, or on scheme {other}", PLAINTEXT_MODULUS - 1),
        Misfit::Hits(_) => format!("agree on fewer hits, on a larger set of scheme hybrid, or on scheme {other}"),
        _ if demand.alignments > 1 || demand.common_bits.is_some() => format!(
            "agree on a set of scheme hybrid with a smaller score_bound, on fewer rotations, or on scheme {other}"
        ),
        _ => format!("agree on a set of scheme hybrid with a smaller score_bound, or on scheme {other}"),
    };
    // A set that is being searched for has no name yet.
    let set = if name.is_empty() { "the set".to_owned() } else { format!("parameter set {name}") };
    AgreementError::field(field, format!("does not fit {set}: {misfit}")).or(remedy)
}
