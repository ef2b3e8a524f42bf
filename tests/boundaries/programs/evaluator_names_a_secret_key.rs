// Whoever computes asks the scheme for the type of its secret key.
use cotejo::scheme::Evaluator;

fn compute<S: Evaluator>(_: S::SecretKey) {}

fn main() {}
