//! `[service]`: what the parties agree on for a custodian that is online.

use serde::{Deserialize, Serialize};

use super::AgreementError;
use crate::agreement::Code;
use crate::words::counted;

/// Who may ask what, how often, and how long things are kept. All days are UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceTerms {
    /// Purposes for which a request may be made.
    pub purposes: Vec<Code>,
    /// Fields that a request must have beside requester, number, time, purpose and agreement.
    pub required: Vec<RequestField>,
    /// Probes that a requester may ask about on a day (daily search capacity: Regulation (EU) 2024/982, Art. 14 and 23).
    pub probes_per_day: u64,
    /// Probes that a requester may ask about in a calendar year.
    pub probes_per_year: u64,
    /// Bits that answers may disclose to a requester about the persons in one version of the gallery: also what was disclosed of them
    /// when they were in earlier versions counts.
    pub bits_per_gallery_version: u64,
    /// Bits that answers about one person (1:1) may disclose to a requester, whatever the version; as many as of the gallery, where
    /// nothing is agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits_per_person: Option<u64>,
    /// References of donors who agreed, which the querier's authority supplies, and the custodian enrolls among others: the querier asks
    /// about them now and then, to see that none is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canaries: Option<u64>,
    /// Days after which a requester's keys are refused and new ones must be made.
    pub key_days: u32,
    /// Days for which an answer can be fetched.
    pub answer_days: u32,
    /// Days for which the log keeps what it tells (three years: Art. 40).
    pub log_days: u32,
}

/// A field that a request may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestField {
    /// Where the justification is on file.
    Justification,
    /// Category of the case.
    CaseCategory,
    /// Number of the staff member who asks.
    Officer,
}

impl std::fmt::Display for RequestField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Justification => "justification",
            Self::CaseCategory => "case-category",
            Self::Officer => "officer",
        })
    }
}

impl Default for ServiceTerms {
    fn default() -> Self {
        let code = |text: &str| Code::try_from(text.to_owned()).ok();
        Self {
            purposes: code("identification").into_iter().collect(),
            required: vec![RequestField::Justification],
            probes_per_day: 1_000,
            probes_per_year: 100_000,
            bits_per_gallery_version: 100_000,
            bits_per_person: Some(2_000),
            canaries: None,
            key_days: 90,
            answer_days: 7,
            log_days: 3 * 365 + 1,
        }
    }
}

impl ServiceTerms {
    pub(super) fn check(&self) -> Result<(), AgreementError> {
        let bounded = |field, value: u64, most: u64| match (1..=most).contains(&value) {
            true => Ok(()),
            false => Err(AgreementError::field(field, format!("must be between 1 and {most}"))),
        };
        bounded("service.purposes", self.purposes.len() as u64, 32)?;
        let repeated = |field: &RequestField| self.required.iter().filter(|other| *other == field).count() > 1;
        if self.required.iter().any(repeated) {
            return Err(AgreementError::field("service.required", "name each field once"));
        }
        bounded("service.probes_per_day", self.probes_per_day, 1 << 40)?;
        bounded("service.probes_per_year", self.probes_per_year, 1 << 40)?;
        bounded("service.bits_per_gallery_version", self.bits_per_gallery_version, 1 << 50)?;
        if let Some(bits) = self.bits_per_person {
            bounded("service.bits_per_person", bits, 1 << 50)?;
        }
        if let Some(canaries) = self.canaries {
            bounded("service.canaries", canaries, 10_000_000)?;
        }
        bounded("service.key_days", self.key_days.into(), 3650)?;
        bounded("service.answer_days", self.answer_days.into(), 3650)?;
        bounded("service.log_days", self.log_days.into(), 36500)
    }

    /// In plain sentences.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let purposes: Vec<&str> = self.purposes.iter().map(Code::as_str).collect();
        let required: Vec<String> = self.required.iter().map(RequestField::to_string).collect();
        let canaries = self.canaries.map(|canaries| {
            format!(
                "The querier's authority supplies {} of donors who agreed (canaries), which the custodian enrolls among others; \
                 the querier asks about them now and then, to see that none is skipped.",
                counted(canaries, "reference")
            )
        });
        let sentences = [
            format!(
                "A request names its purpose ({}){}{}.",
                purposes.join(", "),
                if required.is_empty() { "" } else { ", and must also give: " },
                required.join(", ")
            ),
            format!(
                "A requester may ask about {} a day and {} a year, and answers disclose at most {} about one version of \
                 the records{}; then the custodian refuses.",
                counted(self.probes_per_day, "probe"),
                self.probes_per_year,
                counted(self.bits_per_gallery_version, "bit"),
                self.bits_per_person.map_or_else(String::new, |bits| format!(", of which {bits} about one person"))
            ),
            format!(
                "Keys are made anew after {}, answers are kept for {}, what the logs tell for {}.",
                counted(self.key_days, "day"),
                counted(self.answer_days, "day"),
                counted(self.log_days, "day")
            ),
        ];
        sentences.into_iter().chain(canaries).collect()
    }
}
