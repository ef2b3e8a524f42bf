//! Base64 iris codes with masks, as iris-mpc and Open-IRIS keep them: most significant bit first, in the order rows,
//! columns, channels.

use super::error::{Place, ReadError, RecordFault};
use super::text::{self, Fields, lines};
use super::{Format, Row};
use crate::template::{Eye, IrisCode, IrisShape, Template, TemplateShape};

const KNOWN: &str = "IRIS_version, left_iris_code, left_mask_code, right_iris_code, right_mask_code";
const EYES: [(Eye, &str, &str); 2] =
    [(Eye::Left, "left_iris_code", "left_mask_code"), (Eye::Right, "right_iris_code", "right_mask_code")];

/// Reads JSON objects where the file begins with a brace, and lines of base64 otherwise.
pub(super) fn rows(bytes: &[u8], shape: TemplateShape) -> Result<Vec<Row>, ReadError> {
    let TemplateShape::Iris(iris) = shape else {
        return Err(ReadError::Unsupported { format: Format::IrisBase64, shape });
    };
    let bytes = text::without_byte_order_mark(bytes);
    match bytes.trim_ascii_start().first() {
        Some(b'{') => objects(bytes, iris),
        _ => pairs(bytes, iris),
    }
}

/// One object after another, on one line each or on several; each is one person with one or two eyes.
fn objects(bytes: &[u8], shape: IrisShape) -> Result<Vec<Row>, ReadError> {
    let line_at = |offset: usize| {
        let before = bytes.get(..offset).unwrap_or(bytes);
        let blank = bytes.get(offset..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace());
        1 + before.iter().chain(blank).filter(|&&byte| byte == b'\n').count()
    };
    let mut rows = Vec::new();
    let mut person = 0;
    let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<Fields>();
    loop {
        let start = stream.byte_offset();
        let Some(object) = stream.next() else { return Ok(rows) };
        person += 1;
        let place = Place::Line(line_at(start));
        let at = ReadError::at(place);
        let mut fields = object
            .map_err(|error| ReadError::at(Place::Line(error.line()))(RecordFault::Json { column: error.column() }))?;
        fields.take("IRIS_version").map_err(&at)?;
        let before = rows.len();
        for (eye, code_name, mask_name) in EYES {
            let code = fields.text(code_name).map_err(&at)?;
            let mask = fields.text(mask_name).map_err(&at)?;
            let template = match (code, mask) {
                (None, None) => continue,
                (Some(code), Some(mask)) => template(&code, &mask, shape).map_err(&at)?,
                (None, _) => return Err(at(RecordFault::Missing { name: code_name })),
                (_, None) => return Err(at(RecordFault::Missing { name: mask_name })),
            };
            rows.push(Row { place, person, subject: None, eye: Some(eye), template });
        }
        fields.finish(KNOWN).map_err(&at)?;
        if rows.len() == before {
            return Err(at(RecordFault::Missing { name: "left_iris_code" }));
        }
    }
}

/// Lines code, mask, code, mask; blank lines are passed over.
fn pairs(bytes: &[u8], shape: IrisShape) -> Result<Vec<Row>, ReadError> {
    let mut rows = Vec::new();
    let mut code: Option<(usize, &str)> = None;
    for (line, content) in lines(bytes) {
        let at = ReadError::at(Place::Line(line));
        let content = content.map_err(&at)?;
        if content.is_empty() {
            continue;
        }
        match code.take() {
            None => {
                // Told here rather than with the mask, so that the line is the right one.
                text::base64_bits(content, shape.bits(), "code").map_err(at)?;
                code = Some((line, content));
            }
            Some((_, code)) => {
                let template = template(code, content, shape).map_err(at)?;
                let place = Place::Line(line);
                rows.push(Row { place, person: rows.len() + 1, subject: None, eye: None, template });
            }
        }
    }
    match code {
        Some((line, _)) => Err(ReadError::at(Place::Line(line))(RecordFault::Unpaired)),
        None => Ok(rows),
    }
}

fn template(code: &str, mask: &str, shape: IrisShape) -> Result<Template, RecordFault> {
    let code = text::base64_bits(code, shape.bits(), "code")?;
    let mask = text::base64_bits(mask, shape.bits(), "mask")?;
    Ok(Template::Iris(IrisCode::new(shape, code, mask)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::MaskSharing;

    const IRIS: IrisShape = IrisShape { rows: 1, columns: 4, channels: 2, mask: MaskSharing::ByPair };
    const SHAPE: TemplateShape = TemplateShape::Iris(IRIS);

    /// Person, eye, packed code and mask.
    type Found = (usize, Option<Eye>, Vec<u8>, Vec<u8>);

    fn read(file: &str) -> Vec<Found> {
        let packed = |row: Row| match row.template {
            Template::Iris(iris) => (row.person, row.eye, iris.code().to_msb_first(), iris.mask().to_msb_first()),
            _ => panic!(),
        };
        rows(file.as_bytes(), SHAPE).unwrap().into_iter().map(packed).collect()
    }

    fn fault(file: &str) -> (usize, RecordFault) {
        match rows(file.as_bytes(), SHAPE).err().unwrap() {
            ReadError::Record { place: Place::Line(line), fault } => (line, fault),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn both_eyes_of_an_object_are_of_one_person() {
        let both = r#"{"IRIS_version": "1.6.1", "left_iris_code": "oQ==", "left_mask_code": "/w==",
            "right_iris_code": "Hg==", "right_mask_code": "8A=="}"#;
        let left = r#"{"left_iris_code": "oQ==", "left_mask_code": "/w=="}"#;
        let first = [(1, Some(Eye::Left), vec![0xa1], vec![0xff]), (1, Some(Eye::Right), vec![0x1e], vec![0xf0])];
        assert_eq!(read(both), first);
        let found = read(&format!("{both}\n{left}\n"));
        assert_eq!(found[..2], first);
        assert_eq!(found[2..], [(2, Some(Eye::Left), vec![0xa1], vec![0xff])]);
    }

    #[test]
    fn lines_alternate_code_and_mask() {
        assert_eq!(
            read("oQ==\r\n/w==\n\nHg==\n8A==\n"),
            [(1, None, vec![0xa1], vec![0xff]), (2, None, vec![0x1e], vec![0xf0])]
        );
    }

    #[test]
    fn faults_are_named_by_line() {
        assert_eq!(fault("oQ==\n/w==\n0.513\n"), (3, RecordFault::NotBits { field: "code", expected: 8 }));
        assert_eq!(fault("oQ==\nAAAA\n"), (2, RecordFault::NotBits { field: "mask", expected: 8 }));
        assert_eq!(fault("oQ==\n/w==\noQ==\n\n"), (3, RecordFault::Unpaired));
        assert!(matches!(fault("oQ==\ngA==\n"), (2, RecordFault::Template(_)))); // the pair does not share its mask
        let one = r#"{"left_iris_code": "oQ=="}"#;
        assert_eq!(fault(&format!("\n{one}")), (2, RecordFault::Missing { name: "left_mask_code" }));
        assert_eq!(fault("{}"), (1, RecordFault::Missing { name: "left_iris_code" }));
        assert!(matches!(fault("{\n"), (_, RecordFault::Json { .. })));
        let other = r#"{"left_iris_code": "oQ==", "left_mask_code": "/w==", "iris": 1}"#;
        assert_eq!(fault(other), (1, RecordFault::Unknown { name: "iris".to_owned(), known: KNOWN }));
    }
}
