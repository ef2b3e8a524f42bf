//! Templates that Python holds, as the records that the library takes: copied row by row as they are needed, and never as a whole.

use std::io::ErrorKind;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use cotejo::Remedy;
use cotejo::cli::embedded::{self, Cause, Failure};
use cotejo::template::read::{End, Entry, Found, IdSource, Identity, Place, ReadError, RecordFault, Unusable};
use cotejo::template::{
    Bits, Eye, Filed, Handle, IrisCode, IrisShape, RealVector, Record, SubjectId, Template, TemplateShape,
};
use half::f16;
use numpy::{PyArray2, PyArrayMethods as _, PyUntypedArray, PyUntypedArrayMethods as _};
use pyo3::prelude::*;

use crate::frames::Frame;
use crate::raised::problem;
use crate::work::Watched;

/// So many rows are copied together.
const ROWS: usize = 256;

/// Templates in arrays of two axes, a row each, with whose they are.
#[pyclass(frozen, module = "cotejo._native")]
pub struct Records(Given);

/// The same for other threads.
#[derive(Clone)]
pub struct Given(Arc<Inner>);

struct Inner {
    arrays: Arrays,
    count: usize,
    whose: Whose,
}

/// Whose the rows are, as far as that is given apart.
struct Whose {
    ids: Option<Vec<SubjectId>>,
    eyes: Option<Vec<Option<Eye>>>,
    handles: Option<Vec<Option<Handle>>>,
    quality: Option<Vec<f64>>,
}

impl Whose {
    fn new(
        py: Python<'_>,
        count: usize,
        ids: Option<Vec<String>>,
        eyes: Option<Vec<Option<String>>>,
        handles: Option<Vec<Option<String>>>,
        quality: Option<Vec<f64>>,
    ) -> PyResult<Self> {
        let fault = |what: &str, number: usize, why: &dyn std::fmt::Display| {
            let what = format!("{what} number {}: {why}", number + 1);
            problem(py, Cause::Templates, "templates", &what, "give one for each template, in their order")
        };
        let all = |what: &str, length: Option<usize>| match length {
            Some(length) if length != count => {
                Err(fault(what, length, &format_args!("there are {length} of them for {count} templates")))
            }
            _ => Ok(()),
        };
        all("ids", ids.as_ref().map(Vec::len))?;
        all("eyes", eyes.as_ref().map(Vec::len))?;
        all("handles", handles.as_ref().map(Vec::len))?;
        all("qualities", quality.as_ref().map(Vec::len))?;
        let id = |(number, id): (usize, String)| SubjectId::try_from(id).map_err(|error| fault("id", number, &error));
        let eye = |(number, eye): (usize, Option<String>)| match eye.as_deref() {
            None => Ok(None),
            Some("left") => Ok(Some(Eye::Left)),
            Some("right") => Ok(Some(Eye::Right)),
            Some(_) => Err(fault("eye", number, &RecordFault::Eye)),
        };
        let handle = |(number, handle): (usize, Option<String>)| {
            handle.map(Handle::new).transpose().map_err(|error| fault("handle", number, &error))
        };
        let ids = ids.map(|ids| ids.into_iter().enumerate().map(id).collect()).transpose()?;
        let eyes = eyes.map(|eyes| eyes.into_iter().enumerate().map(eye).collect()).transpose()?;
        let handles = handles.map(|handles| handles.into_iter().enumerate().map(handle).collect()).transpose()?;
        Ok(Self { ids, eyes, handles, quality })
    }

    /// As a file's reader takes them.
    fn identities(&self) -> Option<Vec<Identity>> {
        let eye = |row: usize| self.eyes.as_ref().and_then(|eyes| eyes.get(row).copied().flatten());
        let identity = |(row, id): (usize, &SubjectId)| Identity {
            subject: id.clone(),
            eye: eye(row),
            place: Place::Row(row + 1),
        };
        self.ids.as_ref().map(|ids| ids.iter().enumerate().map(identity).collect())
    }
}

/// Arrays of NumPy. Their number of rows and element types were looked at.
enum Arrays {
    /// Numbers, or bits.
    Rows(Py<PyUntypedArray>),
    /// Codes and masks of irises, a bit each, as the library orders them.
    Irises { codes: Py<PyUntypedArray>, masks: Py<PyUntypedArray> },
    /// Columns.
    Frame(Frame),
}

