//! What decides on a subject, and what is computed on where there is nothing to decide.
//!
//! In 1:1 the number of pairs follows from the agreement, not from the subject: where there is no reference, the functional's stand-in is
//! judged like one, and a miss put in the place of its bit.

use std::borrow::Cow;

use crate::agreement::EyeRule;
use crate::functional::{Functional, LinearForm, Reference, SampleLayout, pairs};
use crate::scheme::{SubjectReferences, Task};

/// One person, decoded.
pub(in crate::scheme) struct Subject<'a> {
    references: Cow<'a, SubjectReferences>,
    /// A hit iff every group has a pair that hits, and the person may match.
    pub(in crate::scheme) groups: Vec<Vec<Pair>>,
    may_match: bool,
}

/// A sample of the probe, by its number, and what it is compared with.
pub(in crate::scheme) struct Pair {
    pub(in crate::scheme) sample: usize,
    judged: Judged,
}

enum Judged {
    /// The subject's reference at this place.
    Reference(usize),
    /// Nobody's reference, to take as long; whether it hits is known.
    StandIn { hit: bool },
}

impl Pair {
    /// The bit that is put in the place of the computed one, where there is one.
    pub(in crate::scheme) fn known(&self) -> Option<bool> {
        match self.judged {
            Judged::Reference(_) => None,
            Judged::StandIn { hit } => Some(hit),
        }
    }
}

impl<'a> Subject<'a> {
    /// The subject of a task at `index`.
    pub(in crate::scheme) fn new(task: &'a Task<'a>, layout: SampleLayout, index: usize) -> Self {
        let references = task.subjects.references(index);
        let groups = groups(task, layout, &references);
        Self { references, groups, may_match: task.subjects.may_match(index) }
    }

    /// What is put in the place of the subject's bit: a miss where it may not match.
    pub(in crate::scheme) fn known(&self) -> Option<bool> {
        (!self.may_match).then_some(false)
    }

    /// What a pair's sample is compared with.
    pub(in crate::scheme) fn reference<'b>(&'b self, functional: &'b Functional, pair: &Pair) -> &'b Reference {
        let reference = match pair.judged {
            Judged::Reference(place) => self.references.get(place).map(|(_, reference)| reference),
            Judged::StandIn { .. } => None,
        };
        reference.unwrap_or(functional.stand_in())
    }

    /// Encrypted decisions that the subject costs.
    pub(in crate::scheme) fn decisions(&self, functional: &Functional) -> usize {
        self.groups.iter().map(Vec::len).sum::<usize>() * functional.decisions_per_pair()
    }
}

/// The pairs that decide, group by group: see [`pairs`].
fn groups(task: &Task<'_>, layout: SampleLayout, references: &SubjectReferences) -> Vec<Vec<Pair>> {
    let functional = task.functional;
    let judged = |place: usize| {
        // Weights of 0 would make a sample without a mask.
        let constant = references.get(place).and_then(|(_, reference)| functional.constant(reference));
        constant.map_or(Judged::Reference(place), |hit| Judged::StandIn { hit })
    };
    let pair = |(sample, place)| Pair { sample, judged: judged(place) };
    let mut groups: Vec<Vec<Pair>> = pairs(functional.eyes(), layout, references)
        .into_iter()
        .map(|group| group.into_iter().map(pair).collect())
        .collect();
    if task.one_subject {
        fill(&mut groups, task, layout);
    }
    groups
}

/// As many pairs for each sample as the agreement admits references.
fn fill(groups: &mut [Vec<Pair>], task: &Task<'_>, layout: SampleLayout) {
    for sample in 0..layout.eyes().len() {
        let group = match task.functional.eyes() {
            EyeRule::All => groups.get_mut(sample),
            EyeRule::Ignored | EyeRule::Any => groups.first_mut(),
        };
        if let Some(group) = group {
            let there = group.iter().filter(|pair| pair.sample == sample).count();
            let stand_in = || Pair { sample, judged: Judged::StandIn { hit: false } };
            group.extend((there..task.references_per_subject).map(|_| stand_in()));
        }
    }
}

/// What one decision of a pair is about.
#[derive(Clone, Copy)]
pub(in crate::scheme) enum Alignment {
    /// Whether it hits with the reference rotated by so many columns.
    Rotated(i32),
    /// Whether it has enough common bits.
    CommonBits,
}

impl Alignment {
    /// The custodian's half of phi.
    pub(in crate::scheme) fn form(self, functional: &Functional, reference: &Reference) -> LinearForm {
        match self {
            Self::Rotated(columns) => functional.form(reference, columns),
            // Only asked for where the rule is on.
            Self::CommonBits => functional.common_bits_form(reference).unwrap_or_else(|| LinearForm {
                weights: Vec::new(),
                bias: functional.bound(),
                start: 0,
            }),
        }
    }
}

/// The decisions on one pair of templates, in order.
pub(in crate::scheme) fn alignments(functional: &Functional) -> impl Iterator<Item = Alignment> {
    let common = functional.judges_common_bits().then_some(Alignment::CommonBits);
    functional.rotations().into_iter().map(Alignment::Rotated).chain(common)
}
