//! Comma-separated values: one line a record.

use super::error::{Place, ReadError, RecordFault};
use super::{Row, Rows, labels, text};
use crate::template::{Bits, IrisCode, RealVector, Template, TemplateShape};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Subject,
    Eye,
    Bits,
    Code,
    Mask,
    Value,
}

impl Column {
    /// By the name in the header; whatever is not known is a value.
    fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            name if labels::is_column(name) => Self::Subject,
            "eye" => Self::Eye,
            "bits" => Self::Bits,
            "code" => Self::Code,
            "mask" | "valid" => Self::Mask,
            _ => Self::Value,
        }
    }
}

/// Reads comma-separated values; `given` says whether there is a header, where that is known. Where identifiers are given `apart`, the
/// file's own may be in several columns.
pub(super) fn rows(bytes: &[u8], shape: TemplateShape, given: Option<bool>, apart: bool) -> Result<Rows, ReadError> {
    let bytes = text::without_byte_order_mark(bytes);
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(::csv::Trim::All).from_reader(bytes);
    let mut columns: Option<Vec<Column>> = None;
    let (mut rows, mut label, mut first) = (Vec::new(), None, None);
    let mut record = ::csv::ByteRecord::new();
    let mut lines = Lines { bytes, line: 1, counted: 0 };
    let unreadable = |line| ReadError::at(Place::Line(line))(RecordFault::NotText);
    while reader.read_byte_record(&mut record).map_err(|_| unreadable(lines.line))? {
        let place = Place::Line(lines.at(record.position().map_or(0, |position| position.byte() as usize)));
        let at = ReadError::at(place);
        let fields: Vec<&str> =
            record.iter().map(std::str::from_utf8).collect::<Result<_, _>>().map_err(|_| at(RecordFault::NotText))?;
        let columns = match &columns {
            Some(columns) => columns,
            None => {
                let header = header(&fields, given, apart).map_err(&at)?;
                let is_header = header.is_some();
                let found = columns.insert(header.unwrap_or_else(|| vec![Column::Value; fields.len()]));
                check(found, shape).map_err(&at)?;
                if is_header {
                    let subject = fields.iter().zip(&*found).find(|(_, column)| **column == Column::Subject);
                    label = subject.map(|(name, _)| text::shortened(name));
                    continue;
                }
                if given.is_none() {
                    first = Some(FirstLine::new(&fields).map_err(&at)?);
                }
                found
            }
        };
        rows.push(row(&fields, columns, shape, place, rows.len() + 1).map_err(&at)?);
    }
    if let (Some(first), [row, others @ ..]) = (first, rows.as_slice()) {
        first.check(row, others).map_err(ReadError::at(row.place))?;
    }
    Ok(Rows { rows, label, candidates: Vec::new() })
}

/// A first line of numbers that was taken for a template, though nobody has said that it is one.
struct FirstLine {
    /// Whether all its numbers are written without a fraction.
    whole: bool,
}

impl FirstLine {
    /// So many times longer than any other vector, a first one is no vector.
    const FAR: f64 = 10.0;

    fn new(fields: &[&str]) -> Result<Self, RecordFault> {
        let whole: Option<Vec<f64>> =
            fields.iter().map(|field| field.parse().ok().filter(|n: &f64| n.fract() == 0.0)).collect();
        let steps = whole.iter().flat_map(|numbers| numbers.iter().zip(numbers.iter().skip(1)));
        let mut steps = steps.map(|(before, after)| after - before);
        let step = steps.next().filter(|step| *step != 0.0);
        if fields.len() >= 3 && step.is_some_and(|step| steps.all(|other| other == step)) {
            return Err(RecordFault::PerhapsHeader { why: "it counts in equal steps" });
        }
        Ok(Self { whole: whole.is_some() })
    }

