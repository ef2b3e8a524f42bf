//! Which module imports what of which other, read from the source text: `use` trees and paths in the code.
//!
//! An import leads to the module in which the item stands, also where another module passes it on by a `use` of its
//! own. Macros are not expanded, and what a glob brings counts where the item is declared by its keyword.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::text::{Code, Declared};

/// A module is named as its folder is: `scheme/bgv/noise`; the root of the crate is empty.
const ROOT: &str = "";
/// What makes a name of the word behind it.
const DECLARATIONS: [&str; 9] = ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules"];
/// Uses that pass on one name lead to an item in fewer steps than this.
const MOST_STEPS: usize = 16;

pub struct Import {
    pub from: String,
    pub to: String,
    /// Brought by a `use`, which may only pass it on; or named in the code.
    pub is_use: bool,
    /// As it is written.
    path: String,
    /// File and line.
    place: String,
}

impl std::fmt::Display for Import {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.place, self.path)
    }
}

/// All that is compiled into the library and the program.
#[derive(Default)]
pub struct Source {
    pub modules: BTreeSet<String>,
    pub imports: Vec<Import>,
    /// Module and name, and the path that a `use` gives it.
    uses: BTreeMap<(String, String), Vec<String>>,
    /// Modules, and the paths that they import whole.
    globs: Vec<(String, Vec<String>)>,
    declared: BTreeSet<(String, String)>,
}

/// A path as it stands in a module.
struct Mention {
    module: String,
    segments: Vec<String>,
    /// The name that a `use` gives it; `*` is every name below it.
    bound: Option<String>,
    place: String,
}

impl Source {
    /// The files below a folder.
    pub fn read(folder: &Path) -> Self {
        let mut files = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(below) = folders.pop() {
            for path in std::fs::read_dir(&below).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let name = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
                    files.push((name, std::fs::read_to_string(&path).unwrap()));
                }
            }
        }
        Self::of(&files)
    }

    /// Files by their place below `src`, with their text.
    pub fn of(files: &[(String, String)]) -> Self {
        let files: Vec<(&str, Code)> = files.iter().map(|(name, text)| (name.as_str(), Code::of(text))).collect();
        let tests: BTreeSet<String> = files
            .iter()
            .flat_map(|(name, code)| code.test_modules.iter().map(|module| declared_by(name, module)))
            .collect();
        let mut source = Self::default();
        let mut mentions = Vec::new();
        for (name, code) in &files {
            let module = module_of(name);
            if !tests.iter().any(|test| is_in(&module, test)) {
                mentions.extend(source.scan(&format!("src/{name}"), &module, &code.text));
            }
        }
        for mention in &mentions {
            source.bind(mention);
        }
        let found: Vec<Import> = mentions.iter().filter_map(|mention| source.import(mention)).collect();
        source.imports = found;
        source
    }

    /// The paths of a file; notes its modules and what it declares.
    fn scan(&mut self, place: &str, module: &str, code: &str) -> Vec<Mention> {
        let tokens = tokens(code);
        let word = |at: usize| tokens.get(at).map_or("", |&(_, word)| word);
        self.modules.insert(module.to_owned());
        let mut mentions = Vec::new();
        // Modules written out in the file, each with the depth of its brace.
        let mut inline = vec![(0, module.to_owned())];
        let mut depth = 0_usize;
        let mut at = 0;
        while at < tokens.len() {
            let here = inline.last().map_or_else(String::new, |(_, module)| module.clone());
            let line = || format!("{place}:{}", code[..tokens[at].0].matches('\n').count() + 1);
            match word(at) {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    inline.retain(|&(opened, _)| opened <= depth);
                }
                "mod" if word(at + 2) == "{" => {
                    inline.push((depth + 1, child(&here, word(at + 1))));
                    self.modules.insert(child(&here, word(at + 1)));
                }
                // `use<'a>` is no import.
                "use" if word(at + 1) != "<" => {
                    let mut leaves = Vec::new();
                    let end = use_tree(&tokens, at + 1, &[], &mut leaves);
                    mentions.extend(leaves.into_iter().map(|(segments, bound)| Mention {
                        module: here.clone(),
                        segments,
                        bound: Some(bound),
                        place: line(),
                    }));
                    at = end;
                    continue;
                }
                keyword if DECLARATIONS.contains(&keyword) => {
                    let name = word(at + if keyword == "macro_rules" { 2 } else { 1 });
                    self.declared.insert((here, name.to_owned()));
                }
                first if is_word(first) && word(at + 1) == "::" && (at == 0 || word(at - 1) != "::") => {
                    let mut segments = vec![first.to_owned()];
                    let place = line();
                    while word(at + 1) == "::" && is_word(word(at + 2)) {
                        segments.push(word(at + 2).to_owned());
                        at += 2;
                    }
                    mentions.push(Mention { module: here, segments, bound: None, place });
                }
                _ => {}
            }
            at += 1;
        }
        mentions
    }

    fn bind(&mut self, mention: &Mention) {
        match mention.bound.as_deref() {
            None | Some("_") => {}
            Some("*") => self.globs.push((mention.module.clone(), mention.segments.clone())),
            Some(name) => {
                self.uses.insert((mention.module.clone(), name.to_owned()), mention.segments.clone());
            }
        }
    }

    /// A path in the code that begins with an imported name counts where it leads on from it.
    fn import(&self, mention: &Mention) -> Option<Import> {
        let Mention { module, segments, bound, place } = mention;
        let to = self.resolve(module, segments, MOST_STEPS)?;
        let repeats = bound.is_none()
            && !is_anchor(&segments[0])
            && self.resolve(module, &segments[..1], MOST_STEPS).as_ref() == Some(&to);
        (to != *module && !repeats).then(|| Import {
            from: module.clone(),
            to,
            is_use: bound.is_some(),
            path: segments.join("::"),
            place: place.clone(),
        })
    }

    /// The module that holds what a path names; `None` outside the library.
    fn resolve(&self, module: &str, segments: &[String], steps: usize) -> Option<String> {
        let steps = steps.checked_sub(1)?;
        let (first, mut rest) = segments.split_first()?;
        let mut at = match first.as_str() {
            "crate" | "cotejo" => ROOT.to_owned(),
            "self" => module.to_owned(),
            "super" => parent(module).to_owned(),
            name if self.modules.contains(&child(module, name)) => child(module, name),
            name => {
                let path = self.uses.get(&(module.to_owned(), name.to_owned()))?;
                // `use name::item as name;` of another crate.
                if path.first() == Some(first) {
                    return None;
                }
                self.resolve(module, path, steps)?
            }
        };
        while let Some((segment, behind)) = rest.split_first() {
            rest = behind;
            at = if segment == "super" {
                parent(&at).to_owned()
            } else if self.modules.contains(&child(&at, segment)) {
                child(&at, segment)
            } else if let Some(passed_on) = self.passed_on(&at, segment, steps) {
                passed_on
            } else {
                break;
            };
        }
        Some(at)
    }

    /// The module from which another has a name by a `use`.
    fn passed_on(&self, module: &str, name: &str, steps: usize) -> Option<String> {
        let named = (module.to_owned(), name.to_owned());
        if self.declared.contains(&named) {
            return None;
        }
        if let Some(path) = self.uses.get(&named) {
            return self.resolve(module, path, steps);
        }
        let globs = self.globs.iter().filter(|(importer, _)| importer == module);
        let mut modules = globs.filter_map(|(_, path)| self.resolve(module, path, steps));
        modules.find(|module| self.declared.contains(&(module.clone(), name.to_owned())))
    }
}

