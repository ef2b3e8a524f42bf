//! What holds for every page.

use super::*;

/// Writes the example page for a person to look at, where this variable names a file.
#[test]
fn the_example_page_can_be_looked_at() {
    if let Some(path) = std::env::var_os("COTEJO_REPORT_EXAMPLE") {
        std::fs::write(path, example::page().html()).unwrap();
    }
}
