//! What was measured on, and with: numbers without it say little.

use std::fs;

use serde::Serialize;

/// The machine.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Model of the processor, as it names itself.
    pub cpu: Option<String>,
    /// Its extensions that arithmetic may use.
    pub cpu_flags: Vec<String>,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Operating system, its release where it says so, and the architecture.
    pub system: String,
}

/// The programs.
#[derive(Clone, Debug, Serialize)]
pub struct Versions {
    /// This program.
    pub cotejo: &'static str,
    /// The compiler that it was built with.
    pub rustc: String,
    /// The library of scheme `tfhe`.
    pub tfhe: Option<String>,
    /// The transforms of scheme `bgv`.
    #[serde(rename = "tfhe-ntt")]
    pub transforms: Option<String>,
}

impl Machine {
    /// This one. What the system does not tell is left out.
    pub fn here() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let (system, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
        let flags = field(&cpu, "flags").or_else(|| field(&cpu, "Features")).unwrap_or_default();
        Self {
            cpu: field(&cpu, "model name").map(str::to_owned),
            cpu_flags: flags.split_whitespace().filter(|flag| counts(flag)).map(str::to_owned).collect(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: field(&memory, "MemTotal").and_then(kilobytes),
            system: format!("{system} {} {architecture}", release.trim()).replace("  ", " "),
        }
    }

    /// For people.
    pub fn sentence(&self) -> String {
        let cpu = self.cpu.as_deref().unwrap_or("unknown processor");
        let memory = self.memory_bytes.map_or(String::new(), |bytes| format!(", {:.0} GB", bytes as f64 / 1e9));
        format!("{cpu}, {}{memory}, {}", crate::cli::console::count(self.cores, "core"), self.system)
    }
}

impl Versions {
    /// Versions that this program was compiled from.
    pub fn of_this_program() -> Self {
        let locked = |name| locked(include_str!("../../../Cargo.lock"), name);
        Self {
            cotejo: env!("CARGO_PKG_VERSION"),
            rustc: rustc_version_runtime::version().to_string(),
            tfhe: locked("tfhe"),
            transforms: locked("tfhe-ntt"),
        }
    }

    /// For people.
    pub fn sentence(&self) -> String {
        let known = |version: &Option<String>| version.clone().unwrap_or_else(|| "unknown".to_owned());
        format!(
            "cotejo {}, rustc {}, tfhe {}, tfhe-ntt {}",
            self.cotejo,
            self.rustc,
            known(&self.tfhe),
            known(&self.transforms)
        )
    }
}

/// Extensions that the schemes' arithmetic may use.
fn counts(flag: &str) -> bool {
    let families = ["avx", "sse4", "fma", "bmi", "adx", "aes", "vaes", "sve", "asimd", "neon"];
    families.iter().any(|family| flag.starts_with(family))
}

/// The value of the first line `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

/// "1234 kB" in bytes.
fn kilobytes(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse::<u64>().ok().map(|count| count * 1024)
}

/// The version of a package in a lock file.
fn locked(lock: &str, name: &str) -> Option<String> {
    let lock: toml::Table = lock.parse().ok()?;
    let packages = lock.get("package")?.as_array()?;
    let package = packages.iter().find(|package| package.get("name").and_then(toml::Value::as_str) == Some(name))?;
    package.get("version")?.as_str().map(str::to_owned)
}

/// Forgets the process's peak of resident memory, so that it can be told for what follows; whether the system admits that.
pub fn reset_peak_memory() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The process's peak of resident memory since it was reset, in bytes.
pub fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    field(&status, "VmHWM").and_then(kilobytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_lock_file() {
        let lock = "[[package]]\nname = \"tfhe\"\nversion = \"1.8.2\"\n[[package]]\nname = \"tfhe-ntt\"\nversion = \"0.7.1\"\n";
        assert_eq!(locked(lock, "tfhe-ntt").as_deref(), Some("0.7.1"));
        assert_eq!(locked(lock, "absent"), None);
        assert!(Versions::of_this_program().tfhe.is_some());
    }

    #[test]
    fn fields_of_the_system_are_read() {
        let text = "processor\t: 0\nmodel name\t: A processor: fast\nflags\t\t: fpu avx2 avx512f sse4_2\n";
        assert_eq!(field(text, "model name"), Some("A processor: fast"));
        assert_eq!(field("VmHWM:\t  1234 kB\n", "VmHWM").and_then(kilobytes), Some(1234 * 1024));
        assert!(counts("avx512f") && counts("sse4_2") && !counts("fpu"));
    }
}