    /// Compares it with the lines that follow.
    fn check(&self, first: &Row, others: &[Row]) -> Result<(), RecordFault> {
        fn vector(row: &Row) -> Option<&[f64]> {
            match &row.template {
                Template::Vector(vector) => Some(vector.coordinates()),
                Template::Bits(_) | Template::Iris(_) => None,
            }
        }
        let Some(first) = vector(first) else { return Ok(()) };
        let length = |vector: &[f64]| vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        let (mut fractions, mut longest) = (!others.is_empty(), 0.0);
        for other in others.iter().filter_map(vector) {
            fractions &= 2 * other.iter().filter(|x| x.fract() != 0.0).count() >= other.len();
            longest = f64::max(longest, length(other));
        }
        if self.whole && fractions {
            return Err(RecordFault::PerhapsHeader {
                why: "it has whole numbers where all other lines have fractions",
            });
        }
        if longest > 0.0 && length(first) > Self::FAR * longest {
            return Err(RecordFault::PerhapsHeader { why: "it is more than ten times longer than any other vector" });
        }
        Ok(())
    }
}

/// Counts lines as far as has been asked for. The reader's own count takes no notice of the blank lines it passes over.
struct Lines<'a> {
    bytes: &'a [u8],
    line: usize,
    counted: usize,
}

impl Lines<'_> {
    /// The line of the first record at or after an offset that is not before the last one asked for.
    fn at(&mut self, offset: usize) -> usize {
        let rest = self.bytes.get(offset..).unwrap_or_default();
        let start = offset + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.bytes.get(self.counted..start).unwrap_or_default();
        self.line += passed.iter().filter(|&&byte| byte == b'\n').count();
        self.counted = start;
        self.line
    }
}

/// What the columns hold, where the first line says so; `None` where it holds values already.
fn header(fields: &[&str], given: Option<bool>, apart: bool) -> Result<Option<Vec<Column>>, RecordFault> {
    if given == Some(false) {
        return Ok(None);
    }
    let columns: Vec<Column> = fields.iter().map(|name| Column::named(name)).collect();
    let numbers = fields.iter().filter(|field| field.parse::<f64>().is_ok()).count();
    let counts = fields.len() >= 3 && fields.iter().enumerate().all(|(index, field)| *field == index.to_string());
    let names_one = columns.iter().any(|column| *column != Column::Value);
    for kind in [Column::Subject, Column::Eye, Column::Bits, Column::Code, Column::Mask] {
        let mut of_kind = fields.iter().zip(&columns).filter(|(_, column)| **column == kind);
        if let (Some((first, _)), Some((second, _))) = (of_kind.next(), of_kind.next()) {
            let (first, second) = (text::shortened(first), text::shortened(second));
            match kind {
                Column::Subject if apart => {}
                Column::Subject if first != second => return Err(RecordFault::TwoLabels { first, second }),
                _ => return Err(RecordFault::Repeated { name: second }),
            }
        }
    }
    match numbers {
        _ if names_one || counts || given == Some(true) => Ok(Some(columns)),
        0 => Ok(Some(columns)),
        all if all == fields.len() => Ok(None),
        _ => Err(RecordFault::MixedHeader),
    }
}

/// Whether the columns can hold templates of this shape.
fn check(columns: &[Column], shape: TemplateShape) -> Result<(), RecordFault> {
    let has = |kind| columns.contains(&kind);
    let values = columns.iter().filter(|column| **column == Column::Value).count();
    let (expected, known) = match shape {
        TemplateShape::Vector(dimension) => (dimension, "id, subject, eye and a column for each coordinate"),
        TemplateShape::Bits(_) if has(Column::Bits) => (0, "id, subject, eye, bits"),
        TemplateShape::Bits(length) => (length, "id, subject, eye and a column for each bit, or `bits`"),
        TemplateShape::Iris(_) if !has(Column::Code) => return Err(RecordFault::Missing { name: "code" }),
        TemplateShape::Iris(_) if !has(Column::Mask) => return Err(RecordFault::Missing { name: "mask" }),
        TemplateShape::Iris(_) => (0, "id, subject, eye, code, mask"),
    };
    let strays = [(Column::Bits, "bits"), (Column::Code, "code"), (Column::Mask, "mask")];
    let stray = strays.iter().find(|(kind, _)| {
        has(*kind)
            && match shape {
                TemplateShape::Vector(_) => true,
                TemplateShape::Bits(_) => *kind != Column::Bits,
                TemplateShape::Iris(_) => *kind == Column::Bits,
            }
    });
    match stray {
        Some((_, name)) => Err(RecordFault::Unknown { name: (*name).to_owned(), known }),
        None if values != expected => Err(RecordFault::Columns { expected, actual: values }),
        None => Ok(()),
    }
}

