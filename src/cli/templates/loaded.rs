//! Records in memory, and what becomes of those that cannot be used.

use std::path::Path;

use crate::remedy::Remedy as _;
use crate::scheme::Opened;
use crate::template::read::{ArchiveFault, BitOrder, ColumnFault, Place, ReadError, RecordFault, Unusable};
use crate::template::{Record, SubjectId};

use crate::cli::console::{Console, count};
use crate::cli::failure::{Cause, Failure};

/// The records of a file that are meant.
pub struct Loaded {
    /// Those that can be used, each with its number in the file, from 1.
    pub records: Vec<(usize, Record)>,
    /// The others.
    pub unusable: Vec<Unusable>,
    /// Those that are not good enough, which were told.
    pub failed: Vec<Unusable>,
    /// Whether nobody says whose they are, so that numbers stand for ids.
    pub(super) numbered: bool,
}

impl Loaded {
    /// Records of which none can be used.
    pub fn unusable(unusable: Vec<Unusable>) -> Self {
        Self { records: Vec::new(), unusable, failed: Vec::new(), numbered: false }
    }

    /// How many there are.
    pub fn given(&self) -> usize {
        self.records.len() + self.unusable.len() + self.failed.len()
    }

    /// What is refused, where nothing is to be left out, or where nothing else is there; it is told otherwise.
    pub fn settle(&self, path: &Path, skip: bool, console: &Console) -> Result<(), Failure> {
        let (left, refused) = (self.records.len(), &self.unusable);
        if left > 0 && (skip || refused.is_empty()) {
            console.warn_each(&format!("{}: left out", path.display()), refused.iter());
            return Ok(());
        }
        Err(self.refusal(path))
    }

    /// The refusal of what cannot be used.
    pub fn refusal(&self, path: &Path) -> Failure {
        self.refused(path).because(Cause::Templates)
    }

    fn refused(&self, path: &Path) -> Failure {
        let (left, refused) = (self.records.len(), &self.unusable);
        let or = if left > 0 { "; --skip-refused leaves out what cannot be used" } else { "" };
        match &refused[..] {
            [] => Failure::at(path, "no record is chosen", "choose others (--rows, --ids-from, --where)"),
            [one] => {
                let error = ReadError::Record { place: one.place, fault: one.fault.clone() };
                let remedy = own_remedy(&error).map(Into::into).or_else(|| error.remedy());
                Failure::at(path, one, format!("{}{or}", remedy.unwrap_or("repair it".into())))
            }
            several => {
                let what = format!("{} of {} cannot be used", several.len(), count(several.len() + left, "record"));
                let details = several.iter().map(Unusable::to_string).collect();
                let mut remedies = several.iter().map(|one| one.fault.remedy());
                let first = remedies.next().flatten();
                let remedy = first.filter(|first| remedies.all(|other| other.as_ref() == Some(first)));
                let remedy = remedy.unwrap_or("repair them ('cotejo help formats' says what is read)".into());
                let remedy = format!("{remedy}{or}");
                Failure::with_details(path.display(), what, details, remedy)
            }
        }
    }

    /// The records as probes; those that make none are told where they are to be left out, and refused otherwise.
    pub fn probes(
        mut self,
        path: &Path,
        agreement: &Opened,
        skip: bool,
        console: &Console,
    ) -> Result<Vec<Record>, Failure> {
        let functional = agreement.functional();
        if skip {
            for (record, of) in std::mem::take(&mut self.records) {
                match functional.probe(&of.template) {
                    Ok(_) => self.records.push((record, of)),
                    Err(error) => {
                        let Record { subject, eye, .. } = of;
                        let (place, subject) = (Place::Record(record), Some(subject));
                        self.unusable.push(Unusable { place, record, subject, eye, fault: error.into() });
                    }
                }
            }
        }
        self.settle(path, skip, console)?;
        let named = |(_, mut record): (usize, Record)| {
            if self.numbered {
                record.subject = numbered(path, &record.subject);
            }
            record
        };
        Ok(self.records.into_iter().map(named).collect())
    }
}

/// How a person is called of whom a file says nothing but the number: in verdicts, a number alone would be taken for an id.
fn numbered(path: &Path, number: &SubjectId) -> SubjectId {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    SubjectId::try_from(format!("{file} row {number}")).unwrap_or_else(|_| number.clone())
}

/// What an option of this program can do about it.
pub fn own_remedy(error: &ReadError) -> Option<&'static str> {
    match error {
        ReadError::Record { fault: RecordFault::PerhapsHeader { .. }, .. } => {
            Some("say which it is (--header yes or --header no)")
        }
        ReadError::Record { fault: RecordFault::TwoLabels(_), .. } | ReadError::Archive(ArchiveFault::TwoLabels(_)) => {
            Some("leave one out, or give the ids apart (--ids)")
        }
        ReadError::Column(ColumnFault::Absent { .. }) => {
            Some("name the column (--column), which has one list of all values in each row, or call it so")
        }
        ReadError::Column(ColumnFault::TwoTemplates(_)) => Some("name one (--column)"),
        ReadError::Column(ColumnFault::TwoLabels(_)) => Some("name one (--id-column), or give the ids apart (--ids)"),
        ReadError::Record { fault: RecordFault::FractionIds, .. } => Some(
            "write whole numbers (astype(int) in NumPy and pandas), or give the ids apart (--ids), in double quotes if they are so",
        ),
        ReadError::MaskMarks { .. } => {
            Some("say what they mark (--mask-marks valid or --mask-marks noise), or call it `valid` or `noise`")
        }
        ReadError::BitOrder { other: BitOrder::FilterFirst, .. } => Some(
            "say which it is: --bit-order filter-first, or --bit-order position-first if they are in the right order nevertheless",
        ),
        ReadError::BitOrder { .. } => Some(
            "say which it is: --bit-order channel-first, or --bit-order position-first if they are in the right order nevertheless",
        ),
        _ => None,
    }
}
