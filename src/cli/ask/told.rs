//! What an answer said, as it is told and kept: encrypted, so that it can be told again.

use std::path::PathBuf;

use crate::agreement::Code;
use crate::exchange::Querier as Encrypting;
use crate::service::store::OutboxRequest;
use serde::{Deserialize, Serialize};

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::{load, verdicts};

/// The verdicts of one request.
#[derive(Serialize, Deserialize)]
pub struct Told {
    pub hits: usize,
    lines: Vec<String>,
    pub documents: Vec<serde_json::Value>,
}

impl Told {
    /// Decrypts an answer; none where there is none any more.
    pub fn read(querier: &Encrypting, request: &OutboxRequest) -> Result<Option<Self>, Failure> {
        let (Some(answer), Some(pending)) = (&request.answer, &request.pending) else { return Ok(None) };
        let place = PathBuf::from(format!("answer to request {}", request.number));
        let answer = querier.answer(answer.as_slice()).map_err(Failure::in_file(&place))?;
        let pending = querier.pending(pending.as_slice()).map_err(Failure::in_file(&place))?;
        let read = pending.read_answer(&answer);
        let read = read.map_err(|error| Failure::of(&place, &error, "ask the custodian"))?;
        Ok(Some(Self {
            hits: read.iter().filter(|(_, verdict)| verdict.hit()).count(),
            lines: read.iter().map(|(id, verdict)| verdicts::line(id, verdict, answer.gallery())).collect(),
            documents: read.iter().map(|(id, verdict)| verdicts::document(id, verdict, answer.gallery())).collect(),
        }))
    }

    /// As it is kept.
    pub fn seal(&self, querier: &Encrypting, number: &Code) -> Result<Vec<u8>, Failure> {
        let place = format!("verdicts on request {number}");
        let content = serde_json::to_vec(self).map(zeroize::Zeroizing::new);
        let content = content.map_err(|error| Failure::new(&place, error, "ask again"))?;
        let sealed = querier.seal(number, &content, &mut load::randomness()?);
        sealed.map_err(|error| Failure::of(place.as_ref(), &error, "ask again"))
    }

    /// Reads [`Told::seal`] back.
    pub fn unseal(querier: &Encrypting, number: &Code, sealed: &[u8]) -> Result<Self, Failure> {
        let place = format!("verdicts on request {number}");
        let remedy = "use the keys that the query was made with ('keys' of the configuration)";
        let content = querier.unseal(number, sealed);
        let content = content.map_err(|error| Failure::of(place.as_ref(), &error, remedy))?;
        serde_json::from_slice(&content).map_err(|error| Failure::new(&place, error, remedy))
    }

    /// Prints the lines, each behind the number of the request.
    pub fn print(&self, number: &Code, console: &Console) -> Result<(), Failure> {
        self.lines.iter().try_for_each(|line| console.print(format_args!("{number}\t{line}")))
    }
}
