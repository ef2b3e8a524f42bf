//! Which tables a database has, and what it says of itself.

/// Layout 2 binds a database to its signing key, and keeps verdicts; layout 3 keeps the log as a tree, and the heads that were seen;
/// layout 4 counts what was disclosed by person, and keeps abandonments; layout 5 knows which of several servers serves, and operators
/// with the orders that were carried out; layout 6 keeps what it takes to make answers again.
pub(super) const LAYOUT: &str = "6";

/// Under this name a database says which key it is bound to.
pub(super) const SIGNING_KEY: &str = "signing key";

/// Under this one what has introduced its signing keys, one statement a line.
pub(super) const SUCCESSIONS: &str = "successions";

/// Under this one for how many days contents of the log are kept, where that is longer than without a word.
pub(super) const RETAINED: &str = "log days";
