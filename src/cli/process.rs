//! What others of the machine could get of this process: its memory in a core dump, by a debugger, or on the swap device.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether what is kept early in memory, keys among it, is never written to the swap device.
static LOCKED: AtomicBool = AtomicBool::new(false);

/// Leaves no core dump, lets nobody but root attach, and keeps memory off the swap device where the system lets us. Of memory what is
/// there now: that of keys, and not that of galleries, which need not fit. None of it is fatal.
#[cfg(target_os = "linux")]
pub fn guard() {
    use rustix::mm::{MlockAllFlags, mlockall};
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    // Pages are locked when they are used, not before: an allocator reserves more than it needs.
    let locked = mlockall(MlockAllFlags::CURRENT | MlockAllFlags::ONFAULT);
    LOCKED.store(locked.is_ok(), Ordering::Relaxed);
}

#[cfg(not(target_os = "linux"))]
pub fn guard() {}

/// What `--check` says of it.
pub fn said() -> &'static str {
    match LOCKED.load(Ordering::Relaxed) {
        true => "keys are locked in memory: they are never on the swap device",
        false => {
            "keys are not locked in memory, and may get to the swap device: raise the limit of locked memory (ulimit -l unlimited, or \
             LimitMEMLOCK=infinity of systemd), or encrypt the swap device"
        }
    }
}
