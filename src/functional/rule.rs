//! Which pairs of templates make a verdict: several references of a subject, and two eyes.

use std::borrow::Cow;

use super::{Functional, ProbeSample, Reference};
use crate::agreement::EyeRule;
use crate::remedy::Remedy;
use crate::template::{Eye, Record, TemplateError};

/// Which samples of a person a probe carries; crosses in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum SampleLayout {
    /// One sample; eyes are not told apart.
    Single,
    /// The left eye alone.
    Left,
    /// The right eye alone.
    Right,
    /// Left, then right.
    Both,
}

impl SampleLayout {
    /// The layout with the most samples that an agreement with this eye rule admits.
    pub(crate) fn fullest(rule: EyeRule) -> Self {
        match rule {
            EyeRule::Ignored => Self::Single,
            EyeRule::Any | EyeRule::All => Self::Both,
        }
    }

    /// The eye of each sample, in order.
    pub(crate) fn eyes(self) -> &'static [Option<Eye>] {
        match self {
            Self::Single => &[None],
            Self::Left => &[Some(Eye::Left)],
            Self::Right => &[Some(Eye::Right)],
            Self::Both => &[Some(Eye::Left), Some(Eye::Right)],
        }
    }

    /// Whether an agreement with this eye rule admits the layout.
    pub(crate) fn suits(self, rule: EyeRule) -> bool {
        match rule {
            EyeRule::Ignored => self == Self::Single,
            EyeRule::Any => self != Self::Single,
            EyeRule::All => self == Self::Both,
        }
    }
}

/// One person's probe: one sample, or one of each eye. Secret to the querier.
#[derive(Debug)]
pub struct Probe {
    layout: SampleLayout,
    samples: Vec<ProbeSample>,
}

/// Why records make no probe or no enrolled subject.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// A template is refused.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// More than one sample of the same eye, or of a person where eyes are not told apart.
    #[error("more than one probe of the same person{}", .0.map(|eye| format!(" and {eye} eye")).unwrap_or_default())]
    Repeated(Option<Eye>),
    /// The agreement tells eyes apart, but the record does not say which eye it is of.
    #[error("the agreement tells eyes apart (comparison.eyes), but this record names none")]
    EyeUnknown,
    /// The agreement needs both eyes.
    #[error("the agreement needs both eyes (comparison.eyes = \"all\"), but the {0} one is missing")]
    EyeMissing(Eye),
}

impl Remedy for ProbeError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Template(error) => return error.remedy(),
            Self::Repeated(..) => "keep one",
            Self::EyeUnknown => "add an eye column or 'left'/'right' after the id",
            _ => return None,
        };
        Some(remedy.into())
    }
}

impl Probe {
    /// One person's records as a probe.
    ///
    /// # Errors
    ///
    /// [`ProbeError`] for a template that is refused, or the wrong eyes for the agreement's rule.
    pub fn new(functional: &Functional, records: &[Record]) -> Result<Self, ProbeError> {
        let rule = functional.eyes();
        let mut samples: Vec<(Option<Eye>, ProbeSample)> = Vec::new();
        for record in records {
            let eye = eye_of(rule, record)?;
            if samples.iter().any(|(other, _)| *other == eye) {
                return Err(ProbeError::Repeated(eye));
            }
            samples.push((eye, functional.probe(&record.template)?));
        }
        require_both_eyes(rule, samples.iter().map(|(eye, _)| *eye))?;
        samples.sort_by_key(|(eye, _)| *eye);
        let eyes: Vec<_> = samples.iter().map(|(eye, _)| *eye).collect();
        let layout = match eyes.as_slice() {
            [None] => SampleLayout::Single,
            [Some(Eye::Left)] => SampleLayout::Left,
            [Some(Eye::Right)] => SampleLayout::Right,
            [Some(Eye::Left), Some(Eye::Right)] => SampleLayout::Both,
            _ => return Err(ProbeError::Template(TemplateError::Empty)),
        };
        Ok(Self { layout, samples: samples.into_iter().map(|(_, sample)| sample).collect() })
    }

    /// Which samples there are.
    pub(crate) fn layout(&self) -> SampleLayout {
        self.layout
    }

    /// The samples, in the order of the layout.
    pub(crate) fn samples(&self) -> &[ProbeSample] {
        &self.samples
    }
}

/// The eye that matters under a rule: none where eyes are not told apart.
pub(crate) fn eye_of(rule: EyeRule, record: &Record) -> Result<Option<Eye>, ProbeError> {
    match (rule, record.eye) {
        (EyeRule::Ignored, _) => Ok(None),
        (_, None) => Err(ProbeError::EyeUnknown),
        (_, eye) => Ok(eye),
    }
}

pub(crate) fn require_both_eyes(rule: EyeRule, eyes: impl Iterator<Item = Option<Eye>>) -> Result<(), ProbeError> {
    if rule != EyeRule::All {
        return Ok(());
    }
    let present: Vec<_> = eyes.flatten().collect();
    match [Eye::Left, Eye::Right].into_iter().find(|eye| !present.contains(eye)) {
        Some(missing) => Err(ProbeError::EyeMissing(missing)),
        None => Ok(()),
    }
}

/// Which pairs (sample, reference) decide on a subject: a hit iff **every** group has a pair that hits, and there is a group.
///
/// Where eyes are ignored there is one group of all pairs; under `any` one group of the pairs of equal eyes; under
/// `all` one group for each eye.
pub fn pairs(rule: EyeRule, layout: SampleLayout, references: &[(Option<Eye>, Reference)]) -> Vec<Vec<(usize, usize)>> {
    let of_sample = |sample: usize, eye: Option<Eye>| {
        let matching = references.iter().enumerate().filter(move |(_, (other, _))| *other == eye);
        matching.map(move |(reference, _)| (sample, reference)).collect::<Vec<_>>()
    };
    let by_eye = layout.eyes().iter().enumerate().map(|(sample, &eye)| of_sample(sample, eye));
    match rule {
        EyeRule::All => by_eye.collect(),
        EyeRule::Ignored | EyeRule::Any => vec![by_eye.flatten().collect()],
    }
}
