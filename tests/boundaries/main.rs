//! Programs that must not compile: what invariants 1 to 3 of ARCHITECTURE.md forbid cannot be written down.
//!
//! The compiler's words are recorded beside each program; after a change of compiler, look at the difference and record
//! them again with `TRYBUILD=overwrite cargo test --release --test boundaries`.

#[test]
fn programs_that_cross_a_boundary_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/boundaries/programs/*.rs");
}
