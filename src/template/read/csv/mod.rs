//! Values in columns, one line a record.

mod columns;
mod first_line;
mod table;

use super::error::{Place, ReadError, RecordFault};
use super::source::Source;
use super::{Asked, Beside, Found, Raw, Row, Sink, names, text};
use crate::template::{Bits, SubjectId, Template, TemplateShape};
use columns::{Column, Columns, Misfit};
use first_line::FirstLine;
use table::Table;

/// Reads values in columns; `given` says whether there is a header, where that is known.
pub(super) fn rows(
    source: Source<'_>,
    shape: TemplateShape,
    given: Option<bool>,
    asked: Asked<'_>,
    sink: &mut dyn Sink,
) -> Result<Beside, ReadError> {
    let mut table = Table::of(source)?;
    let mut columns: Option<Columns> = None;
    let (mut person, mut first, mut candidates) = (0, None, Vec::new());
    let mut record = ::csv::ByteRecord::new();
    while let Some(place) = table.read(&mut record)? {
        let at = ReadError::at(place);
        let fields: Vec<&str> =
            record.iter().map(std::str::from_utf8).collect::<Result<_, _>>().map_err(|_| at(RecordFault::NotText))?;
        let comma = table.decimal_commas();
        let known = match &columns {
            Some(columns) => columns,
            None => {
                let found = Columns::of(&fields, shape, given, asked, comma);
                let found = found.map_err(|fault| match fault {
                    Misfit::NoHandles(found) => asked.no_handles(found.iter().map(String::as_str)),
                    Misfit::Record(fault) => at(index_or(fault, &fields, &mut table)),
                });
                let found = columns.insert(found?);
                sink.named(found.name_of(|column| column == Column::Subject).is_some());
                if found.names.is_some() {
                    continue;
                }
                if given.is_none() {
                    first = Some(FirstLine::new(&fields, comma, place).map_err(&at)?);
                }
                found
            }
        };
        if person == 0 {
            candidates = known.perhaps_ids(&fields);
        }
        person += 1;
        let row = row(&fields, known, shape, comma, place, person);
        if let Some(first) = &mut first {
            first.see(&row);
        }
        sink.row(row)?;
    }
    if let Some(first) = first {
        first.check()?;
    }
    let columns = columns.unwrap_or_default();
    let mask = columns.name_of(|column| column == Column::Mask).unwrap_or_default().to_owned();
    let label = columns.name_of(|column| column == Column::Subject).map(str::to_owned);
    let unread = columns.unread();
    candidates.retain(|name| unread.contains(name) && !asked.apart && label.is_none());
    let handles = columns.handles_name().map(str::to_owned);
    let quality = columns.name_of(|column| column == Column::Quality).map(str::to_owned);
    Ok(Beside { found: Found { label, handles, quality, unread, candidates, ..Found::default() }, mask })
}

/// Another number of columns than expected, told as an index where there is no header and the next line counts on.
fn index_or(fault: RecordFault, fields: &[&str], table: &mut Table<'_>) -> RecordFault {
    let RecordFault::Columns { expected, actual } = fault else { return fault };
    let mut next = ::csv::ByteRecord::new();
    let (Some(first), Ok(Some(_))) = (fields.first(), table.read(&mut next)) else { return fault };
    let follows = first.parse().ok().and_then(|number: i64| number.checked_add(1));
    let second = next.get(0).and_then(|second| std::str::from_utf8(second).ok()?.parse().ok());
    match second == follows && follows.is_some() && actual == expected + 1 {
        true => RecordFault::IndexColumn,
        false => fault,
    }
}

fn row(fields: &[&str], columns: &Columns, shape: TemplateShape, comma: bool, place: Place, person: usize) -> Row<Raw> {
    let of = |kind| fields.iter().zip(&columns.all).find(|(_, column)| **column == kind).map(|(field, _)| *field);
    let subject = of(Column::Subject).map(RecordFault::subject).transpose();
    let eye = of(Column::Eye).filter(|eye| !eye.is_empty()).map(text::eye).transpose();
    let handle =
        columns.handle.and_then(|column| fields.get(column)).map_or(Ok(None), |text| RecordFault::handle(text));
    let quality = of(Column::Quality).filter(|quality| !quality.is_empty());
    let quality = quality.map(|quality| text::number(quality, comma).unwrap_or(f64::NAN));
    let template = template(fields, columns, shape, comma);
    let (subject, eye, fault): (Option<SubjectId>, _, _) = match (subject, eye) {
        (Ok(subject), Ok(eye)) => (subject, eye, None),
        (Ok(subject), Err(fault)) => (subject, None, Some(fault)),
        (Err(fault), eye) => (None, eye.ok().flatten(), Some(fault)),
    };
    let (handle, fault) = match handle {
        Ok(handle) => (handle, fault),
        Err(other) => (None, fault.or(Some(other))),
    };
    Row { place, person, subject, eye, handle, quality, template: fault.map_or(template, Err) }
}

