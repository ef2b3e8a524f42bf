//! The fields of JSON objects.

use serde_json::Value;

use super::error::RecordFault;
use super::names::{self, Two, shortened};

/// The fields of one JSON object, taken out by name until none is left.
#[derive(Debug)]
pub(super) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// The names that are there.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// All fields.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Takes out the field of a name.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<Value>, RecordFault> {
        let value = self.0.iter().position(|(key, _)| key == name).map(|index| self.0.remove(index).1);
        match self.0.iter().any(|(key, _)| key == name) {
            true => Err(RecordFault::Repeated { name: shortened(name) }),
            false => Ok(value),
        }
    }

    /// Takes out the only field that has such a name.
    pub(super) fn take_one(&mut self, is: impl Fn(&str) -> bool) -> Result<Option<(String, Value)>, Two> {
        let found = self.names().filter(|name| is(name)).collect();
        let name = names::one(found)?.map(str::to_owned);
        Ok(name.and_then(|name| {
            let index = self.0.iter().position(|(found, _)| *found == name)?;
            Some(self.0.remove(index))
        }))
    }
}

impl FromIterator<(String, Value)> for Fields {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(fields: T) -> Self {
        Self(fields.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_taken_once_and_by_one_name() {
        let fields = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), Value::Null)).collect::<Fields>();
        let is_vector = |name: &str| names::is_one_of(&names::VECTORS, name);
        let mut found = fields(&["a", "b", "a"]);
        assert_eq!(found.take("a").unwrap_err(), RecordFault::Repeated { name: "a".to_owned() });
        let mut found = fields(&["Vector", "b"]);
        assert_eq!(found.take_one(is_vector).unwrap().unwrap().0, "Vector");
        assert_eq!(found.take("c").unwrap(), None);
        assert_eq!(found.names().collect::<Vec<_>>(), ["b"]);
        assert!(fields(&["vector", "values"]).take_one(is_vector).is_err());
    }
}
