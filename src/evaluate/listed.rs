//! Exactly the pairs of a list, by the places of their templates.

use std::collections::BTreeMap;

use super::kind::Kind;

/// The pairs of a list, by the places of their templates.
pub(super) struct Listed {
    /// Of each probe the references that it is compared with, and what that is evidence for.
    pub(super) partners: Vec<BTreeMap<usize, Kind>>,
    /// The number of the person of each subject that is in a pair: the list says whose templates are of one person, ids do not.
    pub(super) persons: Vec<usize>,
    /// Persons in any pair.
    pub(super) people: usize,
    /// Pairs that a template of was refused.
    pub(super) without_template: usize,
    /// Lines that say again what one before them says.
    pub(super) repeated: usize,
}

impl Listed {
    /// What a pair is evidence for; none where it is not listed.
    pub(super) fn kind(&self, probe: usize, reference: usize) -> Option<Kind> {
        self.partners.get(probe)?.get(&reference).copied()
    }

    /// The references that a probe is compared with.
    pub(super) fn partners(&self, probe: usize) -> Vec<usize> {
        self.partners.get(probe).map(|partners| partners.keys().copied().collect()).unwrap_or_default()
    }

    /// How many they are.
    pub(super) fn count_partners(&self, probe: usize) -> usize {
        self.partners.get(probe).map_or(0, BTreeMap::len)
    }

    /// The person that a subject is.
    pub(super) fn person(&self, subject: usize) -> usize {
        self.persons.get(subject).copied().unwrap_or(subject)
    }
}
