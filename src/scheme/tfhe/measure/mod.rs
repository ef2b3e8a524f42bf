//! Noise stage by stage, with fresh keys.

pub(super) mod pairs;
