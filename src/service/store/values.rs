//! What stands in a database: rows of four kinds of value.

use postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::StoreError;

/// A value of a column.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// SQL's `NULL`.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `TEXT`.
    Text(String),
    /// `BYTEA`.
    Bytes(Vec<u8>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
/// Counts lie far below 2^63: they count entries and probes.
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}
impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}
impl From<crate::service::time::Time> for Value {
    fn from(time: crate::service::time::Time) -> Self {
        Self::Int(time.millis())
    }
}
macro_rules! as_text {
    ($($kind:ty),*) => {$(
        impl From<&$kind> for Value {
            fn from(value: &$kind) -> Self {
                Self::Text(value.to_string())
            }
        }
    )*};
}
as_text!(
    crate::agreement::Code,
    crate::service::signing::Hash,
    crate::service::signing::Name,
    crate::service::signing::PublicKey,
    crate::service::time::Day
);

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row that was read; columns are taken from the left.
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    /// Of these columns.
    pub(super) fn of(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    fn next(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Null)
    }

    /// All that was not taken yet.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.0.collect()
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        match self.next() {
            Value::Int(number) => Ok(number),
            _ => Err(StoreError::Damaged("number")),
        }
    }

    pub(crate) fn maybe_int(&mut self) -> Result<Option<i64>, StoreError> {
        match self.next() {
            Value::Int(number) => Ok(Some(number)),
            Value::Null => Ok(None),
            _ => Err(StoreError::Damaged("number")),
        }
    }

    pub(crate) fn count(&mut self) -> Result<u64, StoreError> {
        u64::try_from(self.int()?).map_err(|_| StoreError::Damaged("count"))
    }

    pub(crate) fn time(&mut self) -> Result<crate::service::time::Time, StoreError> {
        self.int().map(crate::service::time::Time::from_millis)
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        self.maybe_text()?.ok_or(StoreError::Damaged("text"))
    }

    pub(crate) fn maybe_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.next() {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            _ => Err(StoreError::Damaged("text")),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        self.maybe_bytes()?.ok_or(StoreError::Damaged("content"))
    }

    pub(crate) fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.next() {
            Value::Bytes(bytes) => Ok(Some(bytes)),
            Value::Null => Ok(None),
            _ => Err(StoreError::Damaged("content")),
        }
    }

    /// A value that is kept as its text.
    pub(crate) fn parsed<T: std::str::FromStr>(&mut self) -> Result<T, StoreError> {
        self.text()?.parse().map_err(|_| StoreError::Damaged("name"))
    }
}
