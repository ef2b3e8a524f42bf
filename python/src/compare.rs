//! The clear oracle on all pairs: what defines every encrypted verdict, on data of one's own.

use cotejo::cli::embedded::Failure;
use cotejo::functional::{Bulk, Functional};
use cotejo::scheme::Progress as _;
use cotejo::template::read::Entry;
use cotejo::template::{Template, TemplateError};
use cotejo::{Opened, Remedy as _};
use numpy::{PyArray2, PyArrayMethods as _};
use pyo3::prelude::*;
use rayon::prelude::*;

use crate::agreement::Agreement;
use crate::raised::raised;
use crate::records::{Given, Records, Refused};
use crate::work::{self, Watched};

/// So many records are turned to integers together, on all cores.
const TOGETHER: usize = 4096;
/// About so many pairs are judged before it is looked whether to stop.
const PAIRS: usize = 1 << 27;
/// Bringing references into the form that is computed on costs as much as ten probes.
const FEWEST_PROBES: usize = 64;

/// Scores and verdicts of all pairs, a row a probe; ids of probes and references; what was skipped of both.
type Compared<'py> =
    (Bound<'py, PyArray2<f32>>, Bound<'py, PyArray2<bool>>, (Vec<String>, Vec<String>), (Vec<Refused>, Vec<Refused>));

/// Compares every probe with every reference.
#[pyfunction]
pub fn compare<'py>(
    py: Python<'py>,
    agreement: &Agreement,
    probes: &Records,
    references: &Records,
    skip: bool,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Compared<'py>> {
    let opened = agreement.opened();
    let (of_probes, of_references) = (probes.shared(), references.shared());
    let read = work::run(
        py,
        || {
            let watched = Watched::default();
            let probes = prepared(&of_probes, opened, "probes", skip, &watched, Functional::probe)?;
            Ok((probes, prepared(&of_references, opened, "references", skip, &watched, Functional::reference)?))
        },
        || (),
        |_| Ok(()),
    )?;
    let (probes, references) = read.map_err(|failure| raised(py, failure))?;
    let (down, across) = (probes.integers.len(), references.integers.len());
    let scores = PyArray2::<f32>::zeros(py, [down, across], false);
    let hits = PyArray2::<bool>::zeros(py, [down, across], false);
    {
        let (mut scores, mut hits) = (scores.readwrite(), hits.readwrite());
        let (scores, hits) = (scores.as_slice_mut()?, hits.as_slice_mut()?);
        let judged = work::watched(py, progress, ("compare", "probe", down as u64), |watched| {
            let bulk = Bulk::new(opened.functional(), &probes.integers, &references.integers);
            let together = (PAIRS / across.max(1)).max(FEWEST_PROBES);
            let rows = scores.chunks_mut(together * across).zip(hits.chunks_mut(together * across));
            for (number, (scores, hits)) in rows.enumerate() {
                if watched.stop() {
                    return Err(Failure::Interrupted);
                }
                let first = number * together;
                let some = first..down.min(first + together);
                watched.advance(some.len() as u64);
                let judged = bulk.judge(some, scores, hits);
                judged.map_err(|error| Failure::new("compare", error, error.remedy().unwrap_or_default()))?;
            }
            Ok(())
        })?;
        judged.map_err(|failure| raised(py, failure))?;
    }
    Ok((scores, hits, (probes.ids, references.ids), (probes.refused, references.refused)))
}

/// Templates as integers.
struct Prepared<T> {
    integers: Vec<T>,
    ids: Vec<String>,
    refused: Vec<Refused>,
}

/// The templates that `prepare` takes; the others are refused, unless they are to be skipped.
fn prepared<T: Send>(
    given: &Given,
    opened: &Opened,
    place: &str,
    skip: bool,
    watched: &Watched,
    prepare: impl Fn(&Functional, &Template) -> Result<T, TemplateError> + Sync,
) -> Result<Prepared<T>, Failure> {
    let functional = opened.functional();
    let mut made = Prepared { integers: Vec::with_capacity(given.count()), ids: Vec::new(), refused: Vec::new() };
    let mut waiting: Vec<Entry> = Vec::new();
    let mut settle = |waiting: &mut Vec<Entry>| {
        let integers =
            |entry: &Entry| entry.as_ref().ok().map(|(_, filed)| prepare(functional, &filed.record.template));
        let integers: Vec<_> = waiting.par_iter().map(integers).collect();
        for (entry, integers) in waiting.drain(..).zip(integers) {
            match (entry, integers) {
                (Ok((_, filed)), Some(Ok(integers))) => {
                    made.integers.push(integers);
                    made.ids.push(filed.record.subject.into());
                }
                (Ok((number, filed)), Some(Err(error))) => {
                    made.refused.push(Refused::probe(number, &filed.record.subject, &error));
                }
                (Err(one), _) => made.refused.push(Refused::unusable(&one)),
                (Ok(_), None) => {}
            }
        }
    };
    given.for_each(opened.shape(), None, watched, &mut |entry| {
        waiting.push(entry);
        if waiting.len() == TOGETHER {
            settle(&mut waiting);
        }
        true
    })?;
    settle(&mut waiting);
    match Refused::failure(&made.refused, made.refused.len() + made.ids.len(), place) {
        Some(failure) if !skip || made.ids.is_empty() => Err(failure),
        _ => Ok(made),
    }
}
