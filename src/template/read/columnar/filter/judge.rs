//! Rows judged, a batch at a time.

use arrow_array::{Array, ArrayRef, BooleanArray, Datum};
use arrow_buffer::BooleanBuffer;
use arrow_ord::cmp;
use arrow_schema::{ArrowError, DataType};

use super::super::super::ReadError;
use super::super::guard::unreadable;
use super::Comparison;
use super::bind::{Bound, Judgement, value_type};
use super::zeros::positive_zeros;

/// The column of a number, in a batch.
type Column<'a> = dyn Fn(usize) -> Result<&'a ArrayRef, ReadError> + 'a;

/// What is known of each row: certainly true, certainly false, or neither.
struct Truth {
    yes: BooleanBuffer,
    no: BooleanBuffer,
}

impl Bound {
    /// The rows of a batch of so many that are certainly meant.
    pub(in super::super) fn chosen(&self, rows: usize, column: &Column<'_>) -> Result<BooleanBuffer, ReadError> {
        Ok(truth(&self.root, rows, column)?.yes)
    }
}

fn truth(judgement: &Judgement, rows: usize, column: &Column<'_>) -> Result<Truth, ReadError> {
    Ok(match judgement {
        Judgement::Constant(true) => Truth::all(rows),
        Judgement::Constant(false) => Truth::all(rows).not(),
        Judgement::Unknown => Truth { yes: BooleanBuffer::new_unset(rows), no: BooleanBuffer::new_unset(rows) },
        Judgement::IsNull(of) => match column(*of)?.logical_nulls() {
            Some(nulls) => Truth { yes: !nulls.inner(), no: nulls.into_inner() },
            None => Truth::all(rows).not(),
        },
        Judgement::Value(of, op, value) => {
            let values = column(*of)?;
            let values = as_type(values, &value_type(values.data_type()))?;
            compared(*op, &values, value)?
        }
        Judgement::Columns(left, op, right, of) => {
            let (left, right) = (as_type(column(*left)?, of)?, as_type(column(*right)?, of)?);
            compared(*op, &left, &right)?
        }
        Judgement::Not(inner) => truth(inner, rows, column)?.not(),
        Judgement::All(all) => all
            .iter()
            .try_fold(Truth::all(rows), |before, next| Ok::<_, ReadError>(before.and(truth(next, rows, column)?)))?,
        Judgement::Any(any) => {
            let none = Truth::all(rows).not();
            any.iter().try_fold(none, |before, next| Ok::<_, ReadError>(before.or(truth(next, rows, column)?)))?
        }
    })
}

impl Truth {
    fn all(rows: usize) -> Self {
        Self { yes: BooleanBuffer::new_set(rows), no: BooleanBuffer::new_unset(rows) }
    }

    fn not(self) -> Self {
        Self { yes: self.no, no: self.yes }
    }

    fn and(self, other: Self) -> Self {
        Self { yes: &self.yes & &other.yes, no: &self.no | &other.no }
    }

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

fn compared(op: Comparison, left: &dyn Datum, right: &dyn Datum) -> Result<Truth, ReadError> {
    let compared: Result<BooleanArray, ArrowError> = match op {
        Comparison::Equal => cmp::eq(left, right),
        Comparison::NotEqual => cmp::neq(left, right),
        Comparison::Less => cmp::lt(left, right),
        Comparison::LessOrEqual => cmp::lt_eq(left, right),
        Comparison::Greater => cmp::gt(left, right),
        Comparison::GreaterOrEqual => cmp::gt_eq(left, right),
    };
    let (values, nulls) = compared.map_err(undecided)?.into_parts();
    Ok(match nulls {
        None => Truth { no: !&values, yes: values },
        Some(nulls) => Truth { yes: &values & nulls.inner(), no: &!&values & nulls.inner() },
    })
}

/// A column as values of another type, in which each has one encoding.
fn as_type(column: &ArrayRef, of: &DataType) -> Result<ArrayRef, ReadError> {
    match column.data_type() == of {
        true => Ok(positive_zeros(column.clone())),
        false => arrow_cast::cast(column, of).map(positive_zeros).map_err(undecided),
    }
}

fn undecided(error: ArrowError) -> ReadError {
    unreadable("Parquet or Arrow", error)
}