/// Offsets and words; `::` is one, every other sign stands alone.
fn tokens(code: &str) -> Vec<(usize, &str)> {
    let bytes = code.as_bytes();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = match bytes[at] {
            byte if is_word(&byte) => bytes[at..].iter().take_while(|byte| is_word(byte)).count(),
            b':' if bytes.get(at + 1) == Some(&b':') => 2,
            _ => 1,
        };
        if !bytes[at].is_ascii_whitespace() {
            tokens.push((at, &code[at..at + length]));
        }
        at += length;
    }
    tokens
}

/// The leaves of the tree that begins at `at`, as paths and the names they are given; the place behind the tree.
fn use_tree(
    tokens: &[(usize, &str)],
    mut at: usize,
    above: &[String],
    leaves: &mut Vec<(Vec<String>, String)>,
) -> usize {
    let word = |at: usize| tokens.get(at).map_or("", |&(_, word)| word);
    let mut path = above.to_vec();
    let mut name = None;
    loop {
        match word(at) {
            "{" => {
                at += 1;
                while word(at) != "}" {
                    at = use_tree(tokens, at, &path, leaves);
                    at += usize::from(word(at) == ",");
                }
                return at + 1;
            }
            "*" => name = Some("*"),
            "as" => {
                name = Some(word(at + 1));
                at += 1;
            }
            // `::name` is another crate: no segment of ours is empty.
            "::" if path.is_empty() => path.push(String::new()),
            "::" => {}
            "self" if !above.is_empty() => {}
            segment if is_word(segment) => path.push(segment.to_owned()),
            _ => break,
        }
        at += 1;
    }
    let name = name.or(path.last().map(String::as_str)).unwrap_or_default().to_owned();
    leaves.push((path, name));
    at
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// With these a path begins that does not depend on what the file imports.
fn is_anchor(segment: &str) -> bool {
    ["crate", "cotejo", "self", "super"].contains(&segment)
}

fn child(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}/{name}") }
}

