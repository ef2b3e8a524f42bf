//! Which rows are meant: an expression of SQL on the columns beside the templates.
//!
//! A text becomes a tree of what is admitted (`parse`), is bound to the columns of a schema (`bind`), and judges a batch at a time (`judge`):
//! each node becomes two bitmaps, of rows that are certainly meant and of rows that are certainly not. What is neither is unknown, as SQL has
//! it where a value is null, and is not taken.

mod bind;
mod judge;
mod literal;
mod parse;
#[cfg(test)]
mod tests;
mod zeros;

use std::str::FromStr;

use arrow_schema::Schema;

use super::super::FilterFault;
pub(super) use bind::Bound;

/// Longest expression that is read, in bytes.
const LIMIT_BYTES: usize = 4096;
/// So deep may conditions stand in each other: the parser takes some 60 KB of stack for each, and a thread has 2 MB.
const LIMIT_DEPTH: usize = 16;

/// A condition on rows, read from an expression of SQL: `quality >= 0.7 AND site IN ('a', 'b')`.
///
/// Columns are compared with literals or with each other by `=`, `<>`, `!=`, `<`, `<=`, `>` and `>=`, `IN (...)`, `BETWEEN`, `IS NULL` and
/// `IS NOT NULL`; `AND`, `OR`, `NOT`, parentheses, `TRUE` and `FALSE`. Nulls follow SQL: what cannot be judged is not taken. A NaN equals
/// itself and is greater than every number.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Node);

/// A condition.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Constant(bool),
    IsNull(Name),
    Compare(Name, Comparison, Operand),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// A column as it is called.
#[derive(Clone, Debug, PartialEq)]
struct Name {
    name: String,
    /// Whether letters count as they are written.
    exact: bool,
}

/// What a column is compared with.
#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Column(Name),
    Literal(Literal),
}

#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Number(String),
    Text(String),
    Boolean(bool),
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// The same of operands that have changed places.
    fn turned(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }
}

impl FromStr for Filter {
    type Err = FilterFault;

    fn from_str(text: &str) -> Result<Self, FilterFault> {
        parse::parse(text).map(Self)
    }
}

impl Filter {
    /// The condition on the columns of a schema.
    pub(super) fn bind(&self, schema: &Schema) -> Result<Bound, FilterFault> {
        Bound::of(&self.0, schema)
    }
}
