//! The columns of a query: what each is read as, and rows of some of them as a batch.

use std::error::Error;
use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, BooleanBuilder, ListBuilder, PrimitiveBuilder};
use arrow_array::types::{ArrowPrimitiveType, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{ArrayRef, BinaryArray, BooleanArray, PrimitiveArray, StringArray};
use arrow_schema::{DataType, Field};
use pgvector::{Bit, HalfVector, Vector};
use postgres::Row;
use postgres::types::{FromSql, Kind, Type};

use crate::template::read::is_quality;

/// A column of a query.
pub(super) struct Column {
    name: String,
    read: Read,
    /// What its server makes of it before it is fetched.
    cast: Option<String>,
}

/// What a column is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Text,
    Bytes,
    /// `bit(n)`.
    Bits,
    /// pgvector's `vector`.
    Vector,
    /// pgvector's `halfvec`.
    HalfVector,
    One(Item),
    List(Item),
}

/// A single value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Boolean,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
}

impl Column {
    /// One of a statement that was prepared.
    pub(super) fn of(column: &postgres::Column) -> Self {
        let name = column.name().to_owned();
        let (read, cast) = read(column.type_(), is_quality(&name));
        Self { name, read, cast }
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// As a schema has it.
    pub(super) fn field(&self) -> Field {
        let list = |item| DataType::List(Arc::new(Field::new_list_field(item, true)));
        let found = match self.read {
            Read::Text => DataType::Utf8,
            Read::Bytes => DataType::Binary,
            Read::Bits => list(DataType::Boolean),
            Read::Vector | Read::HalfVector => list(DataType::Float32),
            Read::One(item) => item.data_type(),
            Read::List(item) => list(item.data_type()),
        };
        Field::new(&self.name, found, true)
    }

    /// As a statement asks for it.
    pub(super) fn sql(&self) -> String {
        let name = format!("\"{}\"", self.name.replace('"', "\"\""));
        match &self.cast {
            Some(cast) => format!("CAST({name} AS {cast})"),
            None => name,
        }
    }

    /// Its values, which are at place `at` of these rows.
    ///
    /// # Errors
    ///
    /// Of the first value that is not what its type is.
    pub(super) fn values(&self, rows: &[Row], at: usize) -> Result<ArrayRef, postgres::Error> {
        Ok(match self.read {
            Read::Text => Arc::new(ones::<&str, StringArray>(rows, at)?),
            Read::Bytes => Arc::new(ones::<&[u8], BinaryArray>(rows, at)?),
            Read::Bits => lists(rows, at, |bits: &mut BooleanBuilder, Whole::<Bit>(found)| {
                let bytes = found.as_bytes().iter();
                let all = bytes.flat_map(|byte| (0..8).rev().map(move |bit| Some(byte >> bit & 1 == 1)));
                bits.extend(all.take(found.len()));
            })?,
            Read::Vector => lists(rows, at, |values: &mut PrimitiveBuilder<Float32Type>, Whole::<Vector>(found)| {
                values.append_slice(found.as_slice());
            })?,
            Read::HalfVector => {
                lists(rows, at, |values: &mut PrimitiveBuilder<Float32Type>, Whole::<HalfVector>(found)| {
                    values.extend(found.as_slice().iter().map(|value| Some(f32::from(*value))));
                })?
            }
            Read::One(Item::Boolean) => Arc::new(ones::<bool, BooleanArray>(rows, at)?),
            Read::One(Item::Int16) => Arc::new(ones::<i16, PrimitiveArray<Int16Type>>(rows, at)?),
            Read::One(Item::Int32) => Arc::new(ones::<i32, PrimitiveArray<Int32Type>>(rows, at)?),
            Read::One(Item::Int64) => Arc::new(ones::<i64, PrimitiveArray<Int64Type>>(rows, at)?),
            Read::One(Item::Float32) => Arc::new(ones::<f32, PrimitiveArray<Float32Type>>(rows, at)?),
            Read::One(Item::Float64) => Arc::new(ones::<f64, PrimitiveArray<Float64Type>>(rows, at)?),
            Read::List(Item::Boolean) => lists(rows, at, |bits: &mut BooleanBuilder, Flat(found)| bits.extend(found))?,
            Read::List(Item::Int16) => numbers::<Int16Type>(rows, at)?,
            Read::List(Item::Int32) => numbers::<Int32Type>(rows, at)?,
            Read::List(Item::Int64) => numbers::<Int64Type>(rows, at)?,
            Read::List(Item::Float32) => numbers::<Float32Type>(rows, at)?,
            Read::List(Item::Float64) => numbers::<Float64Type>(rows, at)?,
        })
    }
}

impl Item {
    fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Float32 => DataType::Float32,
            Self::Float64 => DataType::Float64,
        }
    }
}

