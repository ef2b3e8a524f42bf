//! JSON: objects one after the other, on a line each or on several, or a list of them; and the other ways in which people keep vectors.

mod values;

use serde_json::Value;

use super::error::{Place, ReadError, RecordFault};
use super::fields::Fields;
use super::names::{self, MaskMarks};
use super::source::Source;
use super::{Asked, Beside, Found, Raw, Row, Sink, text};
use crate::template::{Bits, Eye, Handle, IrisShape, SubjectId, Template, TemplateShape};
use values::{Item, Values};

/// Reads JSON.
pub(super) fn rows(
    source: Source<'_>,
    shape: TemplateShape,
    asked: Asked<'_>,
    sink: &mut dyn Sink,
) -> Result<Beside, ReadError> {
    let mut reader =
        Reader { shape, asked, sink, stopped: None, found: Found::default(), mask: String::new(), items: 0 };
    let mut values = Values::new(source);
    while let Some((place, value)) = values.next()? {
        match value {
            Ok(value) => reader.item(value, place),
            Err(fault) => reader.push(place, Whose::default(), Err(fault)),
        }
        if let Some(stopped) = reader.stopped {
            return Err(stopped);
        }
    }
    match reader.found.by_id && reader.items > 1 {
        true => Err(ReadError::Structure { found: "several objects of lists, with no field that is known" }),
        // Before, what was found was not asked about.
        false if asked.handles.is_some() && reader.found.handles.is_none() && reader.items > 0 => {
            Err(asked.no_handles(reader.found.label.iter().chain(&reader.found.unread).map(String::as_str)))
        }
        false => Ok(Beside { found: reader.found, mask: reader.mask }),
    }
}

/// Makes rows of values.
struct Reader<'a> {
    shape: TemplateShape,
    asked: Asked<'a>,
    sink: &'a mut dyn Sink,
    /// What a row came to that was not taken.
    stopped: Option<ReadError>,
    found: Found,
    /// The name of a mask that does not say what its ones mark, if there is one.
    mask: String,
    items: usize,
}

/// How iris-mpc names the code and the mask of an eye, and how it names an eye with both within.
const EYES: [(Eye, &str, &str, &str); 2] = [
    (Eye::Left, "left_iris_code", "left_mask_code", "left"),
    (Eye::Right, "right_iris_code", "right_mask_code", "right"),
];
/// Which program wrote it: nothing that a template needs.
const VERSIONS: [&str; 2] = ["IRIS_version", "iris_code_version"];

/// Whose a row is.
#[derive(Clone, Default)]
struct Whose {
    subject: Option<SubjectId>,
    eye: Option<Eye>,
    handle: Option<Handle>,
    quality: Option<f64>,
}

