//! A condition on the columns of a schema, with literals as values of their columns.

use arrow_array::{ArrayRef, Scalar};
use arrow_schema::{DataType, Schema};

use super::super::super::names::shortened;
use super::super::super::{FilterFault, Two};
use super::super::columns;
use super::super::guard::two;
use super::super::types;
use super::{Comparison, Literal, Name, Node, Operand, literal};

/// A condition on columns by their numbers, from 0.
#[derive(Debug)]
pub(in super::super) struct Bound {
    pub(super) root: Judgement,
    columns: Vec<usize>,
}

/// A condition that can judge.
#[derive(Debug)]
pub(super) enum Judgement {
    Constant(bool),
    IsNull(usize),
    /// With one value.
    Value(usize, Comparison, Scalar<ArrayRef>),
    /// With a value that is null: unknown.
    Unknown,
    /// With another column, both as values of this type.
    Columns(usize, Comparison, usize, DataType),
    Not(Box<Judgement>),
    All(Vec<Judgement>),
    Any(Vec<Judgement>),
}

impl Bound {
    pub(super) fn of(node: &Node, schema: &Schema) -> Result<Self, FilterFault> {
        let mut binding = Binding { schema, columns: Vec::new() };
        let root = binding.judgement(node)?;
        Ok(Self { root, columns: binding.columns })
    }

    /// The columns that it judges by.
    pub(in super::super) fn columns(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().copied()
    }
}

struct Binding<'a> {
    schema: &'a Schema,
    columns: Vec<usize>,
}

impl Binding<'_> {
    fn judgement(&mut self, node: &Node) -> Result<Judgement, FilterFault> {
        Ok(match node {
            Node::Constant(constant) => Judgement::Constant(*constant),
            Node::IsNull(name) => Judgement::IsNull(self.column(name)?),
            Node::Not(node) => Judgement::Not(Box::new(self.judgement(node)?)),
            Node::All(nodes) => Judgement::All(self.judgements(nodes)?),
            Node::Any(nodes) => Judgement::Any(self.judgements(nodes)?),
            Node::Compare(name, op, Operand::Column(other)) => self.columns(name, *op, other)?,
            Node::Compare(name, op, Operand::Literal(literal)) => self.value(name, *op, literal)?,
        })
    }

    fn judgements(&mut self, nodes: &[Node]) -> Result<Vec<Judgement>, FilterFault> {
        nodes.iter().map(|node| self.judgement(node)).collect()
    }

    fn value(&mut self, name: &Name, op: Comparison, value: &Literal) -> Result<Judgement, FilterFault> {
        let column = self.compared(name)?;
        let of = value_type(self.schema.field(column).data_type());
        if *value == Literal::Null {
            return Ok(Judgement::Unknown);
        }
        let fault = || FilterFault::Literal {
            literal: shortened(&value.to_string()),
            name: shortened(&name.name),
            found: types::named(self.schema.field(column).data_type()),
        };
        let value = literal::as_value(value, &of).ok_or_else(fault)?;
        Ok(Judgement::Value(column, op, Scalar::new(value)))
    }

    fn columns(&mut self, name: &Name, op: Comparison, other: &Name) -> Result<Judgement, FilterFault> {
        let (left, right) = (self.compared(name)?, self.compared(other)?);
        let found = |column: usize| self.schema.field(column).data_type();
        match common(&value_type(found(left)), &value_type(found(right))) {
            Some(of) => Ok(Judgement::Columns(left, op, right, of)),
            None => Err(FilterFault::Types {
                columns: two(&name.name, &other.name),
                left: types::named(found(left)),
                right: types::named(found(right)),
            }),
        }
    }

    /// A column that can be compared.
    fn compared(&mut self, name: &Name) -> Result<usize, FilterFault> {
        let column = self.column(name)?;
        let found = self.schema.field(column).data_type();
        match is_compared(types::plain(found)) {
            true => Ok(column),
            false => Err(FilterFault::Type { name: shortened(&name.name), found: types::named(found) }),
        }
    }

    fn column(&mut self, name: &Name) -> Result<usize, FilterFault> {
        let column = match name.exact {
            true => exactly(self.schema, &name.name),
            false => columns::position(self.schema, &name.name),
        };
        let unknown = || FilterFault::Unknown { name: shortened(&name.name), found: types::listed(self.schema) };
        let column = column.map_err(FilterFault::Repeated)?.ok_or_else(unknown)?;
        self.columns.push(column);
        Ok(column)
    }
}

/// The only column that is called exactly so.
fn exactly(schema: &Schema, name: &str) -> Result<Option<usize>, Two> {
    let mut called = (0..schema.fields().len()).filter(|column| schema.field(*column).name() == name);
    match (called.next(), called.next()) {
        (Some(_), Some(_)) => Err(two(name, name)),
        (first, _) => Ok(first),
    }
}

/// The type of what is compared: values of dictionaries, and texts as views of them.
pub(super) fn value_type(found: &DataType) -> DataType {
    match types::plain(found) {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        plain => plain.clone(),
    }
}

fn is_compared(found: &DataType) -> bool {
    let is_time = matches!(
        found,
        DataType::Date32 | DataType::Date64 | DataType::Time32(_) | DataType::Time64(_) | DataType::Timestamp(..)
    );
    let is_decimal = matches!(found, DataType::Decimal128(..) | DataType::Decimal256(..));
    let is_text = matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    *found == DataType::Boolean || found.is_integer() || found.is_floating() || is_time || is_decimal || is_text
}

/// The type that values of two columns are compared as, none of which is lost.
fn common(left: &DataType, right: &DataType) -> Option<DataType> {
    let is_small = |found: &DataType| found.is_integer() && *found != DataType::UInt64;
    match (left, right) {
        _ if left == right => Some(left.clone()),
        _ if is_small(left) && is_small(right) => Some(DataType::Int64),
        _ if left.is_floating() && right.is_floating() => Some(DataType::Float64),
        _ => None,
    }
}
