//! How many files the process may still open.

use std::path::Path;

/// Kept for what is no connection of requesters: database, galleries, the operations port.
const RESERVE: usize = 24;

/// Descriptors that connections may take; none where the system does not say, or has no limit.
pub(super) fn free() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let open = Path::new("/proc/self/fd").read_dir().ok()?.count();
    soft_limit(&limits).map(|limit| limit.saturating_sub(open).saturating_sub(RESERVE))
}

fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_one_that_holds() {
        let head = "Limit                     Soft Limit           Hard Limit           Units     \n";
        let of = |line: &str| soft_limit(&format!("{head}{line}"));
        assert_eq!(of("Max open files            64                   1048576              files     "), Some(64));
        assert_eq!(of("Max open files            unlimited            unlimited            files     "), None);
        assert_eq!(soft_limit(""), None);
    }
}
