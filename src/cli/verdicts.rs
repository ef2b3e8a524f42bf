//! Verdicts as they are printed, and kept.

use crate::querier::Verdict;
use crate::template::{Handle, SubjectId};
use crate::wire::GalleryVersion;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::table::{Cell, write_row};

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
    /// The handles that are told; null of a subject to whom the custodian gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    handles: Option<Vec<Option<String>>>,
    /// More hit than have handles, which is this many.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_than: Option<usize>,
    /// Places never stand without the version of the gallery whose places they are.
    gallery: String,
}

impl Said {
    pub fn new(probe: &SubjectId, verdict: &Verdict, gallery: GalleryVersion) -> Self {
        let said = Self {
            probe: probe.clone(),
            hit: verdict.hit(),
            positions: None,
            count: None,
            handles: None,
            more_than: None,
            gallery: gallery.to_string(),
        };
        match verdict {
            Verdict::Any(_) => said,
            Verdict::Each(bits) => Self { positions: Some(places(bits)), ..said },
            Verdict::Count(count) => Self { count: Some(*count), ..said },
            Verdict::Handles(handles) => {
                let texts = handles.iter().map(|handle| Some(handle.as_ref()?.as_str().to_owned()));
                Self { count: Some(handles.len()), handles: Some(texts.collect()), ..said }
            }
            Verdict::MoreThan(most) => Self { more_than: Some(*most), ..said },
        }
    }

    /// Who was asked about.
    pub fn probe(&self) -> &SubjectId {
        &self.probe
    }

    /// Whether it is a hit.
    pub fn hit(&self) -> bool {
        self.hit
    }

    /// What is disclosed beside whether it is a hit: places, a number, handles; none where nothing is.
    pub fn detail(&self) -> Option<String> {
        match (&self.positions, self.count, &self.handles, self.more_than) {
            (Some(positions), ..) => Some(joined(positions, ", ")),
            (_, _, Some(handles), _) => Some(told(handles)),
            (_, Some(count), ..) => Some(count.to_string()),
            (.., Some(most)) => Some(format!("> {most}")),
            _ => None,
        }
    }

    /// As a line for people.
    pub fn line(&self) -> String {
        let Self { probe, gallery, .. } = self;
        let said = self.said();
        match (&self.positions, self.count, &self.handles, self.more_than) {
            (Some(positions), ..) if self.hit => format!("{probe}\t{said}\t{}\t{gallery}", joined(positions, ",")),
            (_, _, Some(handles), _) if self.hit => format!("{probe}\t{said}\t{}", told(handles)),
            (_, _, Some(_), _) => format!("{probe}\t{said}"),
            (_, Some(count), ..) => format!("{probe}\t{said}\t{count}"),
            (.., Some(most)) => format!("{probe}\t{said}\tmore than {most}: nothing else is told of them"),
            _ => format!("{probe}\t{said}"),
        }
    }

    fn said(&self) -> &'static str {
        if self.hit { "hit" } else { "no hit" }
    }
}

/// What stands above a table of verdicts; `named` are the columns that say whose query it is.
pub fn headings(named: &[&str]) -> Result<String, Failure> {
    csv([[named, &["gallery", "probe", "verdict", "places", "count", "handles"]]
        .concat()
        .into_iter()
        .map(Cell::from)
        .collect()])
}

/// The lines of a table of verdicts, one a probe; `named` says whose query it is.
pub fn rows(named: &[Cell], said: &[Said]) -> Result<String, Failure> {
    csv(said.iter().map(|one| {
        let places = one.positions.as_deref().map(|positions| joined(positions, " "));
        let verdict = Cell::Plain(one.said().to_owned());
        let cells = [
            Cell::Plain(one.gallery.clone()),
            Cell::Text(one.probe.to_string()),
            verdict,
            Cell::number(places),
            match one.more_than {
                Some(most) => Cell::Plain(format!("more than {most}")),
                None => Cell::number(one.count),
            },
            Cell::Text(one.handles.as_deref().map(told).unwrap_or_default()),
        ];
        named.iter().cloned().chain(cells).collect()
    }))
}

/// Comma-separated values, without the end of the last line.
fn csv(rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<String, Failure> {
    let mut table = Vec::new();
    rows.into_iter().try_for_each(|row| write_row(&mut table, row)).map_err(unwritable)?;
    let text = String::from_utf8(table).map_err(unwritable)?;
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

fn unwritable(error: impl std::fmt::Display) -> Failure {
    Failure::new("--csv", error, "run without --csv")
}

/// Where in the gallery the hits are, counted from 1.
fn places(bits: &[bool]) -> Vec<usize> {
    bits.iter().enumerate().filter(|(_, bit)| **bit).map(|(index, _)| index + 1).collect()
}

/// Handles, for people.
fn told(handles: &[Option<String>]) -> String {
    let texts = handles.iter().map(|handle| match handle {
        None => "(no handle)".to_owned(),
        // Also one that galleries may have and that no new one may be.
        Some(text) => Handle::from_bytes(text.as_bytes())
            .map_or_else(|_| format!("{text:?}"), |handle| handle.listed().into_owned()),
    });
    texts.collect::<Vec<_>>().join(", ")
}

fn joined(places: &[usize], by: &str) -> String {
    places.iter().map(usize::to_string).collect::<Vec<_>>().join(by)
}
