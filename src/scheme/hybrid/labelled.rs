//! Stage 6 under `labelled`: of blocks that probes share, each probe's verdicts folded into sums of its own, as under scheme `bgv`.
//!
//! A probe's coefficients are 0 outside the slots of its own pairs, so that its sums are over its own verdicts, wherever they stand. A subject keeps its
//! place from block to block. Rotations of a block's verdicts are those of all its probes.

use super::pairs::Pairs;
use crate::scheme::bgv::engine::Ciphertext;
use crate::scheme::bgv::keys::PreparedKey;
use crate::scheme::bgv::labelled::folding::{Folding, Member, fold};
use crate::scheme::bgv::labelled::{Label, Layout};
use crate::scheme::bgv::lock::Lock;
use crate::scheme::bgv::sampling::Generator;
use crate::scheme::bgv::sanitise::Sanitised;
use crate::scheme::{Drawn, Progress, Randomness, Stopped, Task};

/// Probes whose sums are held at a time, at most: a block has as many as pairs where each is about one subject.
pub(super) const TOGETHER: usize = 32;

/// What one probe is told, over the blocks so far. Its generator draws what hides it. SECRET of the custodian.
pub(super) struct Handles {
    folding: Folding,
    rng: Generator,
}

impl Handles {
    /// Of a probe, about a gallery of so many places.
    pub(super) fn new(layout: Layout, places: usize, randomness: &Randomness, probe: usize) -> Self {
        let mut rng = Generator::of(&randomness.seed(Drawn::Probe(probe)));
        Self { folding: Folding::draw(layout, places, &mut rng), rng }
    }

    /// Sanitised, to be locked; none of no block.
    pub(super) fn finish(mut self, key: &PreparedKey) -> Option<Sanitised> {
        self.folding.finish(key, &mut Lock::open(), &mut self.rng)
    }
}

/// Adds a block, its verdicts 1 or 0 in every slot, over at most so many primes, to what each of these probes is told.
///
/// # Errors
///
/// [`Stopped`] when `progress` asks to stop.
pub(super) fn add(
    key: &PreparedKey,
    (task, pairs, verdicts): (&Task<'_>, &Pairs<'_>, &Ciphertext),
    probes: &mut [(usize, Handles)],
    limbs: usize,
    progress: &dyn Progress,
) -> Result<(), Stopped> {
    let members: Vec<Vec<Member>> = probes.iter().map(|(probe, _)| members(task, pairs, *probe)).collect();
    let mut foldings: Vec<(&mut Folding, &[Member])> = probes
        .iter_mut()
        .zip(&members)
        .map(|((_, handles), members)| (&mut handles.folding, members.as_slice()))
        .collect();
    fold(key, verdicts, &mut foldings, limbs, progress)
}

/// The subjects whose pairs with a probe stand in a block.
fn members(task: &Task<'_>, pairs: &Pairs<'_>, probe: usize) -> Vec<Member> {
    let member = |(slot, subject): (usize, usize)| {
        let handle = task.subjects.handle(subject);
        Member { slot, number: subject, label: Label::of(handle.as_deref()) }
    };
    pairs.subjects(probe).map(member).collect()
}