/// A record that was not taken.
#[pyclass(frozen, get_all, module = "cotejo._native")]
pub struct Refused {
    /// Its number among those given, from 1; 0 where a subject as a whole is refused.
    record: usize,
    /// Whose it is, where that is known.
    id: Option<String>,
    /// Of which eye.
    eye: Option<String>,
    /// Why, and what can be done about it.
    reason: String,
    /// All of it in a line.
    text: String,
    /// Whether it is not good enough (`minimum_quality`), and no error.
    failed_to_enrol: bool,
}

impl Refused {
    /// A record that makes no template.
    pub fn unusable(one: &Unusable) -> Self {
        Self {
            record: one.record,
            id: one.subject.as_ref().map(|id| id.as_str().to_owned()),
            eye: one.eye.map(|eye| eye.to_string()),
            reason: one.fault.in_full(),
            text: one.to_string(),
            failed_to_enrol: matches!(one.fault, RecordFault::Quality { .. }),
        }
    }

    /// A record that was not enrolled.
    pub fn of(refusal: &cotejo::custodian::RefusedRecord) -> Self {
        Self {
            record: refusal.record,
            id: Some(refusal.subject.as_str().to_owned()),
            eye: refusal.eye.map(|eye| eye.to_string()),
            reason: refusal.reason.in_full(),
            text: refusal.to_string(),
            failed_to_enrol: false,
        }
    }

    /// A record that makes no probe.
    pub fn probe(record: usize, subject: &SubjectId, error: &dyn Remedy) -> Self {
        let reason = error.in_full();
        let text = format!("row {record}, '{subject}': {reason}");
        Self { record, id: Some(subject.as_str().to_owned()), eye: None, reason, text, failed_to_enrol: false }
    }