/// What a column of this type is read as, and what its server casts it to before. What has no place here is a text: an id may be anything.
fn read(found: &Type, is_quality: bool) -> (Read, Option<String>) {
    let plain = |read| (read, None);
    let cast = |read, to: &str| (read, Some(to.to_owned()));
    match *found {
        Type::BOOL => plain(Read::One(Item::Boolean)),
        Type::INT2 => plain(Read::One(Item::Int16)),
        Type::INT4 => plain(Read::One(Item::Int32)),
        Type::INT8 => plain(Read::One(Item::Int64)),
        Type::FLOAT4 => plain(Read::One(Item::Float32)),
        Type::FLOAT8 => plain(Read::One(Item::Float64)),
        Type::NUMERIC if is_quality => cast(Read::One(Item::Float64), "float8"),
        Type::BYTEA => plain(Read::Bytes),
        Type::BIT => plain(Read::Bits),
        Type::BOOL_ARRAY => plain(Read::List(Item::Boolean)),
        Type::INT2_ARRAY => plain(Read::List(Item::Int16)),
        Type::INT4_ARRAY => plain(Read::List(Item::Int32)),
        Type::INT8_ARRAY => plain(Read::List(Item::Int64)),
        Type::FLOAT4_ARRAY => plain(Read::List(Item::Float32)),
        Type::FLOAT8_ARRAY => plain(Read::List(Item::Float64)),
        Type::NUMERIC_ARRAY => cast(Read::List(Item::Float64), "float8[]"),
        // Types of an extension, wherever that is.
        _ if *found.kind() != Kind::Simple => cast(Read::Text, "text"),
        _ => match found.name() {
            "vector" => plain(Read::Vector),
            "halfvec" => plain(Read::HalfVector),
            // The other type is where this one is, which may be in no path of the session's.
            "sparsevec" => (Read::Vector, Some(format!("\"{}\".vector", found.schema().replace('"', "\"\"")))),
            _ => cast(Read::Text, "text"),
        },
    }
}

/// The values of a column, one a row.
fn ones<'a, V: FromSql<'a>, A: FromIterator<Option<V>>>(rows: &'a [Row], at: usize) -> Result<A, postgres::Error> {
    rows.iter().map(|row| row.try_get(at)).collect()
}

/// The lists of a column, one a row, which `put` puts into their builder.
fn lists<'a, B: ArrayBuilder + Default, V: FromSql<'a>>(
    rows: &'a [Row],
    at: usize,
    put: impl Fn(&mut B, V),
) -> Result<ArrayRef, postgres::Error> {
    let mut lists = ListBuilder::new(B::default());
    for row in rows {
        let found: Option<V> = row.try_get(at)?;
        let is_there = found.is_some();
        if let Some(found) = found {
            put(lists.values(), found);
        }
        lists.append(is_there);
    }
    Ok(Arc::new(lists.finish()))
}

/// Arrays of numbers.
fn numbers<'a, T: ArrowPrimitiveType>(rows: &'a [Row], at: usize) -> Result<ArrayRef, postgres::Error>
where
    T::Native: FromSql<'a>,
{
    lists(rows, at, |values: &mut PrimitiveBuilder<T>, Flat(found)| values.extend::<Vec<Option<T::Native>>>(found))
}

