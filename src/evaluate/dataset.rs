//! The labelled templates of an evaluation, in the roles that they take, and what each of their pairs is evidence for.

use std::collections::HashMap;
use std::sync::Arc;

use super::EvaluateError;
use super::kind::Kind;
use super::listed::Listed;
use crate::agreement::EyeRule;
use crate::functional::{Functional, ProbeSample, Reference};
use crate::remedy::Remedy;
use crate::template::read::Unusable;
use crate::template::{Eye, Record, SubjectId, Template, TemplateError};

/// One enrolled template in one role.
pub struct Sample<T> {
    /// Number of the record in its file, from 1.
    pub record: usize,
    /// Whose it is: a place in [`Dataset::subjects`].
    pub subject: usize,
    /// Of which eye, where the record says so.
    pub eye: Option<Eye>,
    /// As it was read.
    pub template: Arc<Template>,
    /// As it is compared.
    pub integers: T,
}

/// Labelled records as they were read.
#[derive(Default)]
pub struct Samples {
    /// Those that make a template, each with its number in its file, from 1.
    pub records: Vec<(usize, Record)>,
    /// The others: failures to enrol.
    pub unusable: Vec<Unusable>,
}

impl From<Vec<Record>> for Samples {
    fn from(records: Vec<Record>) -> Self {
        Self { records: (1..).zip(records).collect(), unusable: Vec::new() }
    }
}

/// A template that was refused: a failure to enrol.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FailureToEnrol {
    /// The role it was given in: "sample", "probe" or "reference".
    pub role: &'static str,
    /// Number of the record in its file, from 1.
    pub record: usize,
    /// Whose it is, where that can be read.
    pub subject: Option<SubjectId>,
    /// What is wrong with the record, and what to do about it.
    pub reason: String,
}

/// Labelled templates: one set compared with itself, or probes compared with a gallery.
pub struct Dataset {
    subjects: Vec<SubjectId>,
    probes: Vec<Sample<ProbeSample>>,
    references: Vec<Sample<Reference>>,
    one_set: bool,
    given: usize,
    refused: Vec<FailureToEnrol>,
    eyes: EyeRule,
    /// Exactly these pairs, where they are listed.
    listed: Option<Listed>,
    /// Places of subjects already met.
    places: HashMap<SubjectId, usize>,
}

impl Dataset {
    /// One set compared with itself: each sample is a probe and a reference, each pair is compared once, none with itself.
    ///
    /// # Errors
    ///
    /// [`EvaluateError::NothingEnrolled`] where every template is refused.
    pub fn of_one_set(functional: &Functional, samples: impl Into<Samples>) -> Result<Self, EvaluateError> {
        let mut dataset = Self::empty(functional, true);
        for (number, record) in dataset.readable("sample", samples.into()) {
            let probe = functional.probe(&record.template);
            let roles = probe.and_then(|probe| Ok((probe, functional.reference(&record.template)?)));
            if let Some(Sample { record, subject, eye, template, integers: (probe, reference) }) =
                dataset.admitted("sample", number, record, roles)
            {
                let copy = Arc::clone(&template);
                dataset.probes.push(Sample { record, subject, eye, template: copy, integers: probe });
                dataset.references.push(Sample { record, subject, eye, template, integers: reference });
            }
        }
        dataset.filled()
    }

    /// Probes compared with a gallery.
    ///
    /// # Errors
    ///
    /// [`EvaluateError::NothingEnrolled`] where every probe or every reference is refused.
    pub fn of_two_sets(
        functional: &Functional,
        probes: impl Into<Samples>,
        references: impl Into<Samples>,
    ) -> Result<Self, EvaluateError> {
        let mut dataset = Self::empty(functional, false);
        for (number, record) in dataset.readable("probe", probes.into()) {
            let role = functional.probe(&record.template);
            let sample = dataset.admitted("probe", number, record, role);
            dataset.probes.extend(sample);
        }
        for (number, record) in dataset.readable("reference", references.into()) {
            let role = functional.reference(&record.template);
            let sample = dataset.admitted("reference", number, record, role);
            dataset.references.extend(sample);
        }
        dataset.filled()
    }

    /// The same templates, and of their pairs exactly those of a list.
    pub(super) fn with_listed(self, listed: Listed) -> Self {
        Self { listed: Some(listed), ..self }
    }

    fn empty(functional: &Functional, one_set: bool) -> Self {
        Self {
            subjects: Vec::new(),
            probes: Vec::new(),
            references: Vec::new(),
            one_set,
            given: 0,
            refused: Vec::new(),
            eyes: functional.eyes(),
            listed: None,
            places: HashMap::new(),
        }
    }

    /// The records that make a template; the others are noted.
    fn readable(&mut self, role: &'static str, samples: Samples) -> Vec<(usize, Record)> {
        self.given += samples.unusable.len();
        self.refused.extend(samples.unusable.into_iter().map(|one| FailureToEnrol {
            role,
            record: one.record,
            subject: one.subject,
            reason: one.fault.in_full(),
        }));
        samples.records
    }

