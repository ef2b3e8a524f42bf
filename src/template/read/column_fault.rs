//! Why columns of Parquet and Arrow files, and expressions on them, are refused.

use std::borrow::Cow;

use super::names::Two;
use crate::remedy::Remedy;

/// What is wrong with the columns of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnFault {
    /// No column holds what is looked for.
    #[error("no {expected} among the columns {}", found.join(", "))]
    Absent {
        /// What is looked for.
        expected: String,
        /// The columns that are there, with their types; at most sixteen.
        found: Vec<String>,
    },
    /// No column has the name that was given.
    #[error("no column is called `{name}`, but {}", found.join(", "))]
    Unknown {
        /// The first 64 characters of the name that was given.
        name: String,
        /// The columns that are there, with their types; at most sixteen.
        found: Vec<String>,
    },
    /// Two columns may hold the templates.
    #[error("columns {0} may both be the template")]
    TwoTemplates(Two),
    /// Two columns may hold the masks.
    #[error("columns {0} may both be the mask")]
    TwoMasks(Two),
    /// Two columns may say whose the templates are.
    #[error("columns {0} may both say whose the templates are")]
    TwoLabels(Two),
    /// A name stands for two columns.
    #[error("columns {0} are both called so")]
    Repeated(Two),
    /// A column of another type than can be read.
    #[error("column `{name}` is of type {found} where {expected} is expected")]
    Type {
        /// The first 64 characters of its name.
        name: String,
        /// Arrow's name of its type.
        found: String,
        /// What is expected.
        expected: String,
    },
    /// Identifiers that are floating-point numbers.
    #[error(
        "column `{name}` is of type {found}: ids written as fractions, such as 7.0, are no ids of anybody else's records"
    )]
    FractionIds {
        /// The first 64 characters of its name.
        name: String,
        /// Arrow's name of its type.
        found: String,
    },
    /// Rows came with other columns than were announced.
    #[error("column `{name}` is not as it was announced")]
    Changed {
        /// The first 64 characters of its name.
        name: String,
    },
}

impl Remedy for ColumnFault {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Absent { .. } => "call the column so, with one list of all values in each row",
            Self::Unknown { .. } => "name one of these",
            Self::TwoTemplates(_) | Self::TwoMasks(_) => "leave one out",
            Self::TwoLabels(_) => "leave one out, or give the ids apart",
            Self::Repeated(_) => "give each column a name of its own",
            Self::Type { .. } => "convert the column, or name another",
            Self::FractionIds { .. } => "write whole numbers (astype(\"int64\") in NumPy and pandas) or text",
            Self::Changed { .. } => "the file is damaged",
        };
        Some(remedy.into())
    }
}

/// What is wrong with a Parquet or Arrow file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerFault {
    /// It cannot be read.
    #[error("not a readable {format} file: {reason}")]
    Unreadable {
        /// What it seems to be.
        format: &'static str,
        /// What its decoder says; never a value.
        reason: String,
    },
    /// It is encrypted.
    #[error("the Parquet file is encrypted")]
    Encrypted,
    /// What it declares is beyond what is read.
    #[error("the file declares {what} of {actual} where at most {limit} are read")]
    Limit {
        /// What is declared, and in which unit.
        what: &'static str,
        /// The most that is read.
        limit: u64,
        /// What is declared; more than is counted is given as the largest number.
        actual: u64,
    },
    /// It ends before its end.
    #[error("the {format} file is cut short")]
    Short {
        /// What it is.
        format: &'static str,
    },
    /// It is longer than what is read from a pipe.
    #[error("more than {limit_bytes} bytes of Parquet come through a pipe, which must fit in memory")]
    Piped {
        /// The most that is read, in bytes.
        limit_bytes: u64,
    },
}

impl Remedy for ContainerFault {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Unreadable { .. } => "the file is damaged, or of a kind that is not read: write it anew with pyarrow",
            Self::Encrypted => "decrypt it with who holds its keys: pyarrow.parquet.read_table and write_table",
            Self::Limit { .. } => "write it anew with pyarrow.parquet.write_table or pyarrow.feather.write_feather",
            Self::Short { .. } => "fetch or write it again",
            Self::Piped { .. } => "give the file itself, by its name",
        };
        Some(remedy.into())
    }
}

/// What is admitted in a condition on rows.
pub const ADMITTED: &str = "columns compared with literals or with each other by =, <>, !=, <, <=, > and >=, IN (...), BETWEEN ... AND ..., \
                            IS NULL, IS NOT NULL, AND, OR, NOT, parentheses, TRUE and FALSE";

/// Why a condition on rows is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterFault {
    /// It is longer than is read.
    #[error("the expression has {actual} bytes where at most {limit} are read")]
    Length {
        /// Most bytes.
        limit: usize,
        /// Bytes that it has.
        actual: usize,
    },
    /// Conditions stand too deep in each other.
    #[error("the expression has conditions more than {limit} deep in each other")]
    Depth {
        /// The deepest that is read.
        limit: usize,
    },
    /// It is no expression.
    #[error("the expression cannot be read: {reason}")]
    Syntax {
        /// What is wrong, and where.
        reason: String,
    },
    /// A part of it is more than is admitted.
    #[error("`{part}` is not admitted in the expression")]
    NotAdmitted {
        /// The first 64 characters of that part.
        part: String,
    },
    /// No column has a name that stands in it.
    #[error("no column is called `{name}`, but {}", found.join(", "))]
    Unknown {
        /// The first 64 characters of the name.
        name: String,
        /// The columns that are there, with their types; at most sixteen.
        found: Vec<String>,
    },
    /// A name in it stands for two columns.
    #[error("columns {0} are both called so")]
    Repeated(Two),
    /// A column of a type that is not compared.
    #[error("column `{name}` is of type {found}, which is not compared")]
    Type {
        /// The first 64 characters of its name.
        name: String,
        /// Arrow's name of its type.
        found: String,
    },
    /// A literal that is no value of the column that it is compared with.
    #[error("{literal} is no value of column `{name}`, of type {found}")]
    Literal {
        /// The first 64 characters of the literal.
        literal: String,
        /// The first 64 characters of the column's name.
        name: String,
        /// Arrow's name of the column's type.
        found: String,
    },
    /// Two columns of types that are not compared with each other.
    #[error("columns {columns} are of types {left} and {right}, which are not compared with each other")]
    Types {
        /// The columns.
        columns: Two,
        /// Arrow's name of the first one's type.
        left: String,
        /// Arrow's name of the second one's type.
        right: String,
    },
}

impl Remedy for FilterFault {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Length { .. } | Self::Depth { .. } => "choose persons from a list (--ids-from), or rows (--rows)",
            Self::Syntax { .. } | Self::NotAdmitted { .. } => return Some(format!("admitted: {ADMITTED}").into()),
            Self::Unknown { .. } => "name one of these; texts stand in single quotes, and odd names in double quotes",
            Self::Repeated(_) => "write the name in double quotes, as it is in the file",
            Self::Type { .. } => "compare numbers, texts, dates, times or booleans",
            Self::Literal { .. } => "write numbers as 7 or -0.5, texts as 'a', days as '2026-11-30', TRUE and FALSE",
            Self::Types { .. } => "write both with the same type",
        };
        Some(remedy.into())
    }
}
