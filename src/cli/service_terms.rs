//! `[service]` of an agreement, as options.

use crate::agreement::{Code, RequestField, ServiceTerms};
use clap::ValueEnum;

/// What is agreed on asking over a network; any of these implies `--service`.
#[derive(clap::Args)]
pub struct ServiceArgs {
    /// Agree on asking over a network (cotejo serve, cotejo ask), with sound defaults
    #[arg(long)]
    service: bool,
    /// A purpose for which a request may be made; may be repeated [default: identification]
    #[arg(long, value_name = "CODE")]
    purpose: Vec<Code>,
    /// A field that every request must have; may be repeated [default: justification]
    #[arg(long, value_enum, value_name = "FIELD")]
    require: Vec<Field>,
    /// Persons that a requester may ask about on a day [default: 1000]
    #[arg(long, value_name = "NUMBER")]
    probes_per_day: Option<u64>,
    /// Persons that a requester may ask about in a year [default: 100000]
    #[arg(long, value_name = "NUMBER")]
    probes_per_year: Option<u64>,
    /// Bits that answers may disclose to a requester about the persons in one version of the gallery [default: 100000]
    #[arg(long, value_name = "NUMBER")]
    bits_per_gallery_version: Option<u64>,
    /// Bits that answers about one person (1:1) may disclose to a requester [default: 2000]
    #[arg(long, value_name = "NUMBER")]
    bits_per_person: Option<u64>,
    /// References of donors that the querier's authority supplies, to be asked about now and then (ask --canary) [default: none]
    #[arg(long, value_name = "NUMBER")]
    canaries: Option<u64>,
    /// Days after which keys must be made anew [default: 90]
    #[arg(long, value_name = "DAYS")]
    key_days: Option<u32>,
    /// Days for which an answer can be fetched [default: 7]
    #[arg(long, value_name = "DAYS")]
    answer_days: Option<u32>,
    /// Days for which the logs keep what they tell [default: 1096]
    #[arg(long, value_name = "DAYS")]
    log_days: Option<u32>,
}

/// A field of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Field {
    /// Where the justification is on file
    Justification,
    /// Category of the case
    CaseCategory,
    /// Number of the staff member who asks
    Officer,
}

impl ServiceArgs {
    /// The terms; none where nothing is asked for.
    pub fn terms(&self) -> Option<ServiceTerms> {
        let bits = [self.bits_per_gallery_version, self.bits_per_person];
        let numbers = [self.probes_per_day, self.probes_per_year, self.canaries].into_iter().chain(bits);
        let days = [self.key_days, self.answer_days, self.log_days];
        let asked =
            self.service || numbers.into_iter().any(|number| number.is_some()) || days.iter().any(Option::is_some);
        if !asked && self.purpose.is_empty() && self.require.is_empty() {
            return None;
        }
        let default = ServiceTerms::default();
        let required = self.require.iter().map(|field| match field {
            Field::Justification => RequestField::Justification,
            Field::CaseCategory => RequestField::CaseCategory,
            Field::Officer => RequestField::Officer,
        });
        Some(ServiceTerms {
            purposes: if self.purpose.is_empty() { default.purposes } else { self.purpose.clone() },
            required: if self.require.is_empty() { default.required } else { required.collect() },
            probes_per_day: self.probes_per_day.unwrap_or(default.probes_per_day),
            probes_per_year: self.probes_per_year.unwrap_or(default.probes_per_year),
            bits_per_gallery_version: self.bits_per_gallery_version.unwrap_or(default.bits_per_gallery_version),
            bits_per_person: self.bits_per_person.or(default.bits_per_person),
            canaries: self.canaries,
            key_days: self.key_days.unwrap_or(default.key_days),
            answer_days: self.answer_days.unwrap_or(default.answer_days),
            log_days: self.log_days.unwrap_or(default.log_days),
        })
    }
}