impl Reader<'_> {
    fn push(&mut self, place: Place, whose: Whose, template: Result<Raw, RecordFault>) {
        let (Whose { subject, eye, handle, quality }, person) = (whose, self.items.max(1));
        if self.stopped.is_none() {
            self.stopped = self.sink.row(Row { place, person, subject, eye, handle, quality, template }).err();
        }
    }

    fn item(&mut self, item: Item, place: Place) {
        self.items += 1;
        let read = match (item, self.shape) {
            (Item::Object(fields), TemplateShape::Iris(shape)) => self.irises(fields, shape, place),
            (Item::Object(fields), _) => self.object(fields, place),
            (Item::List(values), TemplateShape::Vector(dimension)) => {
                let raw = numbers(&values).and_then(|values| Raw::vector(values, dimension));
                self.push(place, Whose::default(), raw);
                Ok(())
            }
            (Item::List(_), _) => Err(RecordFault::Json { column: 1 }),
        };
        if let Err(fault) = read {
            self.push(place, Whose::default(), Err(fault));
        }
    }

    /// A vector or bits, with what goes with them; or lists of all of these; or vectors by the identifiers of their subjects.
    fn object(&mut self, mut fields: Fields, place: Place) -> Result<(), RecordFault> {
        let handles = self.handles(&fields)?;
        let (known, expected): (&[&str], _) = match self.shape {
            TemplateShape::Vector(_) => (&names::VECTORS, "`vector` (or `embedding`, `values`)"),
            _ => (&names::BITS, "`bits`"),
        };
        let (name, value) =
            match fields.take_one(|name| names::is_one_of(known, name)).map_err(RecordFault::TwoTemplates)? {
                Some(found) => found,
                None if self.is_by_id(&fields) => return self.by_id(&fields, place),
                None => return Err(RecordFault::NoTemplate { expected, found: names::listed(fields.names()) }),
            };
        let labels = self.labels(&mut fields)?;
        let (eye, of_records) = (eye(&mut fields)?, self.quality(&mut fields)?);
        self.unread(&fields);
        match (value, self.shape) {
            (Value::Array(values), TemplateShape::Vector(dimension)) if values.first().is_some_and(Value::is_array) => {
                const EACH: &str = "a list of as many as there are vectors";
                let labels = of_each(labels, values.len());
                let labels = labels.ok_or(RecordFault::FieldType { name: "id", expected: EACH })?;
                let handles = of_each(handles, values.len()).ok_or(RecordFault::HandleType { expected: EACH })?;
                let qualities = of_each(of_records, values.len());
                let qualities = qualities.ok_or(RecordFault::FieldType { name: "quality", expected: EACH })?;
                let labels = labels.into_iter().zip(handles.into_iter().zip(qualities));
                for (index, (value, (label, (of_record, quality)))) in values.iter().zip(labels).enumerate() {
                    let raw = list(value, &name).and_then(|values| Raw::vector(values, dimension));
                    self.items += usize::from(index > 0);
                    let (subject, handle) = (subject(label), handle(of_record));
                    let raw = raw.and_then(|raw| subject.as_ref().map_err(Clone::clone).map(|_| raw));
                    let raw = raw.and_then(|raw| handle.as_ref().map_err(Clone::clone).map(|_| raw));
                    let (subject, handle) = (subject.ok().flatten(), handle.ok().flatten());
                    let whose = Whose { subject, eye, handle, quality: number_of(quality) };
                    self.push(if index > 0 { Place::Record(index + 1) } else { place }, whose, raw);
                }
                Ok(())
            }
            (value, shape) => {
                let (subject, handle) = (subject(labels)?, handle(handles));
                let raw = template(&value, &name, shape);
                let raw = raw.and_then(|raw| handle.as_ref().map_err(Clone::clone).map(|_| raw));
                let (handle, quality) = (handle.ok().flatten(), number_of(of_records));
                self.push(place, Whose { subject, eye, handle, quality }, raw);
                Ok(())
            }
        }
    }

    /// Whether an object's fields are vectors, under the identifiers of their subjects.
    fn is_by_id(&self, fields: &Fields) -> bool {
        let TemplateShape::Vector(dimension) = self.shape else { return false };
        fields.iter().nth(1).is_some()
            && fields.iter().all(|(_, value)| value.as_array().is_some_and(|values| values.len() == dimension))
    }

    fn by_id(&mut self, fields: &Fields, place: Place) -> Result<(), RecordFault> {
        let TemplateShape::Vector(dimension) = self.shape else { return Ok(()) };
        self.found.by_id = true;
        for (name, value) in fields.iter() {
            let raw = list(value, name).and_then(|values| Raw::vector(values, dimension));
            match RecordFault::subject(name) {
                Ok(subject) => self.push(place, Whose { subject: Some(subject), ..Whose::default() }, raw),
                Err(fault) => self.push(place, Whose::default(), Err(fault)),
            }
        }
        Ok(())
    }

    /// One eye, or both of a person.
    fn irises(&mut self, mut fields: Fields, shape: IrisShape, place: Place) -> Result<(), RecordFault> {
        let of_person = self.handles(&fields)?;
        let subject = self.labels(&mut fields).and_then(subject)?;
        let (eye, quality) = (eye(&mut fields)?, number_of(self.quality(&mut fields)?));
        let handle = handle(of_person);
        let mut irises = Vec::new();
        for (of, code, mask, whole) in EYES {
            match (fields.take(code)?, fields.take(mask)?, fields.take(whole)?) {
                (None, None, None | Some(Value::Null)) => {}
                (Some(Value::Null), Some(Value::Null), None) => {}
                (Some(code_value), Some(mask_value), None) => {
                    let marks = Some(MaskMarks::Valid);
                    irises.push((Some(of), iris((code, &code_value), (mask, &mask_value), marks, shape)));
                }
                (None, None, Some(Value::Object(inside))) => {
                    let mut inside: Fields = inside.into_iter().collect();
                    let raw = self.iris(&mut inside, shape);
                    irises.push((Some(of), raw));
                    self.unread(&inside);
                }
                (None, Some(_), _) => return Err(RecordFault::Missing { name: code }),
                (Some(_), None, _) => return Err(RecordFault::Missing { name: mask }),
                _ => return Err(RecordFault::FieldType { name: whole, expected: "an object with a code and a mask" }),
            }
        }
        if irises.is_empty() {
            irises.push((eye, self.iris(&mut fields, shape)));
        }
        self.unread(&fields);
        for (eye, raw) in irises {
            let raw = raw.and_then(|raw| handle.as_ref().map_err(Clone::clone).map(|_| raw));
            let handle = handle.as_ref().ok().cloned().flatten();
            self.push(place, Whose { subject: subject.clone(), eye, handle, quality }, raw);
        }
        Ok(())
    }

    /// The iris of a code and a mask.
    fn iris(&mut self, fields: &mut Fields, shape: IrisShape) -> Result<Raw, RecordFault> {
        let code = fields.take_one(|name| names::is_one_of(&names::CODES, name)).map_err(RecordFault::TwoTemplates)?;
        let mask = fields.take_one(names::is_mask).map_err(RecordFault::TwoMasks)?;
        match (code, mask) {
            (None, _) => Err(RecordFault::NoTemplate {
                expected: "`code` and `mask`, `iris_codes` and `mask_codes`, or `left_iris_code` and `left_mask_code`",
                found: names::listed(fields.names()),
            }),
            (Some(_), None) => Err(RecordFault::Missing { name: "mask" }),
            (Some((code_name, code)), Some((mask_name, mask))) => {
                let marks = names::marks_of(&mask_name);
                if marks.is_none() {
                    self.mask = names::shortened(&mask_name);
                }
                iris((&code_name, &code), (&mask_name, &mask), marks, shape)
            }
        }
    }

    /// What says whose templates these are.
    fn labels(&mut self, fields: &mut Fields) -> Result<Option<Value>, RecordFault> {
        if self.asked.apart {
            return Ok(None);
        }
        let name = names::label(fields.names().filter(|name| names::is_label(name)), self.asked);
        let name = name.map_err(RecordFault::TwoLabels)?;
        let Some(name) = name.map(str::to_owned) else { return Ok(None) };
        self.found.label.get_or_insert_with(|| names::shortened(&name));
        fields.take(&name)
    }

    /// What handles are read from. It stays where it is, for it may be read as something else too.
    fn handles(&mut self, fields: &Fields) -> Result<Option<Value>, RecordFault> {
        let mut called = fields.iter().filter(|(name, _)| self.asked.is_handles(name));
        let Some((name, value)) = called.next() else { return Ok(None) };
        let name = names::shortened(name);
        if called.next().is_some() {
            return Err(RecordFault::Repeated { name });
        }
        self.found.handles.get_or_insert(name);
        Ok(Some(value.clone()))
    }

    /// What says how good the templates are, where that is asked for.
    fn quality(&mut self, fields: &mut Fields) -> Result<Option<Value>, RecordFault> {
        let asked = self.asked;
        let found = fields.take_one(|name| asked.is_quality(name));
        let found = found.map_err(|two| RecordFault::Repeated { name: two.second })?;
        Ok(found.map(|(name, value)| {
            self.found.quality.get_or_insert(name);
            value
        }))
    }

    /// Remembers what was not read.
    fn unread(&mut self, fields: &Fields) {
        let unread = |name: &str| !VERSIONS.contains(&name) && !self.asked.is_handles(name);
        let unread: Vec<_> = fields.iter().filter(|(name, _)| unread(name)).collect();
        for (name, value) in unread {
            let name = names::shortened(name);
            if self.found.unread.len() < 16 && !self.found.unread.contains(&name) {
                if (value.is_string() || value.is_i64() || value.is_u64())
                    && !self.asked.apart
                    && self.found.label.is_none()
                    && !names::is_quality(&name)
                {
                    self.found.candidates.push(name.clone());
                }
                self.found.unread.push(name);
            }
        }
    }
}