fn row(
    fields: &[&str],
    columns: &[Column],
    shape: TemplateShape,
    place: Place,
    person: usize,
) -> Result<Row, RecordFault> {
    if fields.len() != columns.len() {
        let values = columns.iter().filter(|column| **column == Column::Value).count();
        let others = columns.len() - values;
        return Err(RecordFault::Columns { expected: values, actual: fields.len().saturating_sub(others) });
    }
    let of = |kind| fields.iter().zip(columns).find(|(_, column)| **column == kind).map(|(field, _)| *field);
    let subject = of(Column::Subject).map(RecordFault::subject).transpose()?;
    let eye = of(Column::Eye).filter(|eye| !eye.is_empty()).map(text::eye).transpose()?;
    let template = match shape {
        TemplateShape::Vector(_) => Template::Vector(RealVector::new(values(fields, columns)?)?),
        TemplateShape::Bits(length) => Template::Bits(match of(Column::Bits) {
            Some(written) => text::bits(written, length, "bits")?,
            None => Bits::new(bit_values(fields, columns)?)?,
        }),
        TemplateShape::Iris(iris) => {
            let code = of(Column::Code).ok_or(RecordFault::Missing { name: "code" })?;
            let mask = of(Column::Mask).ok_or(RecordFault::Missing { name: "mask" })?;
            let (code, mask) = (text::bits(code, iris.bits(), "code")?, text::bits(mask, iris.bits(), "mask")?);
            Template::Iris(IrisCode::new(iris, code, mask)?)
        }
    };
    Ok(Row { place, person, subject, eye, template })
}

fn values(fields: &[&str], columns: &[Column]) -> Result<Vec<f64>, RecordFault> {
    value_columns(fields, columns)
        .map(|(column, field)| field.parse().map_err(|_| RecordFault::NotANumber { column }))
        .collect()
}

fn bit_values(fields: &[&str], columns: &[Column]) -> Result<Vec<bool>, RecordFault> {
    value_columns(fields, columns)
        .map(|(column, field)| match field {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(RecordFault::NotABit { column }),
        })
        .collect()
}

