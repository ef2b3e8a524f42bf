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

/// A table of verdicts as comma-separated values: the heading, and then a line a probe. `named` are columns that say whose query it is.
pub fn csv(named: &[(&str, &str)], said: &[Said]) -> Result<String, Failure> {
    let mut table = ::csv::WriterBuilder::new().from_writer(Vec::new());
    let headings = named.iter().map(|(name, _)| *name);
    let headings = headings.chain(["gallery", "probe", "verdict", "places", "count"]);
    table.write_record(headings).map_err(unwritable)?;
    for one in said {
        let places = one.positions.as_deref().map(|positions| joined(positions, " ")).unwrap_or_default();
        let count = one.count.map(|count| count.to_string()).unwrap_or_default();
        let cells = named.iter().map(|(_, value)| *value);
        let cells = cells.chain([&one.gallery, one.probe.as_str(), one.said(), &places, &count]);
        table.write_record(cells).map_err(unwritable)?;
    }
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
