//! Buffers of polynomials that are used again: a circuit makes and drops megabytes at a time, and the pages of a fresh array have to be
//! cleared by the operating system and again by the program before anything is written to them.
//!
//! What a buffer held is still there when it is used again, so nothing of the querier's key goes through here.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of free buffers that the process keeps, at most.
const MOST_BYTES: usize = 256 << 20;

/// Smaller arrays are left to the allocator, which keeps them at hand itself.
const LEAST_LENGTH: usize = 4096;

/// A polynomial, limb after limb, or part of one, in a buffer that goes back to the free ones when it is dropped.
#[derive(Default)]
pub(in crate::scheme) struct Poly {
    buffer: Vec<u32>,
    /// At most the buffer's length.
    length: usize,
}

impl Poly {
    /// So many numbers, which are to be overwritten: what they are is not said.
    pub(in crate::scheme) fn unset(length: usize) -> Self {
        let buffer = if length < LEAST_LENGTH { None } else { free().take(length) };
        Self { buffer: buffer.unwrap_or_else(|| vec![0; length]), length }
    }

    /// So many zeros.
    pub(in crate::scheme) fn zeros(length: usize) -> Self {
        let mut zeros = Self::unset(length);
        zeros.fill(0);
        zeros
    }

    /// A copy.
    pub(in crate::scheme) fn copy_of(numbers: &[u32]) -> Self {
        let mut copy = Self::unset(numbers.len());
        copy.copy_from_slice(numbers);
        copy
    }

    /// Keeps the first `length` numbers.
    pub(in crate::scheme) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// As an array of its own, no longer than it must be.
    pub(in crate::scheme) fn into_vec(mut self) -> Vec<u32> {
        if self.length < self.buffer.len() { self.to_vec() } else { std::mem::take(&mut self.buffer) }
    }
}

impl From<Vec<u32>> for Poly {
    fn from(buffer: Vec<u32>) -> Self {
        Self { length: buffer.len(), buffer }
    }
}

impl Clone for Poly {
    fn clone(&self) -> Self {
        Self::copy_of(self)
    }
}

impl Deref for Poly {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

impl DerefMut for Poly {
    fn deref_mut(&mut self) -> &mut [u32] {
        self.buffer.get_mut(..self.length).unwrap_or_default()
    }
}

impl Drop for Poly {
    fn drop(&mut self) {
        if self.buffer.len() >= LEAST_LENGTH {
            free().keep(std::mem::take(&mut self.buffer));
        }
    }
}

/// Buffers that nobody uses, by their length.
struct Free {
    buffers: BTreeMap<usize, Vec<Vec<u32>>>,
    bytes: usize,
}

fn free() -> MutexGuard<'static, Free> {
    static FREE: Mutex<Free> = Mutex::new(Free { buffers: BTreeMap::new(), bytes: 0 });
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bytes(length: usize) -> usize {
    length * size_of::<u32>()
}

impl Free {
    /// A buffer that is long enough, and at most half again as long.
    fn take(&mut self, length: usize) -> Option<Vec<u32>> {
        let (&found, buffers) = self.buffers.range_mut(length..=length + length / 2).next()?;
        let buffer = buffers.pop();
        if buffers.is_empty() {
            self.buffers.remove(&found);
        }
        self.bytes -= buffer.as_ref().map_or(0, |buffer| bytes(buffer.len()));
        buffer
    }

    fn keep(&mut self, buffer: Vec<u32>) {
        if self.bytes + bytes(buffer.len()) <= MOST_BYTES {
            self.bytes += bytes(buffer.len());
            self.buffers.entry(buffer.len()).or_default().push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_buffer_serves_what_is_not_much_shorter() {
        let mut free = Free { buffers: BTreeMap::new(), bytes: 0 };
        free.keep(vec![7; 9000]);
        assert!(free.take(9001).is_none() && free.take(5000).is_none());
        assert_eq!(free.take(6000).map(|buffer| buffer.len()), Some(9000));
        assert!(free.take(6000).is_none() && free.bytes == 0 && free.buffers.is_empty());
    }

    #[test]
    fn free_buffers_are_bounded() {
        let mut free = Free { buffers: BTreeMap::new(), bytes: MOST_BYTES - 4 * 5000 };
        free.keep(vec![0; 5000]);
        free.keep(vec![0; 5000]);
        assert_eq!((free.bytes, free.buffers.values().map(Vec::len).sum::<usize>()), (MOST_BYTES, 1));
    }

    #[test]
    fn a_polynomial_has_the_length_that_was_asked_for() {
        drop(Poly::from(vec![3; 8192]));
        assert_eq!(Poly::zeros(8000).into_vec(), vec![0; 8000]);
        let mut poly = Poly::copy_of(&[1, 2, 3]);
        poly.truncate(2);
        assert_eq!((poly.len(), poly.clone().into_vec()), (2, vec![1, 2]));
    }
}
