//! What an answer said, as it is told and kept: encrypted, so that it can be told again.

use std::path::PathBuf;

use crate::agreement::Code;
use crate::exchange::Querier as Encrypting;
use crate::service::store::OutboxRequest;
use serde::{Deserialize, Serialize};

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::load;
use crate::cli::table::Cell;
use crate::cli::verdicts::{self, Said};

/// The verdicts of one request.
#[derive(Serialize, Deserialize)]
pub struct Told {
    pub hits: usize,
    #[serde(rename = "documents")]
    pub said: Vec<Said>,
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
            said: read.iter().map(|(id, verdict)| Said::new(id, verdict, answer.gallery())).collect(),
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
        self.said.iter().try_for_each(|said| console.print(format_args!("{number}\t{}", said.line())))
    }

    /// The lines of a table, below [`Told::headings`]; `reply` is the custodian's number of its reply.
    pub fn rows(&self, number: &Code, reply: Option<u64>) -> Result<String, Failure> {
        verdicts::rows(&[Cell::Text(number.to_string()), Cell::number(reply)], &self.said)
    }

    /// What stands above the lines of a table.
    pub fn headings() -> Result<String, Failure> {
        verdicts::headings(&["request", "reply"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_that_an_earlier_version_kept_are_told() {
        // It kept the lines as well.
        let kept = r#"{"hits":2,"lines":["a\thit\t2,5\t07","b\thit\t3","c\tno hit"],"documents":[
            {"gallery":"07","hit":true,"positions":[2,5],"probe":"a"},{"count":3,"gallery":"07","hit":true,"probe":"b"},
            {"gallery":"07","hit":false,"probe":"c"}]}"#;
        let told: Told = serde_json::from_str(kept).unwrap();
        let lines: Vec<String> = told.said.iter().map(Said::line).collect();
        assert_eq!((told.hits, lines), (2, vec!["a\thit\t2,5\t07".into(), "b\thit\t3".into(), "c\tno hit".into()]));
        let kept: serde_json::Value = serde_json::from_str(kept).unwrap();
        assert_eq!(serde_json::to_value(&told.said).unwrap(), kept["documents"]);
    }
}