fn parent(module: &str) -> &str {
    module.rsplit_once('/').map_or(ROOT, |(parent, _)| parent)
}

/// Whether a module is another or below it.
pub fn is_in(module: &str, folder: &str) -> bool {
    folder.is_empty() || module.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The module of a file.
fn module_of(file: &str) -> String {
    let path = file.trim_end_matches(".rs");
    match path.rsplit_once('/') {
        Some((folder, "mod")) => folder.to_owned(),
        None if path == "lib" || path == "main" => ROOT.to_owned(),
        _ => path.to_owned(),
    }
}

/// The module that a file declares.
fn declared_by(file: &str, declared: &Declared) -> String {
    match declared {
        Declared::Named(name) => child(&module_of(file), name),
        Declared::At(path) => module_of(&child(parent(file), path)),
    }
}

mod tests {
    use super::*;

    fn source(files: &[(&str, &str)]) -> Source {
        Source::of(&files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<Vec<_>>())
    }

    fn edges(source: &Source) -> Vec<(&str, &str, &str)> {
        let mut edges: Vec<_> = source
            .imports
            .iter()
            .map(|import| (import.from.as_str(), import.to.as_str(), import.path.as_str()))
            .collect();
        edges.sort_unstable();
        edges
    }

    #[test]
    fn every_form_of_an_import_is_found_and_leads_to_where_the_item_stands() {
        let source = source(&[
            ("lib.rs", "pub mod a;\npub mod b;\npub use b::c::Thing;"),
            ("main.rs", "mod cli;"),
            (
                "a.rs",
                "
                use crate::b::{self, c::{Deep, deeper::{Deepest as Low}}, d};
                use ::b::elsewhere; use tfhe::b::other; use std::fmt;
                pub(crate) use crate::Thing; // use crate::nowhere
                fn f<'a>(x: &'a str) -> impl Sized + use<'a> { d::run(b::e::X, fmt::b::C, Deep::new()) }
                const TEXT: &str = \"crate::b::e::Y\";
                #[cfg(test)] mod tests { use crate::b::e::Z; }
                ",
            ),
            ("b/mod.rs", "pub mod c; pub mod d; mod e; pub use d::*; pub struct Own; #[cfg(test)] mod trials;"),
            ("b/c.rs", "use super::{Own, run, e}; pub struct Thing; pub mod deeper { use super::super::d::Q; }"),
            ("b/d.rs", "pub fn run() { super::c::deeper::go(); super::super::a::f(); <X as crate::b::e::T>::t() }"),
            ("b/e.rs", "#[cfg(test)]\nuse crate::a::f;"),
            ("b/trials.rs", "use crate::a; mod more;"),
            ("b/trials/more.rs", "use crate::a;"),
            ("cli/mod.rs", "mod say; use cotejo::{Thing, b::Own}; use crate::cli::say::say;"),
            ("cli/say.rs", "pub fn say() { cotejo::b::e::x() }"),
        ]);
        let expected = [
            ("", "b/c", "b::c::Thing"),
            ("a", "b", "crate::b"),
            ("a", "b/c", "crate::Thing"),
            ("a", "b/c", "crate::b::c::Deep"),
            ("a", "b/c/deeper", "crate::b::c::deeper::Deepest"),
            ("a", "b/d", "crate::b::d"),
            ("a", "b/e", "b::e::X"),
            ("b", "b/d", "d"),
            ("b/c", "b", "super::Own"),
            ("b/c", "b/d", "super::run"),
            ("b/c", "b/e", "super::e"),
            ("b/c/deeper", "b/d", "super::super::d::Q"),
            ("b/d", "a", "super::super::a::f"),
            ("b/d", "b/c/deeper", "super::c::deeper::go"),
            ("b/d", "b/e", "crate::b::e::T"),
            ("cli", "b", "cotejo::b::Own"),
            ("cli", "b/c", "cotejo::Thing"),
            ("cli", "cli/say", "crate::cli::say::say"),
            ("cli/say", "b/e", "cotejo::b::e::x"),
        ];
        assert_eq!(edges(&source), expected);
        assert!(!source.modules.iter().any(|module| module.starts_with("b/trials")), "{:?}", source.modules);
        assert!(source.imports.iter().any(|import| import.to_string() == "src/a.rs:4: crate::Thing"));
    }
}
