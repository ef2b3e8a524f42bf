//! The pairs of a list, looked up by name among labelled templates, and what is refused.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::dataset::Dataset;
use super::kind::Kind;
use super::listed::Listed;
use super::pairs::ListedPair;
use crate::remedy::Remedy;
use crate::template::SubjectId;

/// A name that no template has.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownName {
    /// Line of the list, from 1.
    pub line: usize,
    /// The name.
    pub name: SubjectId,
    /// The id that is the same but for case, leading zeros and white space, if there is one.
    pub meant: Option<SubjectId>,
}

/// Why a list does not fit the templates.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ListedError {
    /// Names that no template has.
    #[error("{} of its names are no ids of the templates", names.len())]
    Unknown {
        /// Each once, in order.
        names: Vec<UnknownName>,
    },
    /// A name of several templates.
    #[error("line {line}: {templates} templates have the id {name}: which is meant is not said")]
    Ambiguous {
        /// Line of the list, from 1.
        line: usize,
        /// The name.
        name: SubjectId,
        /// Templates of that id.
        templates: usize,
    },
    /// A template with itself.
    #[error("line {line}: {name} is compared with itself")]
    Itself {
        /// Line of the list, from 1.
        line: usize,
        /// The name.
        name: SubjectId,
    },
    /// One person by some lines, two by another.
    #[error("line {line}: says that {} and {} are two persons, where other lines make them one", names[0], names[1])]
    Contradiction {
        /// Line of the list, from 1.
        line: usize,
        /// The two.
        names: [SubjectId; 2],
    },
}

impl Remedy for ListedError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Unknown { .. } => {
                "write names as the ids of the templates are, or give the templates these ids (--ids)"
            }
            Self::Ambiguous { .. } => "give each template an id of its own (--ids), such as the name of its picture",
            Self::Itself { .. } => "remove the line",
            Self::Contradiction { .. } => "correct the line, or those about the same names",
        };
        Some(remedy.into())
    }
}

impl Dataset {
    /// The same templates, and of their pairs exactly those of a list, as it calls them.
    ///
    /// # Errors
    ///
    /// [`ListedError`] where the list does not fit the templates.
    pub fn of_listed_pairs(self, pairs: &[ListedPair]) -> Result<Self, ListedError> {
        let listed = looked_up(&self, pairs)?;
        Ok(self.with_listed(listed))
    }
}

/// Looks up all pairs.
fn looked_up(dataset: &Dataset, pairs: &[ListedPair]) -> Result<Listed, ListedError> {
    let [probes, references] = places(dataset);
    known(dataset, pairs, [&probes, &references])?;
    let mut people = People::new(dataset.subjects().len());
    let mut listed = Listed {
        partners: vec![BTreeMap::new(); dataset.probes().len()],
        persons: Vec::new(),
        people: 0,
        without_template: 0,
        repeated: 0,
    };
    let mut met = Vec::new();
    for pair in pairs {
        let place = |role: &Places<'_>, name: &SubjectId| match role.get(name).map(Vec::as_slice) {
            None => Ok(None),
            Some(&[place]) => Ok(Some(place)),
            Some(several) => {
                Err(ListedError::Ambiguous { line: pair.line, name: name.clone(), templates: several.len() })
            }
        };
        let [probe, reference] = &pair.names;
        let (Some(probe), Some(reference)) = (place(&probes, probe)?, place(&references, reference)?) else {
            listed.without_template += 1;
            continue;
        };
        if dataset.is_one_set() && probe == reference {
            return Err(ListedError::Itself { line: pair.line, name: pair.names[0].clone() });
        }
        let subjects = dataset.subjects_of(probe, reference);
        if pair.kind == Kind::Genuine {
            people.join(subjects);
        }
        met.push((pair, subjects));
        let other_way_round = dataset.is_one_set() && listed.kind(reference, probe).is_some();
        if other_way_round || listed.kind(probe, reference).is_some() {
            listed.repeated += 1;
        } else if let Some(partners) = listed.partners.get_mut(probe) {
            partners.insert(reference, pair.kind);
        }
    }
    let two = |(_, [a, b]): &(&ListedPair, [usize; 2])| people.of(*a) != people.of(*b);
    if let Some((pair, _)) = met.iter().find(|met| met.0.kind == Kind::Impostor && !two(met)) {
        return Err(ListedError::Contradiction { line: pair.line, names: pair.names.clone() });
    }
    let numbers = people.numbered(met.iter().flat_map(|(_, subjects)| subjects.iter().copied()));
    let number = |subject| numbers.get(&people.of(subject)).copied().unwrap_or_default();
    listed.persons = (0..dataset.subjects().len()).map(number).collect();
    listed.people = numbers.len();
    Ok(listed)
}

