//! What a request will cost, before it is made: persons charged, bits disclosed, bytes, time, and what is left of the quotas.

use std::time::Duration;

use maud::{Markup, html};

use super::state::Querier;
use crate::cli::browser::page::{Row, Visit, bar, facts};
use crate::cli::failure::Failure;
use crate::cli::party;
use crate::planning::{Pace, Plan};
use crate::service::signing::Hash;
use crate::service::store::Charged;

/// What a request of so many persons costs at most.
pub struct Costs {
    persons: u64,
    /// Bits that the answer may disclose.
    bits: u64,
    plan: Plan,
    used: Charged,
    per_day: u64,
    per_year: u64,
}

impl Costs {
    /// The plan is made for the largest gallery that is agreed: how large the custodian's is, it does not tell.
    pub fn of(querier: &Querier, persons: usize, about_one: bool) -> Result<Self, Failure> {
        let agreement = querier.agreement();
        let limits = &agreement.terms().limits;
        let references = if about_one { limits.references_per_subject } else { limits.references };
        let plan = Plan::new(agreement, references, persons.max(1), &Pace::reference(agreement.parameters()), 0);
        let plan = plan.map_err(|error| Failure::new("agreement", error, "agree on another set"))?;
        let digest = Hash(agreement.digest().0);
        let used = querier.with_outbox(|outbox| outbox.charged(&digest, party::now()))?;
        let per_probe = if about_one { agreement.bits_per_probe_about_one() } else { agreement.bits_per_probe() };
        Ok(Self {
            persons: persons as u64,
            bits: per_probe.saturating_mul(persons as u64),
            plan,
            used,
            per_day: querier.terms().probes_per_day,
            per_year: querier.terms().probes_per_year,
        })
    }

    pub fn shown(&self, visit: &Visit, querier: &Querier) -> Markup {
        let words = visit.words;
        let time = Duration::try_from_secs_f64(self.plan.seconds).unwrap_or(Duration::MAX);
        let references = querier.agreement().terms().limits.references as u64;
        html! {
            (facts([
                Row::new(visit.t("persons-charged"), words.number(self.persons)),
                Row::new(visit.t("bits-at-most"), words.counted("bits", self.bits)),
                Row::new(visit.t("sent-and-received"), visit.with("bytes-both-ways", &[
                    ("query", words.bytes(self.plan.query_bytes).into()),
                    ("answer", words.bytes(self.plan.answer_bytes).into()),
                    ("key", words.bytes(self.plan.evaluation_key_bytes).into()),
                ])),
                Row::new(visit.t("time-of-match"), visit.with("time-at-most", &[
                    ("time", words.duration(time).into()),
                    ("references", words.number(references).into()),
                ])),
            ]))
            h3 { (visit.t("quota-after")) }
            (bar(visit, &visit.t("quota-today"), self.used.probes_today.saturating_add(self.persons), self.per_day))
            (bar(visit, &visit.t("quota-year"), self.used.probes_this_year.saturating_add(self.persons), self.per_year))
            p.hint { (visit.t("quota-hint")) }
        }
    }

    /// Why the custodian would refuse it now, where it would.
    pub fn beyond(&self, visit: &Visit) -> Option<String> {
        let today = self.used.probes_today.saturating_add(self.persons) > self.per_day;
        let year = self.used.probes_this_year.saturating_add(self.persons) > self.per_year;
        match (today, year) {
            (_, true) => Some(visit.t("quota-year-beyond")),
            (true, false) => Some(visit.t("quota-today-beyond")),
            (false, false) => None,
        }
    }
}
