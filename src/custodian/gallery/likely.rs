//! Ids that are not enrolled, and whom they may stand for.

use std::collections::HashMap;

use super::Gallery;
use crate::template::SubjectId;

/// An id that is not enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotEnrolled {
    /// The id.
    pub id: SubjectId,
    /// The first enrolled id that differs from it by case, leading zeros, white space or form of its characters alone: who is likely meant.
    pub likely: Option<String>,
}

impl std::fmt::Display for NotEnrolled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.likely {
            Some(likely) => write!(f, "'{}' (enrolled is '{likely}')", self.id),
            None => write!(f, "'{}'", self.id),
        }
    }
}

impl Gallery {
    /// Those of a list of ids that are not enrolled, in its order.
    pub fn not_enrolled<'a>(&self, ids: impl IntoIterator<Item = &'a SubjectId>) -> Vec<NotEnrolled> {
        let unknown = ids.into_iter().filter(|id| self.position(id).is_none());
        let mut unknown: Vec<_> = unknown.map(|id| NotEnrolled { id: id.clone(), likely: None }).collect();
        if unknown.is_empty() {
            return unknown;
        }
        let mut likely: HashMap<String, Option<&str>> =
            unknown.iter().map(|unknown| (SubjectId::folded(unknown.id.as_str()), None)).collect();
        for id in (0..self.len()).filter_map(|position| self.id(position)) {
            if let Some(found) = likely.get_mut(&SubjectId::folded(id)) {
                found.get_or_insert(id);
            }
        }
        for unknown in &mut unknown {
            let found = likely.get(&SubjectId::folded(unknown.id.as_str())).copied().flatten();
            unknown.likely = found.map(str::to_owned);
        }
        unknown
    }
}