/// Places of templates by their ids.
type Places<'a> = HashMap<&'a SubjectId, Vec<usize>>;

/// Probes and references by their ids.
fn places(dataset: &Dataset) -> [Places<'_>; 2] {
    let by_id = |subjects: Vec<usize>| {
        let mut places = Places::new();
        for (place, subject) in subjects.into_iter().enumerate() {
            if let Some(id) = dataset.subjects().get(subject) {
                places.entry(id).or_default().push(place);
            }
        }
        places
    };
    let probes = dataset.probes().iter().map(|sample| sample.subject).collect();
    let references = dataset.references().iter().map(|sample| sample.subject).collect();
    [by_id(probes), by_id(references)]
}

/// Refuses names that no template has, not even one that was refused.
fn known(dataset: &Dataset, pairs: &[ListedPair], roles: [&Places<'_>; 2]) -> Result<(), ListedError> {
    let role_names = if dataset.is_one_set() { ["sample", "sample"] } else { ["probe", "reference"] };
    let refused = |role: &str, name: &SubjectId| {
        dataset.refused().iter().any(|refused| refused.role == role && refused.subject.as_ref() == Some(name))
    };
    let mut names: Vec<UnknownName> = Vec::new();
    let mut said = std::collections::HashSet::new();
    for pair in pairs {
        for ((name, places), role) in pair.names.iter().zip(roles).zip(role_names) {
            if !places.contains_key(name) && !refused(role, name) && said.insert(name) {
                names.push(UnknownName { line: pair.line, name: name.clone(), meant: None });
            }
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let ids = roles.into_iter().flat_map(HashMap::keys);
    let folded: HashMap<String, SubjectId> = ids.map(|&id| (SubjectId::folded(id.as_str()), id.clone())).collect();
    names.iter_mut().for_each(|unknown| unknown.meant = folded.get(&SubjectId::folded(unknown.name.as_str())).cloned());
    Err(ListedError::Unknown { names })
}

/// Subjects joined to persons (Galler, Fischer, "An improved equivalence algorithm", 1964).
struct People {
    parents: Vec<usize>,
}

impl People {
    fn new(subjects: usize) -> Self {
        Self { parents: (0..subjects).collect() }
    }

    /// Who stands for the person that a subject is of.
    fn of(&self, subject: usize) -> usize {
        let mut at = subject;
        while let Some(&parent) = self.parents.get(at).filter(|&&parent| parent != at) {
            at = parent;
        }
        at
    }

    /// Numbers for the persons of these subjects, in order.
    fn numbered(&self, subjects: impl Iterator<Item = usize>) -> BTreeMap<usize, usize> {
        let mut numbers = BTreeMap::new();
        for subject in subjects {
            let next = numbers.len();
            numbers.entry(self.of(subject)).or_insert(next);
        }
        numbers
    }

    fn join(&mut self, [a, b]: [usize; 2]) {
        let (top_a, top_b) = (self.of(a), self.of(b));
        // All on the way are hung to the top, so that ways stay short.
        for subject in [top_a, top_b, a, b] {
            if let Some(parent) = self.parents.get_mut(subject) {
                *parent = top_a.min(top_b);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_are_joined_through_others() {
        let mut people = People::new(6);
        [[4, 2], [5, 4], [0, 1]].into_iter().for_each(|pair| people.join(pair));
        let persons: Vec<usize> = (0..6).map(|subject| people.of(subject)).collect();
        assert_eq!(persons, [0, 0, 2, 3, 2, 2]);
    }
}
