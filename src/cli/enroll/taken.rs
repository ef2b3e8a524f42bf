//! Records on their way into a gallery: how many there are, and what was not enrolled.

use crate::custodian::{Change, Gallery, RefusedRecord};
use crate::remedy::Remedy as _;
use crate::template::SubjectId;
use crate::template::read::{RecordFault, Unusable};
use serde_json::json;

/// What was read.
pub(super) struct Taken {
    /// Records that make a template.
    pub usable: usize,
    /// At first the others; then also those that are not enrolled.
    pub refused: Vec<Refused>,
    /// Those that are not good enough: failures to enrol.
    pub failed: Vec<Refused>,
}

impl Taken {
    /// How many records there were.
    pub fn given(&self) -> usize {
        self.usable + self.failed.len() + self.refused.iter().filter(|refused| refused.unusable).count()
    }

    /// Says of whoever is enrolled, and not replaced for what is refused, that what is there stays.
    pub fn tell_who_stays(&mut self, gallery: &Gallery, change: Option<&Change>) {
        for refused in self.refused.iter_mut().chain(&mut self.failed) {
            let enrolled = refused.subject.as_ref().filter(|subject| gallery.position(subject).is_some());
            let stays = enrolled.is_some_and(|id| !change.is_some_and(|change| change.replaces(gallery, id)));
            if stays {
                refused.told.push_str("; what is enrolled of them stays");
                if let Some(fields) = refused.document.as_object_mut() {
                    fields.insert("stays".to_owned(), true.into());
                }
            }
        }
    }
}

/// What was not enrolled.
pub(super) struct Refused {
    /// Whose it is, where that is known.
    subject: Option<SubjectId>,
    /// For people.
    pub told: String,
    /// For programs.
    pub document: serde_json::Value,
    /// Whether it could not even be read.
    unusable: bool,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Refused {
    pub fn unusable(one: &Unusable) -> Self {
        let mut document =
            json!({ "subject": one.subject, "eye": one.eye, "record": one.record, "reason": one.fault.in_full() });
        if let (RecordFault::Quality { quality, minimum }, Some(fields)) = (&one.fault, document.as_object_mut()) {
            fields.insert("quality".to_owned(), quality.filter(|quality| quality.is_finite()).into());
            fields.insert("minimum_quality".to_owned(), (*minimum).into());
        }
        let remedy = one.fault.remedy().map(std::borrow::Cow::into_owned);
        Self { subject: one.subject.clone(), told: one.to_string(), document, unusable: true, remedy }
    }

    pub fn of(refusal: &RefusedRecord) -> Self {
        let document = json!({
            "subject": refusal.subject,
            "eye": refusal.eye,
            "record": Some(refusal.record).filter(|record| *record > 0),
            "reason": refusal.reason.in_full(),
        });
        let subject = Some(refusal.subject.clone());
        Self { subject, told: refusal.to_string(), document, unusable: false, remedy: None }
    }
}
