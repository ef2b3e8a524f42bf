//! A line in which requesters take turns, one each, the oldest of theirs first.

use std::collections::{HashMap, VecDeque};

use crate::agreement::Code;

/// Items that wait, each of a requester.
pub(super) struct Turns<T> {
    lines: HashMap<Code, VecDeque<T>>,
    /// Requesters with items that wait, in the order of their turns.
    turns: VecDeque<Code>,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self { lines: HashMap::new(), turns: VecDeque::new() }
    }
}

impl<T> Turns<T> {
    /// Behind the others of its requester.
    pub(super) fn push(&mut self, requester: &Code, item: T) {
        let line = self.line(requester);
        line.push_back(item);
        if line.len() == 1 {
            self.turns.push_back(requester.clone());
        }
    }

    /// Before the others of its requester, who is next.
    pub(super) fn put_back(&mut self, requester: &Code, item: T) {
        let line = self.line(requester);
        line.push_front(item);
        if line.len() == 1 {
            self.turns.push_front(requester.clone());
        }
    }

    fn line(&mut self, requester: &Code) -> &mut VecDeque<T> {
        self.lines.entry(requester.clone()).or_default()
    }

    /// The one whose turn it is.
    pub(super) fn pop(&mut self) -> Option<T> {
        loop {
            let requester = self.turns.pop_front()?;
            let Some(line) = self.lines.get_mut(&requester) else { continue };
            let item = line.pop_front();
            if line.is_empty() {
                self.lines.remove(&requester);
            } else {
                self.turns.push_back(requester);
            }
            if item.is_some() {
                return item;
            }
        }
    }

    /// Takes an item out; whether there was one.
    pub(super) fn remove(&mut self, is_meant: impl Fn(&T) -> bool) -> bool {
        let found =
            self.lines.iter().find_map(|(requester, line)| Some((requester.clone(), line.iter().position(&is_meant)?)));
        let Some((requester, place)) = found else { return false };
        if let Some(line) = self.lines.get_mut(&requester) {
            line.remove(place);
            if line.is_empty() {
                self.lines.remove(&requester);
                self.turns.retain(|other| *other != requester);
            }
        }
        true
    }

    /// Whether an item waits.
    pub(super) fn contains(&self, is_meant: impl Fn(&T) -> bool) -> bool {
        self.lines.values().flatten().any(is_meant)
    }

    /// Adds something up over all that wait.
    pub(super) fn fold<S>(&self, first: S, add: impl FnMut(S, &T) -> S) -> S {
        self.lines.values().flatten().fold(first, add)
    }

    /// How many of the requester's are before this one.
    pub(super) fn before(&self, requester: &Code, is_meant: impl Fn(&T) -> bool) -> Option<usize> {
        self.lines.get(requester)?.iter().position(is_meant)
    }

    /// How many of the requester's wait.
    pub(super) fn held(&self, requester: &Code) -> usize {
        self.lines.get(requester).map_or(0, VecDeque::len)
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.lines.values().map(VecDeque::len).fold(0, usize::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(requester: &str) -> Code {
        requester.parse().unwrap()
    }

    fn taken(turns: &mut Turns<u8>) -> Vec<u8> {
        std::iter::from_fn(|| turns.pop()).collect()
    }

    #[test]
    fn requesters_take_turns_however_many_one_has() {
        let mut turns = Turns::default();
        (0..5).for_each(|number| turns.push(&code("a"), number));
        turns.push(&code("b"), 10);
        turns.push(&code("b"), 11);
        assert_eq!(
            (turns.len(), turns.held(&code("a")), turns.before(&code("a"), |number| *number == 3)),
            (7, 5, Some(3))
        );
        assert_eq!(taken(&mut turns), [0, 10, 1, 11, 2, 3, 4]);
        assert_eq!(turns.len(), 0);
    }

    #[test]
    fn what_is_put_back_is_next_and_what_is_removed_is_gone() {
        let mut turns = Turns::default();
        (0..3).for_each(|number| turns.push(&code("a"), number));
        let first = turns.pop().unwrap();
        turns.put_back(&code("a"), first);
        assert!(turns.remove(|number| *number == 1) && !turns.remove(|number| *number == 1));
        turns.push(&code("b"), 7);
        assert!(turns.remove(|number| *number == 7));
        assert_eq!(taken(&mut turns), [0, 2]);
    }
}
