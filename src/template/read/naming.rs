//! Whose the rows of a file are.

use std::ops::ControlFlow;

use super::error::{Place, ReadError, RecordFault, Unusable};
use super::identities::{Identity, is_fraction};
use super::irises::{Settling, Told};
use super::{End, Entry, Found, IdSource, Raw, Row, Sink};
use crate::template::{Filed, Record, RecordError, SubjectId, Template, TemplateShape};

/// Makes records of rows, and passes them on.
pub(super) struct Naming<'a> {
    take: &'a mut dyn FnMut(IdSource, Entry) -> ControlFlow<()>,
    settling: Option<Settling>,
    /// One for each row, where they are given apart.
    given: Option<&'a [Identity]>,
    ids: Option<IdSource>,
    /// Rows that came while it was not known whether any says whose it is.
    waiting: Vec<Row<Template>>,
    rows: usize,
    /// Below it, records are unusable.
    minimum_quality: Option<f64>,
    /// Where the file's first identifier is, while all of them are whole numbers with a fraction.
    fractions: Fractions,
    /// The same of its handles.
    of_handles: Fractions,
}

/// Whether all identifiers, or all handles, so far are whole numbers with a fraction.
#[derive(Clone, Copy)]
enum Fractions {
    /// There is none yet.
    NoneYet,
    /// All, from that at this place.
    All(Place),
    /// At least one is not.
    NotAll,
}

impl Fractions {
    fn and(self, text: &str, place: Place) -> Self {
        match self {
            Self::NoneYet if is_fraction(text) => Self::All(place),
            Self::All(first) if is_fraction(text) => Self::All(first),
            _ => Self::NotAll,
        }
    }
}

impl<'a> Naming<'a> {
    pub(super) fn new(
        shape: TemplateShape,
        irises: Told,
        given: Option<&'a [Identity]>,
        minimum_quality: Option<f64>,
        take: &'a mut dyn FnMut(IdSource, Entry) -> ControlFlow<()>,
    ) -> Self {
        let settling = match shape {
            TemplateShape::Iris(iris) => Some(Settling::new(iris, irises)),
            TemplateShape::Bits(_) | TemplateShape::Vector(_) => None,
        };
        let ids = given.is_some().then_some(IdSource::Given);
        let (fractions, of_handles) = (Fractions::NoneYet, Fractions::NoneYet);
        Self { take, settling, given, ids, waiting: Vec::new(), rows: 0, minimum_quality, fractions, of_handles }
    }

    /// Passes a row on, now that it is known where subjects come from.
    fn pass(&mut self, row: Row<Template>, ids: IdSource) -> Result<(), ReadError> {
        self.rows += 1;
        let (record, Row { place, person, subject, mut eye, handle, quality, template }) = (self.rows, row);
        let identity = self.given.and_then(|given| given.get(record - 1));
        eye = identity.and_then(|identity| identity.eye).or(eye);
        let subject = identity.map(|identity| identity.subject.clone()).or(subject);
        if let Some(subject) = subject.as_ref().filter(|_| ids == IdSource::File) {
            self.fractions = self.fractions.and(subject.as_str(), place);
        }
        if let Some(handle) = &handle {
            self.of_handles = self.of_handles.and(handle.as_str(), place);
        }
        let numbered = || SubjectId::try_from(person.to_string()).map_err(|fault: RecordError| fault.into());
        let named = match (&subject, ids) {
            (Some(subject), _) => Ok(subject.clone()),
            (None, IdSource::Numbered) => numbered(),
            (None, _) => Err(RecordFault::Unnamed),
        };
        let template = match (self.good_enough(quality), template) {
            // Of a sample that is known to be bad there may be no template at all.
            (Err(fault), _) if quality.is_some() => Err(fault),
            (good_enough, template) => template.and_then(|template| good_enough.map(|()| template)),
        };
        let entry = match template.and_then(|template| Ok((named?, template))) {
            Ok((subject, template)) => Ok((record, Filed { record: Record { subject, eye, template }, handle })),
            Err(fault) => Err(Unusable { place, record, subject, eye, fault }),
        };
        match (self.take)(ids, entry) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ReadError::Stopped),
        }
    }

    /// Whether a template of this quality is of use.
    fn good_enough(&self, quality: Option<f64>) -> Result<(), RecordFault> {
        match self.minimum_quality {
            Some(minimum) if quality.is_none_or(|quality| quality.is_nan() || quality < minimum) => {
                Err(RecordFault::Quality { quality, minimum })
            }
            _ => Ok(()),
        }
    }

    /// Passes on what has waited.
    fn decide(&mut self, ids: IdSource) -> Result<(), ReadError> {
        self.ids = Some(ids);
        std::mem::take(&mut self.waiting).into_iter().try_for_each(|row| self.pass(row, ids))
    }

    /// All rows have come.
    pub(super) fn finish(mut self, mut found: Found, mask: String) -> Result<End, ReadError> {
        let ids = self.ids.unwrap_or(IdSource::Numbered);
        self.decide(ids)?;
        if self.rows == 0 {
            return Err(ReadError::NoRecords);
        }
        if let Some(settling) = self.settling {
            found.order = settling.finish(mask)?;
        }
        match self.given {
            Some(given) if given.len() != self.rows => {
                return Err(ReadError::IdentityCount { identities: given.len(), records: self.rows });
            }
            _ => {}
        }
        match (self.fractions, self.of_handles) {
            (Fractions::All(place), _) => Err(ReadError::at(place)(RecordFault::FractionIds)),
            (_, Fractions::All(place)) => Err(ReadError::at(place)(RecordFault::FractionHandles)),
            _ => Ok(End { records: self.rows, ids, found }),
        }
    }
}

impl Sink for Naming<'_> {
    fn named(&mut self, named: bool) {
        self.ids.get_or_insert(if named { IdSource::File } else { IdSource::Numbered });
    }

    fn row(&mut self, row: Row<Raw>) -> Result<(), ReadError> {
        let Row { place, person, subject, eye, handle, quality, template } = row;
        let template = template.and_then(|raw| match (raw, &mut self.settling) {
            (Raw::Whole(template), _) => Ok(template),
            (Raw::Iris { code, mask, marks, flat }, Some(settling)) => Ok(settling.iris(code, mask, marks, flat)?),
            // No reader makes an iris of another shape.
            (Raw::Iris { .. }, None) => Err(RecordFault::NotText),
        });
        let row = Row { place, person, subject, eye, handle, quality, template };
        match self.ids {
            Some(ids) => self.pass(row, ids),
            None if row.subject.is_some() => {
                self.decide(IdSource::File)?;
                self.pass(row, IdSource::File)
            }
            None => {
                self.waiting.push(row);
                Ok(())
            }
        }
    }

    #[cfg(feature = "columnar")]
    fn left_out(&mut self) {
        self.rows += 1;
    }
}
