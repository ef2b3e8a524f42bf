//! A new request: encrypted, signed, kept.

use cotejo::agreement::Code;
use cotejo::querier::{Origin, Querier as Encrypting};
use cotejo::scheme::{Holder, Opened};
use cotejo::service::store::{Outbox, OutboxRequest, Stage};
use rand::RngCore;

use super::{Args, Querier};
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::party::{self, Party};
use crate::cli::{interrupt, load};

impl Args {
    /// Encrypts, signs, and keeps a new request; its number.
    pub fn prepare<S: Holder>(
        &self,
        querier: &Encrypting<S>,
        agreement: &Opened,
        party: &Party<Querier>,
        outbox: &mut Outbox,
        console: &Console,
    ) -> Result<Code, Failure> {
        let Some(path) = &self.templates else {
            return Err(Failure::new("--templates", "nobody to ask about", "name a file of templates"));
        };
        let target = load::target(self.reference.as_deref())?;
        let Some(terms) = &agreement.terms().service else {
            let what = "the agreement has no [service] table: nothing is agreed on asking over a network";
            return Err(Failure::at(&self.agreement.path, what, "agree on one ('cotejo agreement init --service')"));
        };
        let templates = self.beside.templates(path);
        let records = templates.read(agreement.shape(), console)?;
        let mut rng = load::randomness()?;
        let mut origin = Origin { number: self.record.number(&mut rng)?, nonce: [0; 32] };
        rng.fill_bytes(&mut origin.nonce);
        let (query, pending) = querier
            .ask_again(records, target, &origin)
            .map_err(|error| Failure::of(path, &error, "give templates of the agreed shape, one of each person"))?;
        let place = Failure::in_file(path);
        let (content, pending) =
            (query.to_bytes(agreement).map_err(&place)?, pending.to_bytes(agreement).map_err(&place)?);
        let request = self.record.request(party, agreement, terms, &origin.number, &query, &content)?;
        let failed = |error| party::store_failure(&self.config, &error);
        let number = origin.number;
        let prepared = OutboxRequest {
            number: number.clone(),
            agreement: request.agreement,
            custodian: party.rest.custodian.url.clone(),
            statement: outbox.sign(&request).map_err(failed)?,
            query: Some(content.to_vec()),
            pending: Some(pending),
            stage: Stage::Prepared,
            job: None,
            reply: None,
            answer: None,
            verdicts: None,
            nonce: Some(origin.nonce),
        };
        interrupt::check()?;
        if !outbox.prepare(&prepared, party::now()).map_err(failed)? {
            let what = format!("'{number}' was used before");
            let remedy = format!("choose another number, or go on with that request: cotejo ask --resume {number}");
            return Err(Failure::new("--number", what, remedy));
        }
        console.note(format_args!("request {number}: {} encrypted", count(query.layouts.len(), "probe")));
        Ok(number)
    }
}
