//! Verdicts as they are printed, and kept.

use crate::querier::Verdict;
use crate::template::SubjectId;
use crate::wire::GalleryVersion;
use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// What an answer says of a probe; in JSON for programs. What it does not disclose is not there.
#[derive(Serialize, Deserialize)]
pub struct Said {
    probe: SubjectId,
    hit: bool,
    /// Where in the gallery the hits are, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    positions: Option<Vec<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    /// Places never stand without the version of the gallery whose places they are.
    gallery: String,
}

impl Said {
    pub fn new(probe: &SubjectId, verdict: &Verdict, gallery: GalleryVersion) -> Self {
        let (positions, count) = match verdict {
            Verdict::Any(_) => (None, None),
            Verdict::Each(bits) => (Some(places(bits)), None),
            Verdict::Count(count) => (None, Some(*count)),
        };
        Self { probe: probe.clone(), hit: verdict.hit(), positions, count, gallery: gallery.to_string() }
    }

    /// As a line for people.
    pub fn line(&self) -> String {
        let Self { probe, gallery, .. } = self;
        let said = self.said();
        match (&self.positions, self.count) {
            (Some(positions), _) if self.hit => format!("{probe}\t{said}\t{}\t{gallery}", joined(positions, ",")),
            (_, Some(count)) => format!("{probe}\t{said}\t{count}"),
            _ => format!("{probe}\t{said}"),
        }
    }

    fn said(&self) -> &'static str {
        if self.hit { "hit" } else { "no hit" }
    }
}

/// What stands above a table of verdicts; `named` are the columns that say whose query it is.
pub fn headings(named: &[&str]) -> Result<String, Failure> {
    csv([[named, &["gallery", "probe", "verdict", "places", "count"]].concat()])
}

/// The lines of a table of verdicts, one a probe; `named` says whose query it is.
pub fn rows(named: &[&str], said: &[Said]) -> Result<String, Failure> {
    csv(said.iter().map(|one| {
        let places = one.positions.as_deref().map(|positions| joined(positions, " ")).unwrap_or_default();
        let count = one.count.map(|count| count.to_string()).unwrap_or_default();
        let named = named.iter().map(|cell| (*cell).to_owned());
        let cells = [one.gallery.clone(), one.probe.to_string(), one.said().to_owned(), places, count];
        named.chain(cells).collect::<Vec<_>>()
    }))
}

/// Comma-separated values, without the end of the last line.
fn csv<T: AsRef<[u8]>>(records: impl IntoIterator<Item = Vec<T>>) -> Result<String, Failure> {
    let mut table = ::csv::WriterBuilder::new().from_writer(Vec::new());
    records.into_iter().try_for_each(|record| table.write_record(record)).map_err(unwritable)?;
    let text = table.into_inner().map_err(unwritable)?;
    Ok(String::from_utf8_lossy(&text).trim_end().to_owned())
}

fn unwritable(error: impl std::fmt::Display) -> Failure {
    Failure::new("--csv", error, "run without --csv")
}

/// Where in the gallery the hits are, counted from 1.
fn places(bits: &[bool]) -> Vec<usize> {
    bits.iter().enumerate().filter(|(_, bit)| **bit).map(|(index, _)| index + 1).collect()
}

fn joined(places: &[usize], by: &str) -> String {
    places.iter().map(usize::to_string).collect::<Vec<_>>().join(by)
}
