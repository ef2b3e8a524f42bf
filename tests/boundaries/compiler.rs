//! `rustc`, with the libraries that Cargo has built for this test.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

pub struct Compiler {
    /// Where Cargo puts what it builds, and this test: `target/release/deps`.
    folder: PathBuf,
    /// What `--extern` says of each library.
    libraries: Vec<OsString>,
}

impl Compiler {
    /// Programs named after a library must compile with it and those before it. The folder may hold several builds of one
    /// library: with other features, of another version, or older ones. Taken is the newest with which its program compiles.
    pub fn with_libraries(programs: &[PathBuf]) -> Self {
        let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let mut compiler = Self { folder, libraries: Vec::new() };
        for program in programs {
            compiler.add(program);
        }
        compiler
    }

    fn add(&mut self, program: &Path) {
        let name = program.file_stem().unwrap().to_str().unwrap();
        let mut refusals = String::new();
        for library in self.builds_of(name) {
            let mut argument = OsString::from(format!("{name}="));
            argument.push(&library);
            self.libraries.push(argument);
            let Err(words) = self.compile(program) else { return };
            self.libraries.pop();
            refusals.push_str(&format!("\n\nwith {}:\n{words}", library.display()));
        }
        panic!("{} must compile with a build of {name}{refusals}", program.display());
    }

    /// The newest first.
    fn builds_of(&self, name: &str) -> Vec<PathBuf> {
        let mut builds: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in self.folder.read_dir().unwrap().map(Result::unwrap) {
            let file = entry.file_name().into_string().unwrap_or_default();
            if file.starts_with(&format!("lib{name}-")) && file.ends_with(".rlib") {
                builds.push((entry.metadata().unwrap().modified().unwrap(), entry.path()));
            }
        }
        builds.sort();
        builds.into_iter().rev().map(|(_, path)| path).collect()
    }

    /// # Errors
    ///
    /// What the compiler says, as it says it.
    pub fn compile(&self, program: &Path) -> Result<(), String> {
        let written = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command.args(["--edition", "2024", "--crate-type", "bin", "--emit", "metadata", "--cap-lints", "allow"]);
        command.args(["--color", "never", "-L"]);
        command.arg(format!("dependency={}", self.folder.display()));
        for library in &self.libraries {
            command.arg("--extern").arg(library);
        }
        let output = command.arg("--out-dir").arg(written.path()).arg(program).output().unwrap();
        if output.status.success() { Ok(()) } else { Err(String::from_utf8(output.stderr).unwrap()) }
    }
}