fn template(fields: &[&str], columns: &Columns, shape: TemplateShape, comma: bool) -> Result<Raw, RecordFault> {
    if fields.len() != columns.all.len() {
        let others = columns.all.len() - columns.values();
        return Err(RecordFault::Columns { expected: columns.values(), actual: fields.len().saturating_sub(others) });
    }
    let of = |kind: fn(Column) -> bool| {
        fields.iter().zip(&columns.all).find(|(_, column)| kind(**column)).map(|(field, _)| *field)
    };
    if of(|column| column == Column::Empty).is_some_and(|field| !field.is_empty()) {
        return Err(RecordFault::Columns { expected: columns.values(), actual: columns.values() + 1 });
    }
    let name = |kind: fn(Column) -> bool| columns.name_of(kind).unwrap_or_default();
    match shape {
        TemplateShape::Vector(dimension) => {
            let values = match of(|column| column == Column::Vector) {
                Some(list) => text::numbers(list, name(|column| column == Column::Vector))?,
                None => values(fields, &columns.all, comma)?,
            };
            Raw::vector(values, dimension)
        }
        TemplateShape::Bits(length) => Ok(Raw::Whole(Template::Bits(match of(|column| column == Column::Bits) {
            Some(written) => text::bits(written, length, name(|column| column == Column::Bits))?,
            None => Bits::new(bit_values(fields, &columns.all)?)?,
        }))),
        TemplateShape::Iris(iris) => {
            let is_mask = |column| column == Column::Mask;
            let code = of(|column| column == Column::Code).ok_or(RecordFault::Missing { name: "code" })?;
            let mask = of(is_mask).ok_or(RecordFault::Missing { name: "mask" })?;
            let code = text::bits(code, iris.bits(), name(|column| column == Column::Code))?;
            let mask = text::bits(mask, iris.bits(), name(is_mask))?;
            Ok(Raw::Iris { code, mask, marks: names::marks_of(name(is_mask)), flat: true })
        }
    }
}

