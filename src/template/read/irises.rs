//! What an iris file leaves unsaid: in which order the bits of a code lie, and what the ones of a mask mark.

use super::bit_order::BitOrder;
use super::error::ReadError;
use super::names::MaskMarks;
use crate::template::{Bits, IrisCode, IrisShape, Template, TemplateError};

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

/// Makes irises of codes and masks, in one order, with masks of valid bits; at the end it is known whether that was right.
pub(super) struct Settling {
    shape: IrisShape,
    told: Told,
    /// Whether a code was a string of bits, of which no axis says what is where.
    flat: bool,
    /// Ones, and all bits, of masks whose names do not say what their ones mark.
    ones: u64,
    bits: u64,
    /// The first flat codes.
    sample: Vec<Vec<bool>>,
}

impl Settling {
    pub(super) fn new(shape: IrisShape, told: Told) -> Self {
        Self { shape, told, flat: false, ones: 0, bits: 0, sample: Vec::new() }
    }

    /// The iris of a code and a mask; `flat` and `marks` are as of [`super::Raw::Iris`].
    pub(super) fn iris(
        &mut self,
        code: Bits,
        mask: Bits,
        marks: Option<MaskMarks>,
        flat: bool,
    ) -> Result<Template, TemplateError> {
        self.flat |= flat;
        if marks.is_none() {
            self.ones += u64::from(mask.ones());
            self.bits += mask.len() as u64;
        }
        if flat && self.told.order.is_none() && self.sample.len() < SAMPLE {
            self.sample.push(code.iter().collect());
        }
        let order = self.told.order.filter(|_| flat).unwrap_or(BitOrder::PositionFirst);
        let (code, mask) = match order {
            BitOrder::PositionFirst => (code, mask),
            order => (order.normal(&code, self.shape)?, order.normal(&mask, self.shape)?),
        };
        let mask = match marks.or(self.told.marks).unwrap_or(MaskMarks::Valid) {
            MaskMarks::Valid => mask,
            MaskMarks::Noise => Bits::new(mask.iter().map(|bit| !bit))?,
        };
        Ok(Template::Iris(IrisCode::new(self.shape, code, mask)?))
    }

    /// The order in which flat codes were read, where there are any and it matters; `mask` is the name of one that does not say what its ones
    /// mark.
    ///
    /// # Errors
    ///
    /// [`ReadError::MaskMarks`] and [`ReadError::BitOrder`] where by all appearance they are of another kind than they were taken for.
    pub(super) fn finish(self, mask: String) -> Result<Option<BitOrder>, ReadError> {
        let share = self.ones as f64 / self.bits.max(1) as f64;
        if self.told.marks.is_none() && self.bits > 0 && share < USUAL_SHARE {
            return Err(ReadError::MaskMarks { name: mask, share });
        }
        self.check_order()?;
        let matters = self.flat && self.shape.channels > 1;
        Ok(matters.then(|| self.told.order.unwrap_or_default()))
    }

    fn check_order(&self) -> Result<(), ReadError> {
        let shape = self.shape;
        if shape.rows * shape.columns.saturating_sub(1) * shape.channels < ENOUGH_NEIGHBOURS {
            return Ok(());
        }
        let share = |order: BitOrder| {
            let agreements = self.sample.iter().map(|code| order.agreement(code, shape));
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
}