fn subject(label: Option<Value>) -> Result<Option<SubjectId>, RecordFault> {
    match label {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => RecordFault::subject(&text).map(Some),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => {
            RecordFault::subject(&number.to_string()).map(Some)
        }
        Some(_) => Err(RecordFault::FieldType { name: "id", expected: "a text or an integer" }),
    }
}

/// What a field says of each of so many records; none where it does not.
fn of_each(value: Option<Value>, records: usize) -> Option<Vec<Option<Value>>> {
    match (value, records) {
        (Some(Value::Array(values)), records) if values.len() == records => {
            Some(values.into_iter().map(Some).collect())
        }
        (value, 1) => Some(vec![value]),
        (None, records) => Some(vec![None; records]),
        (Some(_), _) => None,
    }
}

fn handle(value: Option<Value>) -> Result<Option<Handle>, RecordFault> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => RecordFault::handle(&text),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => RecordFault::handle(&number.to_string()),
        Some(_) => Err(RecordFault::HandleType { expected: "a text or an integer" }),
    }
}

/// A number, also as a text; no number where it is something else.
fn number_of(value: Option<Value>) -> Option<f64> {
    match value {
        None | Some(Value::Null) => None,
        Some(Value::Number(number)) => Some(number.as_f64().unwrap_or(f64::NAN)),
        Some(Value::String(text)) if text.trim().is_empty() => None,
        Some(Value::String(text)) => Some(text.trim().parse().unwrap_or(f64::NAN)),
        Some(_) => Some(f64::NAN),
    }
}

