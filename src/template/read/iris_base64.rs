//! Lines of base64 iris codes with masks, as iris-mpc keeps them: most significant bit first, in the order rows, columns, channels.

use super::error::{Place, ReadError, RecordFault};
use super::names::MaskMarks;
use super::source::Source;
use super::{Asked, Beside, Format, Raw, Row, Sink, json, text};
use crate::template::{IrisShape, TemplateShape};

/// Reads JSON where the file begins with a brace or a bracket, and lines of base64 otherwise.
pub(super) fn rows(
    mut source: Source<'_>,
    shape: TemplateShape,
    asked: Asked<'_>,
    sink: &mut dyn Sink,
) -> Result<Beside, ReadError> {
    let TemplateShape::Iris(iris) = shape else {
        return Err(ReadError::Unsupported { format: Format::IrisBase64, shape });
    };
    match source.next_ink(0)? {
        Some((_, b'{' | b'[')) => json::rows(source, shape, asked, sink),
        _ if asked.handles.is_some() => Err(ReadError::NoPlaceForHandles { format: Format::IrisBase64 }),
        _ => pairs(source, iris, sink).map(|()| Beside::default()),
    }
}

/// Lines code, mask, code, mask; blank lines are passed over. A line that is neither ends the file's sense: what follows could be either.
fn pairs(mut source: Source<'_>, shape: IrisShape, sink: &mut dyn Sink) -> Result<(), ReadError> {
    sink.named(false);
    let (mut bytes, mut line, mut person) = (Vec::new(), 0, 0);
    let mut code = None;
    while let Some(content) = source.line(&mut bytes)? {
        line += 1;
        let place = Place::Line(line);
        let at = ReadError::at(place);
        let content = text::of(content).map_err(&at)?;
        if content.is_empty() {
            continue;
        }
        match code.take() {
            None => code = Some((line, text::base64_bits(content, shape.bits(), "code").map_err(at)?)),
            Some((_, code)) => {
                let mask = text::base64_bits(content, shape.bits(), "mask").map_err(at)?;
                person += 1;
                let template = Ok(Raw::Iris { code, mask, marks: Some(MaskMarks::Valid), flat: true });
                sink.row(Row { place, person, subject: None, eye: None, handle: None, quality: None, template })?;
            }
        }
    }
    match code {
        Some((line, _)) => Err(ReadError::at(Place::Line(line))(RecordFault::Unpaired)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::template::read::{self, Given, Reading};
    use crate::template::{MaskSharing, Template};

    use super::*;

    const IRIS: IrisShape = IrisShape { rows: 1, columns: 4, channels: 2, mask: MaskSharing::ByPair };

    fn read(file: &str) -> Result<Reading, ReadError> {
        read::read(
            Source::of(file.as_bytes()).unwrap(),
            Format::IrisBase64,
            TemplateShape::Iris(IRIS),
            Given::default(),
        )
    }

    fn fault(file: &str) -> (usize, RecordFault) {
        match read(file).err().unwrap() {
            ReadError::Record { place: Place::Line(line), fault } => (line, fault),
            other => panic!("{other}"),
        }
    }

    fn no_bits(field: &str) -> RecordFault {
        RecordFault::NotBits { field: field.to_owned(), expected: 8 }
    }

    #[test]
    fn lines_alternate_code_and_mask() {
        let packed = read("oQ==\r\n/w==\n\nHg==\n8A==\n").unwrap().records.into_iter().map(|(_, record)| match record
            .template
        {
            Template::Iris(iris) => (iris.code().to_msb_first(), iris.mask().to_msb_first()),
            _ => panic!(),
        });
        assert_eq!(packed.collect::<Vec<_>>(), [(vec![0xa1], vec![0xff]), (vec![0x1e], vec![0xf0])]);
    }

    #[test]
    fn faults_are_named_by_line() {
        assert_eq!(fault("oQ==\n/w==\n0.513\n"), (3, no_bits("code")));
        assert_eq!(fault("oQ==\nAAAA\n"), (2, no_bits("mask")));
        assert_eq!(fault("oQ==\n/w==\noQ==\n\n"), (3, RecordFault::Unpaired));
        // The pair does not share its mask.
        let read = read("oQ==\ngA==\noQ==\n/w==\n").unwrap();
        assert_eq!((read.records.len(), read.unusable[0].place), (1, Place::Line(2)));
        assert!(matches!(read.unusable[0].fault, RecordFault::Template(_)));
    }
}