    /// The failure that refused records are told with; none where there are none but failures to enrol.
    pub fn failure(refused: &[Self], given: usize, place: &str) -> Option<Failure> {
        let refused: Vec<&Self> = refused.iter().filter(|one| !one.failed_to_enrol).collect();
        let [first, others @ ..] = &refused[..] else { return None };
        let remedy = "repair or leave them out; on_invalid=\"skip\" leaves out what cannot be used";
        let failure = match others {
            [] => Failure::new(place, &first.text, format!("{remedy} ({})", first.reason)),
            _ => {
                let what = format!("{} of {given} records cannot be used", refused.len());
                Failure::with_details(place, what, refused.iter().map(|one| one.text.clone()).collect(), remedy)
            }
        };
        Some(failure.because(Cause::Templates))
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[pymethods]
impl Refused {
    fn __repr__(&self) -> String {
        format!("<Refused {}>", self.text)
    }

    fn __str__(&self) -> String {
        self.text.clone()
    }
}

#[pymethods]
impl Records {
    /// Rows of numbers or bits; with `masks`, codes of irises.
    #[new]
    #[pyo3(signature = (rows, masks = None, ids = None, eyes = None, handles = None, quality = None))]
    fn new(
        py: Python<'_>,
        rows: Bound<'_, PyUntypedArray>,
        masks: Option<Bound<'_, PyUntypedArray>>,
        ids: Option<Vec<String>>,
        eyes: Option<Vec<Option<String>>>,
        handles: Option<Vec<Option<String>>>,
        quality: Option<Vec<f64>>,
    ) -> PyResult<Self> {
        let count = rows.shape().first().copied().unwrap_or_default();
        let whose = Whose::new(py, count, ids, eyes, handles, quality)?;
        for array in std::iter::once(&rows).chain(&masks) {
            if array.ndim() != 2 || array.shape().first() != Some(&count) || !is_read(array) {
                let what = format!("an array of shape {:?} of {}", array.shape(), array.dtype());
                return Err(problem(
                    py,
                    Cause::Templates,
                    "templates",
                    &what,
                    "give numbers or bits, a row a template",
                ));
            }
        }
        let arrays = match masks {
            None => Arrays::Rows(rows.unbind()),
            Some(masks) => Arrays::Irises { codes: rows.unbind(), masks: masks.unbind() },
        };
        Ok(Self(Given(Arc::new(Inner { arrays, count, whose }))))
    }

    /// Rows of a frame; `count` is how many there are, where that is known. Its ids are those given apart, or those of a column.
    #[staticmethod]
    #[pyo3(signature = (frame, count, column = None, id_column = None, handles = None, ids = None, eyes = None))]
    #[expect(clippy::too_many_arguments, reason = "in Python they have names")]
    fn of_frame(
        py: Python<'_>,
        frame: Py<PyAny>,
        count: usize,
        column: Option<String>,
        id_column: Option<String>,
        handles: Option<String>,
        ids: Option<Vec<String>>,
        eyes: Option<Vec<Option<String>>>,
    ) -> PyResult<Self> {
        let whose = Whose::new(py, count, ids, eyes, None, None)?;
        let arrays = Arrays::Frame(Frame::new(frame, column, id_column, handles));
        Ok(Self(Given(Arc::new(Inner { arrays, count, whose }))))
    }

    fn __len__(&self) -> usize {
        self.0.count()
    }
}

impl Records {
    pub fn shared(&self) -> Given {
        self.0.clone()
    }
}

impl Given {
    /// How many records there are.
    pub fn count(&self) -> usize {
        self.0.count
    }

    /// Whether it is a frame, whose columns say whose rows are.
    pub fn is_frame(&self) -> bool {
        matches!(self.0.arrays, Arrays::Frame(_))
    }

    /// Takes the records one by one, until `take` wants no more, or the work is stopped; what is known at their end.
    pub fn for_each(
        &self,
        shape: TemplateShape,
        minimum_quality: Option<f64>,
        watched: &Watched,
        take: &mut dyn FnMut(Entry) -> bool,
    ) -> Result<Option<End>, Failure> {
        use cotejo::scheme::Progress as _;
        let ended = embedded::Records::each(self, shape, minimum_quality, &mut |_, entry| {
            watched.advance(1);
            match watched.stop() || !take(entry) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        match ended {
            Ok(_) | Err(ReadError::Stopped) if watched.stop() => Err(Failure::Interrupted),
            Ok(end) => Ok(Some(end)),
            Err(ReadError::Stopped) => Ok(None),
            Err(error) => {
                let otherwise = "give templates of the agreed shape";
                Err(Failure::of("templates".as_ref(), &error, otherwise).because(Cause::Templates))
            }
        }
    }

    /// Whether a row, from 0, is as good as is asked for.
    fn good(&self, row: usize, minimum: Option<f64>) -> Result<(), RecordFault> {
        let Some(minimum) = minimum else { return Ok(()) };
        let quality = self.0.whose.quality.as_ref().and_then(|all| all.get(row).copied());
        match quality.is_some_and(|quality| quality >= minimum) {
            true => Ok(()),
            false => Err(RecordFault::Quality { quality, minimum }),
        }
    }

    /// The record of a row, from 0.
    fn entry(&self, row: usize, template: Result<Template, RecordFault>) -> Entry {
        let inner = &self.0;
        let record = row + 1;
        let eye = inner.whose.eyes.as_ref().and_then(|eyes| eyes.get(row).copied().flatten());
        let subject = inner.whose.ids.as_ref().and_then(|ids| ids.get(row).cloned());
        let named = subject.clone().map_or_else(|| SubjectId::try_from(record.to_string()), Ok);
        match template.and_then(|template| Ok((template, named?))) {
            Ok((template, named)) => {
                let handle = inner.whose.handles.as_ref().and_then(|handles| handles.get(row).cloned().flatten());
                Ok((record, Filed { record: Record { subject: named, eye, template }, handle }))
            }
            Err(fault) => Err(Unusable { place: Place::Row(record), record, subject, eye, fault }),
        }
    }

    /// The templates of some rows. Holds the interpreter's lock while it copies them.
    fn templates(&self, rows: Range<usize>, shape: TemplateShape) -> PyResult<Vec<Result<Template, RecordFault>>> {
        Python::attach(|py| match (&self.0.arrays, shape) {
            (Arrays::Rows(array), TemplateShape::Vector(_)) => {
                let values = numbers(array.bind(py), rows)?;
                Ok(values.into_iter().map(|row| Ok(Template::Vector(RealVector::new(row)?))).collect())
            }
            (Arrays::Rows(array), TemplateShape::Bits(length)) => {
                let values = numbers(array.bind(py), rows)?;
                Ok(values.into_iter().map(|row| Ok(Template::Bits(bits(&row, length)?))).collect())
            }
            (Arrays::Irises { codes, masks }, TemplateShape::Iris(shape)) => {
                let (codes, masks) = (numbers(codes.bind(py), rows.clone())?, numbers(masks.bind(py), rows)?);
                Ok(codes.iter().zip(&masks).map(|(code, mask)| Ok(Template::Iris(iris(code, mask, shape)?))).collect())
            }
            (arrays, expected) => {
                let columns = match arrays {
                    Arrays::Rows(array) | Arrays::Irises { codes: array, .. } => array.bind(py).shape().get(1).copied(),
                    Arrays::Frame(_) => None,
                };
                let fault = RecordFault::Columns { expected: values(expected), actual: columns.unwrap_or_default() };
                Ok(rows.map(|_| Err(fault.clone())).collect())
            }
        })
    }
}

impl embedded::Records for Given {
    fn each(
        &self,
        shape: TemplateShape,
        minimum_quality: Option<f64>,
        take: &mut dyn FnMut(IdSource, Entry) -> ControlFlow<()>,
    ) -> Result<End, ReadError> {
        if let Arrays::Frame(frame) = &self.0.arrays {
            return frame.each(shape, self.0.whose.identities(), minimum_quality, take);
        }
        let count = self.count();
        if count == 0 {
            return Err(ReadError::NoRecords);
        }
        let ids = if self.0.whose.ids.is_some() { IdSource::Given } else { IdSource::Numbered };
        for first in (0..count).step_by(ROWS) {
            let rows = first..count.min(first + ROWS);
            let templates = self.templates(rows.clone(), shape);
            // Somebody else is writing to the array.
            let templates = templates.map_err(|_| ReadError::Unreadable(ErrorKind::ResourceBusy))?;
            for (row, template) in rows.zip(templates) {
                let good = self.good(row, minimum_quality);
                if take(ids, self.entry(row, good.and(template))).is_break() {
                    return Err(ReadError::Stopped);
                }
            }
        }
        Ok(End { records: count, ids, found: Found::default() })
    }
}

/// Values of a template.
fn values(shape: TemplateShape) -> usize {
    match shape {
        TemplateShape::Vector(values) | TemplateShape::Bits(values) => values,
        TemplateShape::Iris(iris) => iris.bits(),
    }
}

/// The bits of a row: 0 and 1, or packed, most significant bit first.
fn bits(row: &[f64], length: usize) -> Result<Bits, RecordFault> {
    let packed = row.len() == length.div_ceil(8) && row.len() != length;
    if packed && row.iter().all(|byte| (0.0..=255.0).contains(byte) && byte.fract() == 0.0) {
        let bytes: Vec<u8> = row.iter().map(|byte| *byte as u8).collect();
        return Ok(Bits::from_msb_first(&bytes, length)?);
    }
    if row.len() != length {
        return Err(RecordFault::Columns { expected: length, actual: row.len() });
    }
    let bit = |(column, value): (usize, &f64)| match *value {
        0.0 => Ok(false),
        1.0 => Ok(true),
        _ => Err(RecordFault::NotABit { column: column + 1 }),
    };
    Ok(Bits::new(row.iter().enumerate().map(bit).collect::<Result<Vec<bool>, _>>()?)?)
}

fn iris(code: &[f64], mask: &[f64], shape: IrisShape) -> Result<IrisCode, RecordFault> {
    Ok(IrisCode::new(shape, bits(code, shape.bits())?, bits(mask, shape.bits())?)?)
}

/// Runs `$then` on a table of the element type that it has, with what makes a number of one; goes on below where that is none of these.
macro_rules! of_its_type {
    ($array:expr, $then:expr) => {
        of_its_type!(
            $array, $then;
            f32 => f64::from, f64 => |x| x, f16 => f64::from, bool => |x| f64::from(u8::from(x)), u8 => f64::from, i8 => f64::from,
            i16 => f64::from, u16 => f64::from, i32 => f64::from, u32 => f64::from, i64 => |x| x as f64, u64 => |x| x as f64
        )
    };
    ($array:expr, $then:expr; $($type:ty => $into:expr),+) => {
        $(if let Ok(table) = $array.cast::<PyArray2<$type>>() {
            let into: fn($type) -> f64 = $into;
            return $then(table, into);
        })+
    };
}

/// Some rows as numbers, whatever the element type and the order in memory.
fn numbers(array: &Bound<'_, PyUntypedArray>, rows: Range<usize>) -> PyResult<Vec<Vec<f64>>> {
    fn copied<T: numpy::Element + Copy>(
        table: &Bound<'_, PyArray2<T>>,
        rows: Range<usize>,
        into: fn(T) -> f64,
    ) -> PyResult<Vec<Vec<f64>>> {
        let table = table.try_readonly()?;
        let view = table.as_array();
        Ok(rows.map(|row| view.row(row).iter().map(|value| into(*value)).collect()).collect())
    }
    of_its_type!(array, |table, into| copied(table, rows.clone(), into));
    Ok(Vec::new())
}

/// Whether the elements are of a type that is read.
fn is_read(array: &Bound<'_, PyUntypedArray>) -> bool {
    of_its_type!(array, |_, _| true);
    false
}