/// The columns of values, counted from 1 among all.
fn value_columns<'a>(fields: &'a [&'a str], columns: &'a [Column]) -> impl Iterator<Item = (usize, &'a str)> {
    let numbered = fields.iter().zip(columns).enumerate();
    numbered.filter(|(_, (_, column))| **column == Column::Value).map(|(index, (field, _))| (index + 1, *field))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::template::{Eye, IrisShape, MaskSharing};

    fn fault(file: &str, shape: TemplateShape) -> (usize, RecordFault) {
        match rows(file.as_bytes(), shape, None, false).err().unwrap() {
            ReadError::Record { place: Place::Line(line), fault } => (line, fault),
            other => panic!("{other}"),
        }
    }

    fn vectors(file: &str, dimension: usize) -> Vec<(Option<String>, Vec<f64>)> {
        let read = rows(file.as_bytes(), TemplateShape::Vector(dimension), None, false).unwrap().rows;
        read.into_iter()
            .map(|row| match row.template {
                Template::Vector(vector) => (row.subject.map(String::from), vector.coordinates().to_vec()),
                _ => panic!(),
            })
            .collect()
    }

    proptest! {
        #[test]
        fn numbers_survive_a_round_trip(values in proptest::collection::vec(-1e9f64..1e9, 3)) {
            let line = values.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(vectors(&line, 3), [(None, values)]);
        }
    }

    #[test]
    fn a_header_may_name_identifiers_and_eyes_anywhere() {
        let read = rows(b"v1,ID,v2,eye\n1,a,2,L\n3,b,4,\n", TemplateShape::Vector(2), None, false).unwrap().rows;
        let read: Vec<_> = read.iter().map(|row| (row.subject.as_ref().unwrap().as_str(), row.eye)).collect();
        assert_eq!(read, [("a", Some(Eye::Left)), ("b", None)]);
    }

    #[test]
    fn a_header_is_told_from_values() {
        let row = |values: [f64; 3]| (None, values.to_vec());
        assert_eq!(vectors("x,y,z\n1,2,3\n", 3), [row([1.0, 2.0, 3.0])]);
        assert_eq!(vectors("0,1,2\n1,2,3\n", 3), [row([1.0, 2.0, 3.0])]); // pandas counts its columns
        assert_eq!(vectors("0,1,3\n1,2,3\n", 3), [row([0.0, 1.0, 3.0]), row([1.0, 2.0, 3.0])]);
        assert_eq!(vectors("\u{feff}id,x,y,z\na,1,2,3\n", 3), [(Some("a".to_owned()), vec![1.0, 2.0, 3.0])]);
        assert_eq!(fault("1,x,3\n1,2,3\n", TemplateShape::Vector(3)), (1, RecordFault::MixedHeader));
    }

    #[test]
    fn faults_are_named_by_line_and_column() {
        let shape = TemplateShape::Vector(2);
        let two =
            |first: &str, second: &str| RecordFault::TwoLabels { first: first.to_owned(), second: second.to_owned() };
        assert_eq!(fault("id,x,y\na,1,2\nb,1,two\n", shape), (3, RecordFault::NotANumber { column: 3 }));
        assert_eq!(
            fault("1,2\n\n1,NaN\n", shape),
            (3, RecordFault::Template(crate::template::TemplateError::NotFinite { coordinate: 1 }))
        );
        assert_eq!(fault("1,2\n1,2,3\n", shape), (2, RecordFault::Columns { expected: 2, actual: 3 }));
        assert_eq!(fault("1;2\n", shape), (1, RecordFault::Columns { expected: 2, actual: 1 }));
        assert_eq!(fault("id,x\na,1\n", shape), (1, RecordFault::Columns { expected: 2, actual: 1 }));
        assert_eq!(fault("id,subject,x,y\n", shape), (1, two("id", "subject")));
        assert_eq!(fault("id,id,x,y\n", shape), (1, RecordFault::Repeated { name: "id".to_owned() }));
        assert_eq!(fault("id,eye,x,y\na,up,1,2\n", shape), (2, RecordFault::Eye));
        assert!(matches!(fault("id,x,y\n,1,2\n", shape), (2, RecordFault::Identifier(_))));
        assert_eq!(fault("1,0\n0,2\n", TemplateShape::Bits(2)), (2, RecordFault::NotABit { column: 2 }));
    }

    #[test]
    fn bits_come_in_columns_or_in_one() {
        let bits = |file: &[u8]| match &rows(file, TemplateShape::Bits(8), None, false).unwrap().rows[0].template {
            Template::Bits(bits) => bits.to_msb_first(),
            _ => panic!(),
        };
        assert_eq!(bits(b"1,0,1,0,0,0,0,1\n"), [0xa1]);
        assert_eq!(bits(b"id,bits\nx,10100001\n"), [0xa1]);
        assert_eq!(bits(b"bits,id\na1,x\n"), [0xa1]);
        let wrong = fault("id,bits\nx,1010\n", TemplateShape::Bits(8));
        assert_eq!(wrong, (2, RecordFault::NotBits { field: "bits", expected: 8 }));
    }

    #[test]
    fn an_iris_needs_its_mask() {
        let shape = TemplateShape::Iris(IrisShape { rows: 1, columns: 4, channels: 2, mask: MaskSharing::ByPair });
        let read = rows(b"id,eye,code,mask\nx,r,a1,11110000\n", shape, None, false).unwrap().rows;
        match &read[0].template {
            Template::Iris(iris) => assert_eq!((iris.code().ones(), iris.valid_bits()), (3, 4)),
            _ => panic!(),
        }
        assert_eq!(fault("id,code\nx,a1\n", shape), (1, RecordFault::Missing { name: "mask" }));
        let stray = fault("id,bits\nx,a1\n", TemplateShape::Vector(1));
        assert!(matches!(stray, (1, RecordFault::Unknown { name, .. }) if name == "bits"));
    }
}