/// The values of an array, whatever its dimensions: any row may have others, and is judged by how many values there are.
#[derive(Debug)]
struct Flat<T>(Vec<Option<T>>);

impl<'a, T: FromSql<'a>> FromSql<'a> for Flat<T> {
    fn from_sql(found: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let Kind::Array(member) = found.kind() else { return Err("no array".into()) };
        let mut array = Array { rest: raw };
        // Behind the dimensions, whether a value is null, and the type of all.
        let dimensions = array.number()?;
        array.number()?;
        array.number()?;
        let mut values = usize::from(dimensions > 0);
        for _ in 0..dimensions {
            let length = usize::try_from(array.number()?)?;
            // The index of the first is nothing to us.
            array.number()?;
            values = values.checked_mul(length).ok_or(SHORT)?;
        }
        // Each has its length before it.
        if values > array.rest.len() / 4 {
            return Err(SHORT.into());
        }
        let values = (0..values).map(|_| array.value()?.map(|value| T::from_sql(member, value)).transpose());
        let values = values.collect::<Result<_, _>>()?;
        if array.rest.is_empty() { Ok(Self(values)) } else { Err(SHORT.into()) }
    }

    fn accepts(found: &Type) -> bool {
        matches!(found.kind(), Kind::Array(member) if T::accepts(member))
    }
}

/// What is told of a value of another length than it says.
const SHORT: &str = "a value that is not as long as it says";

/// What is left of an array's bytes.
struct Array<'a> {
    rest: &'a [u8],
}

impl<'a> Array<'a> {
    fn number(&mut self) -> Result<i32, &'static str> {
        let (number, rest) = self.rest.split_first_chunk().ok_or(SHORT)?;
        self.rest = rest;
        Ok(i32::from_be_bytes(*number))
    }

    /// The next value; none where it is null.
    fn value(&mut self) -> Result<Option<&'a [u8]>, &'static str> {
        let Ok(length) = usize::try_from(self.number()?) else { return Ok(None) };
        let (value, rest) = self.rest.split_at_checked(length).ok_or(SHORT)?;
        self.rest = rest;
        Ok(Some(value))
    }
}

/// A value that is as long as it says: what decodes it takes its word.
struct Whole<T>(T);

impl<'a, T: FromSql<'a>> FromSql<'a> for Whole<T> {
    fn from_sql(found: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        match length(found, raw) == Some(raw.len()) {
            true => T::from_sql(found, raw).map(Self),
            false => Err(SHORT.into()),
        }
    }

    fn accepts(found: &Type) -> bool {
        T::accepts(found)
    }
}

