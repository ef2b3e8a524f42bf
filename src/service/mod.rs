//! Two ministries over a network.
