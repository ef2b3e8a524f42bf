//! A new request: encrypted, signed, kept.

use crate::agreement::{Code, ServiceTerms};
use crate::exchange::Querier as Encrypting;
use crate::querier::Origin;
use crate::scheme::Opened;
use crate::service::store::{Outbox, OutboxRequest, RequestState};
use rand::RngCore;

use super::request::Asked;
use super::{Args, Querier};
use crate::cli::console::{Console, count};
use crate::cli::failure::{Cause, Failure};
use crate::cli::party::{self, Party};
use crate::cli::{interrupt, load};

impl Args {
    /// What was agreed on asking over a network.
    pub fn service_terms<'a>(&self, agreement: &'a Opened) -> Result<&'a ServiceTerms, Failure> {
        agreement.terms().service.as_ref().ok_or_else(|| {
            let what = "the agreement has no [service] table: nothing is agreed on asking over a network";
            Failure::at(&self.agreement.path, what, "agree on one ('cotejo agreement init --service')")
        })
    }

    /// Encrypts, signs, and keeps a new request; its number.
    pub fn prepare(
        &self,
        querier: &Encrypting,
        agreement: &Opened,
        party: &Party<Querier>,
        outbox: &mut Outbox,
        console: &Console,
    ) -> Result<Code, Failure> {
        let Some(path) = self.templates.as_ref().or(self.canary.as_ref()) else {
            return Err(Failure::new("--templates", "nobody to ask about", "name a file of templates"));
        };
        let target = load::target(self.reference.as_deref())?;
        let terms = self.service_terms(agreement)?;
        if self.canary.is_some() && terms.canaries.is_none() {
            let what = "the agreement names no canaries: the custodian has no donors enrolled to be found";
            return Err(Failure::at(&self.agreement.path, what, "agree on them ('cotejo agreement init --canaries')"));
        }
        let templates = self.beside.templates(path);
        let loaded = templates.read(agreement.shape(), console)?;
        let records = loaded.probes(path, agreement, self.beside.skip_refused, console)?;
        let mut rng = load::randomness()?;
        let mut origin = Origin { number: self.record.number(&mut rng)?, nonce: [0; 32] };
        rng.fill_bytes(&mut origin.nonce);
        let asked = querier.ask_again(target, records, &origin);
        let (content, pending) = asked.map_err(|error| {
            Failure::of(path, &error, "give templates of the agreed shape, one of each person")
                .because(Cause::Templates)
        })?;
        let probes = pending.subjects().len();
        let failed = |error| party::store_failure(&self.config, &error);
        let seen = outbox.seen(&party.rest.custodian.party).map_err(failed)?;
        let request = self.record.request(
            party,
            agreement,
            terms,
            &origin.number,
            seen,
            &Asked { pending: &pending, key: querier.key(), content: &content },
        )?;
        let number = origin.number;
        let prepared = OutboxRequest {
            number: number.clone(),
            agreement: request.agreement,
            custodian: party.rest.custodian.url.clone(),
            statement: outbox.sign(&request).map_err(failed)?,
            query: Some(content),
            pending: Some(pending.to_bytes().map_err(Failure::in_file(path))?),
            state: RequestState::Prepared,
            job: None,
            reply: None,
            answer: None,
            verdicts: None,
            nonce: Some(origin.nonce),
        };
        interrupt::check()?;
        outbox.journal().retain(terms.log_days).map_err(failed)?;
        let kept = match self.canary {
            Some(_) => outbox.prepare_canaries(&prepared, party::now()),
            None => outbox.prepare(&prepared, party::now()),
        };
        if !kept.map_err(failed)? {
            let what = format!("'{number}' was used before");
            let remedy = format!("choose another number, or go on with that request: cotejo ask --resume {number}");
            return Err(Failure::new("--number", what, remedy));
        }
        console.note(format_args!("request {number}: {} encrypted", count(probes, "probe")));
        Ok(number)
    }
}