/// How many bytes a value has by what it says in its first: `bit` its bits, those of pgvector their coordinates.
fn length(found: &Type, raw: &[u8]) -> Option<usize> {
    let first = raw.first_chunk::<4>()?;
    let [high, low, ..] = *first;
    let coordinates = usize::from(u16::from_be_bytes([high, low]));
    let values = match found.name() {
        "bit" => usize::try_from(i32::from_be_bytes(*first)).ok()?.div_ceil(8),
        "halfvec" => coordinates * 2,
        _ => coordinates * 4,
    };
    Some(first.len() + values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_extension(name: &str) -> Type {
        Type::new(name.to_owned(), 70_000, Kind::Simple, "the \"vectors\"".to_owned())
    }

    #[test]
    fn values_that_are_not_as_long_as_they_say_are_refused_before_they_are_decoded() {
        let vector = of_extension("vector");
        let sound = [0, 2, 0, 0, 63, 128, 0, 0, 64, 0, 0, 0];
        let Whole::<Vector>(found) = Whole::from_sql(&vector, &sound).unwrap();
        assert_eq!(found.as_slice(), [1.0, 2.0]);
        for length in 0..sound.len() {
            assert!(Whole::<Vector>::from_sql(&vector, &sound[..length]).is_err(), "{length}");
        }
        assert!(Whole::<Vector>::from_sql(&vector, &[&sound[..], &[0]].concat()).is_err());
        let half = of_extension("halfvec");
        let Whole::<HalfVector>(found) = Whole::from_sql(&half, &[0, 1, 0, 0, 0x3c, 0]).unwrap();
        assert_eq!(found.as_slice().iter().map(|value| f32::from(*value)).collect::<Vec<_>>(), [1.0]);
        assert!(Whole::<HalfVector>::from_sql(&half, &[0, 2, 0, 0, 0x3c, 0]).is_err());
        let Whole::<Bit>(found) = Whole::from_sql(&Type::BIT, &[0, 0, 0, 9, 0b0101_0000, 0b1000_0000]).unwrap();
        assert_eq!((found.len(), found.as_bytes()), (9, &[0b0101_0000, 0b1000_0000][..]));
        for damaged in [&[0, 0, 0, 9, 0][..], &[255, 255, 255, 255], &[0, 0, 0]] {
            assert!(Whole::<Bit>::from_sql(&Type::BIT, damaged).is_err());
        }
    }

    #[test]
    fn arrays_are_read_whatever_their_dimensions_and_refused_where_they_are_cut_or_lie() {
        let array = |dimensions: &[(i32, i32)], values: &[Option<f32>]| {
            let numbers =
                [dimensions.len() as i32, 1, 700].into_iter().chain(dimensions.iter().flat_map(|(n, low)| [*n, *low]));
            let mut raw: Vec<u8> = numbers.flat_map(i32::to_be_bytes).collect();
            for value in values {
                raw.extend(value.map_or(-1i32, |_| 4).to_be_bytes());
                raw.extend(value.iter().flat_map(|value| value.to_be_bytes()));
            }
            raw
        };
        let read = |raw: &[u8]| Flat::<f32>::from_sql(&Type::FLOAT4_ARRAY, raw).map(|Flat(values)| values);
        let values = [Some(1.0), None, Some(-2.5), Some(0.0)];
        for dimensions in [&[(4, 1)][..], &[(4, 3)], &[(2, 1), (2, 1)], &[(1, 1), (4, 0)]] {
            assert_eq!(read(&array(dimensions, &values)).unwrap(), values, "{dimensions:?}");
        }
        assert_eq!(read(&array(&[], &[])).unwrap(), []);
        let sound = array(&[(4, 1)], &values);
        for length in 0..sound.len() {
            assert!(read(&sound[..length]).is_err(), "{length}");
        }
        for dimensions in [&[(3, 1)][..], &[(5, 1)], &[(-1, 1)], &[(i32::MAX, 1), (i32::MAX, 1), (i32::MAX, 1)]] {
            assert!(read(&array(dimensions, &values)).is_err(), "{dimensions:?}");
        }
    }

    #[test]
    fn columns_are_asked_for_as_they_are_read() {
        let sql = |name: &str, found: &Type| {
            let (read, cast) = read(found, is_quality(name));
            Column { name: name.to_owned(), read, cast }.sql()
        };
        assert_eq!(sql("embedding", &of_extension("vector")), "\"embedding\"");
        assert_eq!(
            sql("embedding", &of_extension("sparsevec")),
            "CAST(\"embedding\" AS \"the \"\"vectors\"\"\".vector)"
        );
        assert_eq!(sql("a \"b\"", &Type::UUID), "CAST(\"a \"\"b\"\"\" AS text)");
        assert_eq!(sql("id", &Type::NUMERIC), "CAST(\"id\" AS text)");
        assert_eq!(sql("Quality", &Type::NUMERIC), "CAST(\"Quality\" AS float8)");
        assert_eq!(sql("id", &Type::INT8), "\"id\"");
        // An enumeration that is called so by chance.
        let kinds = Type::new("vector".to_owned(), 70_001, Kind::Enum(Vec::new()), "public".to_owned());
        assert_eq!(sql("id", &kinds), "CAST(\"id\" AS text)");
    }
}
