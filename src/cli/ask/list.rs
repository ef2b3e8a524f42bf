//! What was asked, how far it came, and what nobody is to go on with.

use crate::agreement::Code;
use crate::remedy::Remedy as _;
use crate::service::store::{ListedRequest, Outbox, RequestState};
use serde_json::json;

use super::Args;
use super::ending::unknown;
use crate::cli::Outcome;
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::party;

/// A request that the custodian has not accepted after so many days is not sent without being asked for: it would be charged.
const STALE_DAYS: u32 = 1;

fn is_stale(listed: &ListedRequest) -> bool {
    listed.state == RequestState::Prepared && listed.request.time.plus_days(STALE_DAYS) < party::now()
}

/// How far a request came, for people.
fn state(listed: &ListedRequest) -> &'static str {
    match listed.state {
        RequestState::Prepared if is_stale(listed) => "not accepted, stale",
        RequestState::Prepared => "not accepted yet",
        RequestState::Accepted => "accepted, no reply yet",
        RequestState::Replied | RequestState::Acknowledged => "replied, not told yet",
        RequestState::Done if listed.has_verdicts => "told, verdicts kept",
        RequestState::Done => "done, no verdicts",
        RequestState::Abandoned => "abandoned",
    }
}

impl Args {
    /// All that this party has asked.
    pub fn list(&self, console: &Console) -> Result<Outcome, Failure> {
        let mut outbox = self.party(console)?.outbox()?;
        let all = outbox.list().map_err(|error| party::store_failure(&self.config, &error))?;
        if console.json() {
            let documents: Vec<_> = all.iter().map(document).collect();
            console.document(&json!({"requests": documents}))?;
            return Ok(Outcome::Done);
        }
        for listed in &all {
            let request = &listed.request;
            let probes = count(request.probes as usize, "probe");
            let line =
                format!("{}\t{}\t{}\t{probes}\t{}", request.number, request.time, request.purpose, state(listed));
            console.print(line)?;
        }
        if all.is_empty() {
            console.note("nothing was asked");
        }
        Ok(Outcome::Done)
    }

    /// Nobody goes on with this request.
    pub fn abandon(&self, number: &Code, console: &Console) -> Result<Outcome, Failure> {
        let party = self.party(console)?;
        let mut outbox = party.outbox()?;
        let failed = |error| party::store_failure(&self.config, &error);
        let before = outbox.request(number).map_err(failed)?.ok_or_else(|| unknown("--abandon", number))?;
        let place = format!("request {number}");
        match before.state {
            RequestState::Prepared | RequestState::Accepted => {}
            RequestState::Abandoned => return Err(Failure::new(place, "was abandoned before", "make a new request")),
            _ => {
                let remedy = format!("cotejo ask --resume {number} tells its verdicts, --forget forgets them");
                return Err(Failure::new(place, "was replied to: there is nothing to abandon", remedy));
            }
        }
        let question = format!("request {number}: abandon it? Its verdicts will never be told");
        console.confirm(question, self.yes)?;
        let statement = outbox.abandon(number, party::now()).map_err(failed)?;
        let accepted = before.state == RequestState::Accepted;
        // Also where our certificate, say, has ended: what is abandoned is abandoned.
        let told = match (statement, party.client()) {
            (Some(statement), Ok(client)) => {
                client.abandon(&before.statement.digest(), &statement).map_err(|error| error.in_full())
            }
            (_, Err(failure)) => Err(failure.one_line()),
            (None, _) => Ok(()),
        };
        match &told {
            Ok(()) => outbox.told(number).map_err(failed)?,
            Err(why) => console.note(format_args!("the custodian is told with the next request ({why})")),
        }
        let text = match told.is_ok() {
            true => "abandoned; the custodian knows, and both logs tell so",
            false => "abandoned; our log tells so",
        };
        let document = json!({"abandoned": number, "accepted": accepted, "told": told.is_ok()});
        console.result(format_args!("request {number}: {text}"), &document)?;
        self.settle(&party, &mut outbox, console)?;
        Ok(Outcome::Done)
    }

    /// What a bare `--resume` goes on with: all that is not finished, but for what is stale.
    pub fn unfinished(&self, outbox: &mut Outbox, console: &Console) -> Result<Vec<Code>, Failure> {
        let failed = |error| party::store_failure(&self.config, &error);
        let listed = outbox.list().map_err(failed)?;
        let stale: Vec<Code> = listed.into_iter().filter(is_stale).map(|listed| listed.request.number).collect();
        for number in &stale {
            console.warn(format_args!(
                "request {number} is stale: not accepted for more than {}, and not sent now. cotejo ask --resume {number} sends it, and \
                 it is charged; --abandon {number} gives it up",
                count(STALE_DAYS as usize, "day")
            ));
        }
        let mut unfinished = outbox.unfinished().map_err(failed)?;
        unfinished.retain(|number| !stale.contains(number));
        Ok(unfinished)
    }
}

fn document(listed: &ListedRequest) -> serde_json::Value {
    let request = &listed.request;
    json!({
        "number": request.number,
        "time": request.time,
        "agreement": request.agreement,
        "purpose": request.purpose,
        "probes": request.probes,
        "state": listed.state.name(),
        "stale": is_stale(listed),
        "verdicts_kept": listed.has_verdicts,
    })
}