fn eye(fields: &mut Fields) -> Result<Option<Eye>, RecordFault> {
    let found = fields.take_one(|name| names::is_one_of(&names::EYES, name));
    match found.map_err(|two| RecordFault::Repeated { name: two.second })?.map(|(_, value)| value) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(eye)) => text::eye(&eye).map(Some),
        Some(_) => Err(RecordFault::FieldType { name: "eye", expected: "a text" }),
    }
}

fn template(value: &Value, name: &str, shape: TemplateShape) -> Result<Raw, RecordFault> {
    match shape {
        TemplateShape::Vector(dimension) => Raw::vector(list(value, name)?, dimension),
        TemplateShape::Bits(length) => Ok(Raw::Whole(Template::Bits(bits(value, length, name)?))),
        TemplateShape::Iris(_) => Err(RecordFault::OtherKind { name: names::shortened(name), shape }),
    }
}

/// Numbers, as a list or as the text of one.
fn list(value: &Value, name: &str) -> Result<Vec<f64>, RecordFault> {
    match value {
        Value::Array(values) => numbers(values),
        Value::String(text) => text::numbers(text, name),
        _ => Err(RecordFault::NoNumbers { name: names::shortened(name) }),
    }
}

fn numbers(values: &[Value]) -> Result<Vec<f64>, RecordFault> {
    let number = |(index, value): (usize, &Value)| value.as_f64().ok_or(RecordFault::NotANumber { column: index + 1 });
    values.iter().enumerate().map(number).collect()
}

/// Bits, as a text or as a list of 0 and 1.
fn bits(value: &Value, length: usize, name: &str) -> Result<Bits, RecordFault> {
    match value {
        Value::String(written) => text::bits(written, length, name),
        Value::Array(values) if values.len() == length => {
            let bit = |(index, value): (usize, &Value)| match value.as_u64() {
                Some(0) => Ok(false),
                Some(1) => Ok(true),
                _ => Err(RecordFault::NotABit { column: index + 1 }),
            };
            Ok(Bits::new(values.iter().enumerate().map(bit).collect::<Result<Vec<_>, _>>()?)?)
        }
        _ => Err(RecordFault::NotBits { field: names::shortened(name), expected: length }),
    }
}

fn iris(
    code: (&str, &Value),
    mask: (&str, &Value),
    marks: Option<MaskMarks>,
    shape: IrisShape,
) -> Result<Raw, RecordFault> {
    let (code, mask) = (bits(code.1, shape.bits(), code.0)?, bits(mask.1, shape.bits(), mask.0)?);
    Ok(Raw::Iris { code, mask, marks, flat: true })
}

#[cfg(test)]
mod tests;