fn values(fields: &[&str], columns: &[Column], comma: bool) -> Result<Vec<f64>, RecordFault> {
    value_columns(fields, columns)
        .map(|(column, field)| match text::number(field, comma) {
            Some(value) => Ok(value),
            None if field.is_empty() => Err(RecordFault::NoValue { column }),
            None => Err(RecordFault::NotANumber { column }),
        })
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
    use crate::template::read::names::Two;
    use crate::template::read::testing::{self, Rows};
    use crate::template::read::{self, Format, Given};
    use crate::template::{Eye, IrisShape, MaskSharing};

    fn rows(file: &[u8], shape: TemplateShape, given: Option<bool>, apart: bool) -> Result<Rows, ReadError> {
        let asked = Asked { apart, ..Asked::default() };
        testing::rows(file, |source, sink| super::rows(source, shape, given, asked, sink))
    }

    fn fault(file: &str, shape: TemplateShape) -> (usize, RecordFault) {
        let read = match read::read(Source::of(file.as_bytes()).unwrap(), Format::Csv, shape, Given::default()) {
            Err(ReadError::Record { place, fault }) => (place, fault),
            Err(other) => panic!("{other}"),
            Ok(mut read) => read.unusable.pop().map(|one| (one.place, one.fault)).unwrap(),
        };
        match read {
            (Place::Line(line), fault) => (line, fault),
            (other, _) => panic!("{other}"),
        }
    }

    fn vectors(file: &str, dimension: usize) -> Vec<(Option<String>, Vec<f64>)> {
        let read = rows(file.as_bytes(), TemplateShape::Vector(dimension), None, false).unwrap().rows;
        read.into_iter()
            .map(|row| match row.template {
                Ok(Raw::Whole(Template::Vector(vector))) => {
                    (row.subject.map(String::from), vector.coordinates().to_vec())
                }
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
        let two = |first: &str, second: &str| {
            RecordFault::TwoLabels(Two { first: first.to_owned(), second: second.to_owned() })
        };
        assert_eq!(fault("id,x,y\na,1,2\nb,1,two\n", shape), (3, RecordFault::NotANumber { column: 3 }));
        assert_eq!(
            fault("1,2\n\n1,NaN\n", shape),
            (3, RecordFault::Template(crate::template::TemplateError::NotFinite { coordinate: 1 }))
        );
        assert_eq!(fault("1,2\n1,2,3\n", shape), (2, RecordFault::Columns { expected: 2, actual: 3 }));
        assert_eq!(fault("1|2\n", shape), (1, RecordFault::Columns { expected: 2, actual: 1 }));
        assert_eq!(fault("id,x,y\na,,2\n", shape), (2, RecordFault::NoValue { column: 2 }));
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
            Ok(Raw::Whole(Template::Bits(bits))) => bits.to_msb_first(),
            _ => panic!(),
        };
        assert_eq!(bits(b"1,0,1,0,0,0,0,1\n"), [0xa1]);
        assert_eq!(bits(b"id,bits\nx,10100001\n"), [0xa1]);
        assert_eq!(bits(b"bits,id\na1,x\n"), [0xa1]);
        let wrong = fault("id,bits\nx,1010\n", TemplateShape::Bits(8));
        assert_eq!(wrong, (2, RecordFault::NotBits { field: "bits".to_owned(), expected: 8 }));
    }

    #[test]
    fn an_iris_needs_its_mask() {
        let shape = TemplateShape::Iris(IrisShape { rows: 1, columns: 4, channels: 2, mask: MaskSharing::ByPair });
        let read = read::records(b"id,eye,code,valid\nx,r,a1,11110000\n", Format::Csv, shape, None).unwrap();
        match &read[0].template {
            Template::Iris(iris) => assert_eq!((iris.code().ones(), iris.valid_bits()), (3, 4)),
            _ => panic!(),
        }
        assert_eq!(fault("id,code\nx,a1\n", shape), (1, RecordFault::Missing { name: "mask" }));
        let stray = fault("id,bits\nx,a1\n", TemplateShape::Vector(1));
        assert!(matches!(stray, (1, RecordFault::OtherKind { name, .. }) if name == "bits"));
    }

    #[test]
    fn stray_columns_are_named() {
        let shape = TemplateShape::Vector(3);
        let strays = |strays: &[&str]| {
            let strays: Vec<String> = strays.iter().map(|name| (*name).to_owned()).collect();
            RecordFault::Strays { expected: 3, actual: 3 + strays.len(), strays }
        };
        assert_eq!(fault("id,age,v0,v1,v2\na,1,2,3,4\n", shape), (1, strays(&["age"])));
        assert_eq!(fault("id,v0,v1,v2,age,sex\na,1,2,3,4,5\n", shape), (1, strays(&["age", "sex"])));
        for header in [",0,1,2", "Unnamed: 0,0,1,2", ",id,v0,v1,v2", "index,v0,v1,v2"] {
            assert_eq!(fault(&format!("{header}\n0,1,2,3\n"), shape), (1, RecordFault::IndexColumn), "{header}");
        }
        assert_eq!(fault("0,.5,2,3\n1,.5,2,3\n", shape), (1, RecordFault::IndexColumn));
        assert_eq!(fault("0.5,.5,2,3\n1,.5,2,3\n", shape), (1, RecordFault::Columns { expected: 3, actual: 4 }));
    }

    #[test]
    fn a_vector_may_stand_in_one_column() {
        for file in
            ["id,embedding\na,\"[1, 2]\"\n", ",id,vector,area\n0,a,[1 2],\"{'x': 1}\"\n", "id;values\na;[1,2]\n"]
        {
            assert_eq!(vectors(file, 2), [(Some("a".to_owned()), vec![1.0, 2.0])], "{file}");
        }
        let unread =
            rows(b",id,vector,area\n0,a,[1 2],x\n", TemplateShape::Vector(2), None, false).unwrap().found.unread;
        assert_eq!(unread, ["area"]);
        let elided = RecordFault::Elided { name: "embedding".to_owned() };
        assert_eq!(fault("id,embedding\na,[0.1 ... 0.2]\n", TemplateShape::Vector(2)), (2, elided));
    }

    #[test]
    fn other_separators_and_a_last_comma_are_read() {
        let row = |values: [f64; 2]| (None, values.to_vec());
        for file in [
            "0.5,-1\n2,3\n",
            "0,5;-1\n2;3\n",
            "0,5\t-1\n2\t3\n",
            "0.5 -1\n2   3\n",
            "0.5,-1,\n2,3,\n",
            "# v0,v1\n0.5,-1\n2,3\n",
        ] {
            assert_eq!(vectors(file, 2), [row([0.5, -1.0]), row([2.0, 3.0])], "{file}");
        }
        assert_eq!(fault("1,2,\n3,4,5\n", TemplateShape::Vector(2)).0, 2);
    }

    #[test]
    fn a_mere_name_gives_way_to_what_says_whose_templates_are() {
        assert_eq!(vectors("name,subject,x,y\nimg1,a,1,2\n", 2), [(Some("a".to_owned()), vec![1.0, 2.0])]);
        assert_eq!(vectors("name,x,y\nimg1,1,2\n", 2), [(Some("img1".to_owned()), vec![1.0, 2.0])]);
    }
}
