//! What an iris file leaves unsaid: in which order the bits of a code lie, and what the ones of a mask mark.

use super::bit_order::BitOrder;
use super::error::{ReadError, RecordFault};
use super::names::MaskMarks;
use super::{Raw, Row};
use crate::template::{Bits, IrisCode, IrisShape, Template, TemplateError};

/// How the irises of a file are written, as far as it says so.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Whether codes are strings of bits, of which no axis says what is where.
    pub(super) flat: bool,
    /// The name of a mask that does not say what its ones mark, if there is one.
    pub(super) mask: String,
}

/// What its user says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// What the ones of a mask mark whose name does not say it.
    pub marks: Option<MaskMarks>,
    /// In which order flat codes lie.
    pub order: Option<BitOrder>,
}

/// At least so many bits of an iris are valid, of all templates of a file: those of Open-IRIS, iris-mpc and of public data sets have 74
/// to 98 %.
const USUAL_SHARE: f64 = 0.6;
/// Neighbouring columns of a code agree in more bits than others do, because filters are wide: in 76 to 88 % by the right order, in 45 to
/// 65 % by another (the same data). By so much more, and by so many standard deviations of what chance makes, is another order.
const LEAD: f64 = 0.04;
const DEVIATIONS: f64 = 4.0;
/// A code with fewer neighbours, of all channels, is not judged.
const ENOUGH_NEIGHBOURS: usize = 400;
/// So many templates are looked at for the order of bits.
const SAMPLE: usize = 16;

/// Makes irises of codes and masks: in one order, with masks of valid bits.
pub(super) fn settle(
    rows: Vec<Row<Raw>>,
    shape: IrisShape,
    layout: &Layout,
    told: Told,
) -> Result<Vec<Row<Template>>, ReadError> {
    let unsaid = match told.marks {
        Some(marks) => marks,
        None => likely_marks(&rows, layout)?,
    };
    let order = if layout.flat { told.order.unwrap_or_default() } else { BitOrder::PositionFirst };
    if layout.flat && told.order.is_none() {
        check_order(&rows, shape)?;
    }
    let iris = |raw: Raw| match raw {
        Raw::Whole(template) => Ok(template),
        Raw::Iris { code, mask, marks } => {
            let (code, mask) = match order {
                BitOrder::PositionFirst => (code, mask),
                order => (order.normal(&code, shape)?, order.normal(&mask, shape)?),
            };
            let mask = match marks.unwrap_or(unsaid) {
                MaskMarks::Valid => mask,
                MaskMarks::Noise => Bits::new(mask.iter().map(|bit| !bit))?,
            };
            Ok(Template::Iris(IrisCode::new(shape, code, mask)?))
        }
    };
    let settled =
        |row: Row<Raw>| row.and_then(|raw| iris(raw).map_err(|fault: TemplateError| RecordFault::from(fault)));
    Ok(rows.into_iter().map(settled).collect())
}

/// What the ones of masks mark whose names do not say it, by how many there are.
fn likely_marks(rows: &[Row<Raw>], layout: &Layout) -> Result<MaskMarks, ReadError> {
    let masks = rows.iter().filter_map(|row| match &row.template {
        Ok(Raw::Iris { mask, marks: None, .. }) => Some(mask),
        _ => None,
    });
    let (ones, bits) =
        masks.fold((0, 0), |(ones, bits), mask| (ones + u64::from(mask.ones()), bits + mask.len() as u64));
    let share = ones as f64 / bits.max(1) as f64;
    match bits {
        1.. if share < USUAL_SHARE => Err(ReadError::MaskMarks { name: layout.mask.clone(), share }),
        _ => Ok(MaskMarks::Valid),
    }
}

/// Refuses codes that by all appearance are in another order than they are read in.
fn check_order(rows: &[Row<Raw>], shape: IrisShape) -> Result<(), ReadError> {
    if shape.rows * shape.columns.saturating_sub(1) * shape.channels < ENOUGH_NEIGHBOURS {
        return Ok(());
    }
    let codes: Vec<Vec<bool>> = rows
        .iter()
        .filter_map(|row| match &row.template {
            Ok(Raw::Iris { code, .. }) => Some(code.iter().collect()),
            _ => None,
        })
        .take(SAMPLE)
        .collect();
    let share = |order: BitOrder| {
        let agreements = codes.iter().map(|code| order.agreement(code, shape));
        let (equal, pairs) = agreements.fold((0, 0), |(equal, pairs), (e, p)| (equal + e, pairs + p));
        (equal as f64 / pairs.max(1) as f64, pairs)
    };
    let (read, pairs) = share(BitOrder::PositionFirst);
    let lead = LEAD.max(DEVIATIONS * (0.5 / pairs.max(1) as f64).sqrt());
    let others = BitOrder::ALL.into_iter().skip(1).map(|order| (order, share(order).0));
    match others.max_by(|(_, a), (_, b)| a.total_cmp(b)) {
        Some((other, otherwise)) if otherwise > read + lead => Err(ReadError::BitOrder { read, other, otherwise }),
        _ => Ok(()),
    }
}
