//! Heads of a log that were noted earlier.

use std::path::Path;

use crate::service::tree::TreeHead;

use crate::cli::failure::Failure;
use crate::cli::files;

/// Longest file of heads, in bytes.
const LIMIT_BYTES: u64 = 1 << 20;

/// Heads that were noted: each itself, or a file of them, one a line.
pub fn noted(given: &[String]) -> Result<Vec<TreeHead>, Failure> {
    let mut heads = Vec::new();
    for given in given {
        match given.parse() {
            Ok(head) => heads.push(head),
            Err(_) => heads.extend(from_file(Path::new(given))?),
        }
    }
    Ok(heads)
}

fn from_file(path: &Path) -> Result<Vec<TreeHead>, Failure> {
    let remedy = "give heads as 'cotejo audit anchor' prints them, SIZE:ROOT, or a file of such lines";
    let bytes = files::read_at_most(path, LIMIT_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::at(path, "not a text", remedy))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let read = line.trim().parse();
            read.map_err(|error| Failure::at(path, format_args!("line {}: {error}", number + 1), remedy))
        })
        .collect()
}
