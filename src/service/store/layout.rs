//! Which tables a database has.

/// Layout 2 binds a database to its signing key, and keeps verdicts; layout 3 keeps the log as a tree, and the heads that were seen;
/// layout 4 counts what was disclosed by person, and keeps abandonments; layout 5 knows which of several servers serves, and operators
/// with the orders that were carried out.
pub(super) const LAYOUT: &str = "5";
