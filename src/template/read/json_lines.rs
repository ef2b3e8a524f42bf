//! JSON Lines: one object a line.

use super::error::{Place, ReadError, RecordFault};
use super::text::{self, Fields};
use super::{Row, text::lines};
use crate::template::{IrisCode, RealVector, Template, TemplateShape};

/// Reads one object a line; blank lines are passed over.
pub(super) fn rows(bytes: &[u8], shape: TemplateShape) -> Result<Vec<Row>, ReadError> {
    let mut rows = Vec::new();
    for (line, content) in lines(bytes) {
        let place = Place::Line(line);
        let at = ReadError::at(place);
        let content = content.map_err(&at)?;
        if !content.is_empty() {
            rows.push(row(content, shape, place, rows.len() + 1).map_err(&at)?);
        }
    }
    Ok(rows)
}

fn row(line: &str, shape: TemplateShape, place: Place, person: usize) -> Result<Row, RecordFault> {
    let mut fields = Fields::parse(line)?;
    let subject = match fields.take("id")? {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::String(text)) => Some(RecordFault::subject(&text)?),
        Some(serde_json::Value::Number(number)) if number.is_i64() || number.is_u64() => {
            Some(RecordFault::subject(&number.to_string())?)
        }
        Some(_) => return Err(RecordFault::FieldType { name: "id", expected: "a text or an integer" }),
    };
    let eye = fields.text("eye")?.as_deref().map(text::eye).transpose()?;
    let (template, known) = match shape {
        TemplateShape::Vector(dimension) => {
            let vector = vector(&mut fields)?;
            if vector.len() != dimension {
                return Err(RecordFault::Columns { expected: dimension, actual: vector.len() });
            }
            (Template::Vector(RealVector::new(vector)?), "id, eye, vector")
        }
        TemplateShape::Bits(length) => {
            let bits = fields.text("bits")?.ok_or(RecordFault::Missing { name: "bits" })?;
            (Template::Bits(text::bits(&bits, length, "bits")?), "id, eye, bits")
        }
        TemplateShape::Iris(iris) => {
            let code = fields.text("code")?.ok_or(RecordFault::Missing { name: "code" })?;
            let mask = fields.text("mask")?.ok_or(RecordFault::Missing { name: "mask" })?;
            let (code, mask) = (text::bits(&code, iris.bits(), "code")?, text::bits(&mask, iris.bits(), "mask")?);
            (Template::Iris(IrisCode::new(iris, code, mask)?), "id, eye, code, mask")
        }
    };
    fields.finish(known)?;
    Ok(Row { place, person, subject, eye, template })
}

fn vector(fields: &mut Fields) -> Result<Vec<f64>, RecordFault> {
    const NAME: &str = "vector";
    match fields.take(NAME)?.ok_or(RecordFault::Missing { name: NAME })? {
        serde_json::Value::Array(values) => values
            .iter()
            .enumerate()
            .map(|(index, value)| value.as_f64().ok_or(RecordFault::NotANumber { column: index + 1 }))
            .collect(),
        _ => Err(RecordFault::FieldType { name: NAME, expected: "a list of numbers" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Eye, IrisShape, MaskSharing};

    const VECTOR: TemplateShape = TemplateShape::Vector(2);

    fn fault(file: &str, shape: TemplateShape) -> (usize, RecordFault) {
        match rows(file.as_bytes(), shape).err().unwrap() {
            ReadError::Record { place: Place::Line(line), fault } => (line, fault),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn identifiers_and_eyes_may_be_absent() {
        let file =
            "{\"id\":\"a\",\"eye\":\"left\",\"vector\":[1,2.5]}\n\n{\"vector\":[3,4],\"id\":17}\r\n{\"vector\":[0,0]}";
        let read = rows(file.as_bytes(), VECTOR).unwrap();
        let names: Vec<_> =
            read.iter().map(|row| (row.subject.as_ref().map(|id| id.as_str()), row.eye, row.person)).collect();
        assert_eq!(names, [(Some("a"), Some(Eye::Left), 1), (Some("17"), None, 2), (None, None, 3)]);
        match &read[0].template {
            Template::Vector(vector) => assert_eq!(vector.coordinates(), [1.0, 2.5]),
            _ => panic!(),
        }
    }

    #[test]
    fn bits_and_irises_are_read() {
        let iris = IrisShape { rows: 2, columns: 2, channels: 2, mask: MaskSharing::ByPair };
        let read = rows(br#"{"code": "oQ==", "mask": "ff"}"#, TemplateShape::Iris(iris)).unwrap();
        match &read[0].template {
            Template::Iris(iris) => assert_eq!((iris.code().to_msb_first(), iris.valid_bits()), (vec![0xa1], 8)),
            _ => panic!(),
        }
        let read = rows(br#"{"bits": "101"}"#, TemplateShape::Bits(3)).unwrap();
        match &read[0].template {
            Template::Bits(bits) => assert_eq!(bits.iter().collect::<Vec<_>>(), [true, false, true]),
            _ => panic!(),
        }
    }

    #[test]
    fn faults_are_named_by_line_and_field() {
        let good = "{\"vector\":[1,2]}\n";
        let fault_in_second = |line: &str| {
            let (number, fault) = fault(&format!("{good}{line}\n"), VECTOR);
            assert_eq!(number, 2);
            fault
        };
        let unknown = RecordFault::Unknown { name: "vectors".to_owned(), known: "id, eye, vector" };
        assert_eq!(fault_in_second(r#"{"vector":[1,2],"vectors":[3,4]}"#), unknown);
        assert_eq!(fault_in_second(r#"{"id":"a"}"#), RecordFault::Missing { name: "vector" });
        assert_eq!(fault_in_second(r#"{"vector":[1,2,3]}"#), RecordFault::Columns { expected: 2, actual: 3 });
        assert_eq!(fault_in_second(r#"{"vector":[1,"2"]}"#), RecordFault::NotANumber { column: 2 });
        assert_eq!(fault_in_second(r#"{"vector":[1,2],"eye":"up"}"#), RecordFault::Eye);
        assert_eq!(
            fault_in_second(r#"{"vector":[1,2],"eye":3}"#),
            RecordFault::FieldType { name: "eye", expected: "a text" }
        );
        assert!(matches!(fault_in_second(r#"{"vector":[1,NaN]}"#), RecordFault::Json { .. }));
        assert!(matches!(fault_in_second(r#"{"vector":[1,1e999]}"#), RecordFault::Json { .. }));
        assert!(matches!(fault_in_second(r#"{"vector":[1,2],"id":""}"#), RecordFault::Identifier(_)));
    }

    #[test]
    fn an_error_never_shows_a_value() {
        for line in [r#"{"vector":[0.123456,"x"]}"#, r#"{"vector":"0.123456"}"#, r#"{"vector":[0.123456"#, "0.123456"] {
            let message = rows(line.as_bytes(), VECTOR).err().unwrap().to_string();
            assert!(!message.contains("123456"), "{message}");
        }
    }
}
