//! How much memory a command takes.

use std::process::{Command, Stdio};
use std::time::Duration;

/// The peak of resident memory of a command that must succeed, in bytes, as the system says it while that runs.
pub fn peak_of(command: &mut Command) -> u64 {
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", running.id());
    let mut peak = 0;
    let ended = loop {
        // It only grows, and is gone when the process is.
        let said = std::fs::read_to_string(&status).unwrap_or_default();
        let line = said.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = peak.max(line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0));
        if let Some(ended) = running.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(ended.success(), "{command:?}");
    peak * 1024
}
