//! Which records of a file are meant: by number, by whose they are, or all.

use std::collections::HashSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::template::SubjectId;
use crate::template::read::{End, Entry, IdSource, Identity};

use crate::cli::console::count;
use crate::cli::failure::Failure;
use crate::cli::load;

/// Which records of a file are meant.
#[derive(Clone, Debug, clap::Args)]
pub struct Chosen {
    /// Only these records of the file, counted from 1: 1-100, or 1-10,17 [default: all]
    #[arg(long, value_name = "ROWS")]
    pub rows: Option<RowList>,
    /// Only the records of the persons on this list, one id a line
    #[arg(long, value_name = "FILE")]
    pub ids_from: Option<PathBuf>,
}

impl Chosen {
    /// How to write, for `--rows`, so many of the rows that are chosen now, from the `first` of them on, which is counted from 1.
    pub fn rows_of(&self, first: usize, count: usize) -> String {
        let (mut before, mut missing) = (first.saturating_sub(1), count);
        let mut left = RowList(Vec::new());
        for range in self.rows.clone().map_or(vec![1..=usize::MAX], RowList::apart) {
            let start = range.start().saturating_add(before);
            if start > *range.end() {
                before -= range.end() - range.start() + 1;
            } else if missing > 0 {
                let end = start.saturating_add(missing - 1).min(*range.end());
                (before, missing) = (0, missing - (end - start + 1));
                left.0.push(start..=end);
            }
        }
        left.to_string()
    }
}

/// Rows of a file, counted from 1.
#[derive(Clone, Debug)]
pub struct RowList(Vec<RangeInclusive<usize>>);

impl FromStr for RowList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let row = |text: &str| text.trim().parse().ok().filter(|row| *row > 0);
        let range = |text: &str| {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            Some(row(first)?..=row(last)?).filter(|range: &RangeInclusive<usize>| !range.is_empty())
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges.map(Self).ok_or_else(|| "write rows as 1-100, or as 1-10,17".to_owned())
    }
}

impl RowList {
    fn contains(&self, row: usize) -> bool {
        self.0.iter().any(|range| range.contains(&row))
    }

    /// The same rows as ranges that do not overlap, ascending.
    fn apart(mut self) -> Vec<RangeInclusive<usize>> {
        self.0.sort_by_key(|range| *range.start());
        let mut apart: Vec<RangeInclusive<usize>> = Vec::new();
        for range in self.0 {
            let start = apart.last().map_or(0, |before| before.end().saturating_add(1)).max(*range.start());
            if start <= *range.end() {
                apart.push(start..=*range.end());
            }
        }
        apart
    }

    fn last(&self) -> usize {
        self.0.iter().map(|range| *range.end()).max().unwrap_or_default()
    }
}

impl fmt::Display for RowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            match (range.start(), range.end()) {
                (start, end) if start == end => write!(f, "{comma}{start}")?,
                (start, end) => write!(f, "{comma}{start}-{end}")?,
            }
        }
        Ok(())
    }
}

/// Tells of records, one by one, whether they are meant.
pub(super) struct Choice<'a> {
    rows: Option<&'a RowList>,
    list: Option<List<'a>>,
}

/// Persons whose records are meant.
struct List<'a> {
    path: &'a Path,
    persons: Vec<Identity>,
    wanted: HashSet<SubjectId>,
    met: HashSet<SubjectId>,
}

impl<'a> Choice<'a> {
    pub(super) fn new(rows: Option<&'a RowList>, ids_from: Option<&'a Path>) -> Result<Self, Failure> {
        let list = |path| {
            let persons = load::persons(path)?;
            let wanted = persons.iter().map(|person| person.subject.clone()).collect();
            Ok(List { path, persons, wanted, met: HashSet::new() })
        };
        Ok(Self { rows, list: ids_from.map(list).transpose()? })
    }

    pub(super) fn admits(&mut self, entry: &Entry) -> bool {
        let (row, subject) = match entry {
            Ok((row, filed)) => (*row, Some(&filed.record.subject)),
            Err(one) => (one.record, one.subject.as_ref()),
        };
        if self.rows.is_some_and(|rows| !rows.contains(row)) {
            return false;
        }
        let Some(list) = &mut self.list else { return true };
        let wanted = subject.filter(|subject| list.wanted.contains(subject));
        if let Some(subject) = wanted.filter(|subject| !list.met.contains(subject)) {
            list.met.insert(subject.clone());
        }
        wanted.is_some()
    }

    /// Whether all that was named was in the file, which has ended.
    pub(super) fn check(&self, path: &Path, end: &End) -> Result<(), Failure> {
        if let Some(last) = self.rows.map(RowList::last).filter(|last| *last > end.records) {
            let what = format!("there is no row {last}: the file holds {}", count(end.records, "record"));
            return Err(Failure::new("--rows", what, format!("name rows of {}", path.display())));
        }
        let Some(list) = &self.list else { return Ok(()) };
        if end.ids == IdSource::Numbered {
            let what = "there are no ids to choose from";
            return Err(Failure::at(path, what, "give their ids (--ids), or choose by number (--rows)"));
        }
        let absent = list.persons.iter().filter(|person| !list.met.contains(&person.subject));
        let absent: Vec<String> = absent.map(|person| format!("{}: '{}'", person.place, person.subject)).collect();
        if absent.is_empty() {
            return Ok(());
        }
        let what = format!("{} of {} not among the templates", absent.len(), count(list.persons.len(), "id"));
        let remedy = format!("correct the list, or the ids of {}", path.display());
        Err(Failure::with_details(list.path.display(), what, absent, remedy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_rows_that_are_chosen_some_can_be_named() {
        let rows = |chosen: Option<&str>, first, count| {
            let rows = chosen.map(|rows| rows.parse().unwrap());
            Chosen { rows, ids_from: None }.rows_of(first, count)
        };
        assert_eq!(rows(None, 1, 100), "1-100");
        assert_eq!(rows(None, 101, 100), "101-200");
        assert_eq!(rows(Some("5-300"), 1, 100), "5-104");
        assert_eq!(rows(Some("5-300"), 101, 100), "105-204");
        assert_eq!(rows(Some("1-3,7,9-12"), 1, 5), "1-3,7,9");
        assert_eq!(rows(Some("1-3,7,9-12"), 4, 3), "7,9-10");
        assert_eq!(rows(Some("9-12,1-3,2-7"), 1, 20), "1-3,4-7,9-12");
        assert_eq!(rows(Some("1-3"), 4, 3), "");
    }
}