    /// The sample, where its role admits the template; else the failure is noted.
    fn admitted<T>(
        &mut self,
        role: &'static str,
        number: usize,
        record: Record,
        integers: Result<T, TemplateError>,
    ) -> Option<Sample<T>> {
        self.given += 1;
        let Record { subject, eye, template } = record;
        let integers = match integers {
            Ok(_) if self.eyes != EyeRule::Ignored && eye.is_none() => {
                Err("the agreement tells eyes apart, but the record names none".to_owned())
            }
            integers => integers.map_err(|error| error.in_full()),
        };
        match integers {
            Ok(integers) => {
                let place = *self.places.entry(subject.clone()).or_insert(self.subjects.len());
                if place == self.subjects.len() {
                    self.subjects.push(subject);
                }
                Some(Sample { record: number, subject: place, eye, template: Arc::new(template), integers })
            }
            Err(reason) => {
                self.refused.push(FailureToEnrol { role, record: number, subject: Some(subject), reason });
                None
            }
        }
    }

    fn filled(self) -> Result<Self, EvaluateError> {
        if self.probes.is_empty() || self.references.is_empty() {
            let first = self.refused.into_iter().next().map(|refused| refused.reason).unwrap_or_default();
            return Err(EvaluateError::NothingEnrolled { given: self.given, first });
        }
        Ok(self)
    }

    /// Whose templates were enrolled, in the order in which they were met.
    pub fn subjects(&self) -> &[SubjectId] {
        &self.subjects
    }

    /// Samples in the role of the probe.
    pub fn probes(&self) -> &[Sample<ProbeSample>] {
        &self.probes
    }

    /// Samples in the role of the reference.
    pub fn references(&self) -> &[Sample<Reference>] {
        &self.references
    }

    /// Whether it is one set, compared with itself.
    pub(crate) fn is_one_set(&self) -> bool {
        self.one_set
    }

    /// Templates that were given, refused ones included.
    pub fn given(&self) -> usize {
        self.given
    }

    /// Templates that were refused.
    pub fn refused(&self) -> &[FailureToEnrol] {
        &self.refused
    }

    /// Whether exactly listed pairs are meant.
    pub(super) fn is_listed(&self) -> bool {
        self.listed.is_some()
    }

    /// What is known of a list of pairs, where there is one.
    pub(super) fn listed(&self) -> Option<&Listed> {
        self.listed.as_ref()
    }

    /// Subjects with a single sample: they make no genuine pair. Of listed pairs ids are not what makes them.
    pub(crate) fn subjects_with_one_sample(&self) -> usize {
        if self.listed.is_some() {
            return 0;
        }
        let mut samples = vec![0; self.subjects.len()];
        let of_references = self.references.iter().map(|sample| sample.subject);
        let of_probes = self.probes.iter().map(|sample| sample.subject);
        let all = of_references.chain(of_probes.filter(|_| !self.one_set));
        all.for_each(|subject| samples.iter_mut().skip(subject).take(1).for_each(|count| *count += 1));
        samples.into_iter().filter(|&count| count == 1).count()
    }

    /// How many persons there are.
    pub(super) fn persons(&self) -> usize {
        self.listed.as_ref().map_or(self.subjects.len(), |listed| listed.people)
    }

    /// The person that a subject is: of listed pairs several ids may be of one.
    pub(super) fn person(&self, subject: usize) -> usize {
        self.listed.as_ref().map_or(subject, |listed| listed.person(subject))
    }

    /// The subjects of a probe and a reference.
    pub(super) fn subjects_of(&self, probe: usize, reference: usize) -> [usize; 2] {
        let probe = self.probes.get(probe).map(|sample| sample.subject);
        let reference = self.references.get(reference).map(|sample| sample.subject);
        [probe, reference].map(Option::unwrap_or_default)
    }

    /// The persons that a probe and a reference are of, by their places.
    pub(super) fn persons_of(&self, probe: u32, reference: u32) -> [usize; 2] {
        self.subjects_of(probe as usize, reference as usize).map(|subject| self.person(subject))
    }

    /// What comparing a probe with a reference is evidence for, whichever way round; nothing for a sample with itself, for two eyes of
    /// one person, and for different eyes where the agreement never compares them.
    pub fn kind(&self, probe: usize, reference: usize) -> Option<Kind> {
        if let Some(listed) = &self.listed {
            return listed.kind(probe, reference);
        }
        let (a, b) = (self.probes.get(probe)?, self.references.get(reference)?);
        let other_eye = a.eye.is_some() && b.eye.is_some() && a.eye != b.eye;
        let itself = self.one_set && probe == reference;
        match a.subject == b.subject {
            _ if itself || (other_eye && self.eyes != EyeRule::Ignored) => None,
            true => (!other_eye).then_some(Kind::Genuine),
            false => Some(Kind::Impostor),
        }
    }

    /// How many references a probe is compared with.
    pub(crate) fn count_partners(&self, probe: usize) -> usize {
        match &self.listed {
            Some(listed) => listed.count_partners(probe),
            None => self.references.len().saturating_sub(if self.one_set { probe + 1 } else { 0 }),
        }
    }

    /// The references that a probe is compared with once: all, or the later ones of one set; or those of a list.
    pub(crate) fn partners(&self, probe: usize) -> Vec<usize> {
        if let Some(listed) = &self.listed {
            return listed.partners(probe);
        }
        let first = if self.one_set { probe + 1 } else { 0 };
        (first.min(self.references.len())..self.references.len()).collect()
    }
}
