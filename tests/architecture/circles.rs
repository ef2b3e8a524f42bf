//! Circles among the files and folders of a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::imports::{Import, Source, is_in};

/// So many imports of one file or folder from another are written out.
const SHOWN: usize = 6;

/// What imports what among the children of one folder.
struct Siblings<'a> {
    folder: &'a str,
    imports: BTreeMap<(&'a str, &'a str), Vec<&'a Import>>,
}

/// Every circle of the source in words; none is empty.
pub fn circles(source: &Source) -> String {
    let folders: BTreeSet<&str> =
        source.modules.iter().flat_map(|module| module.match_indices('/').map(|(at, _)| &module[..at])).collect();
    let mut text = String::new();
    for folder in std::iter::once("").chain(folders) {
        let siblings = Siblings::of(source, folder);
        for circle in siblings.circles() {
            siblings.describe(&circle, &mut text);
        }
    }
    text
}

impl<'a> Siblings<'a> {
    /// A child and whatever is below it is one; an item in the folder's own file is no child's.
    fn of(source: &'a Source, folder: &'a str) -> Self {
        let mut imports = BTreeMap::<_, Vec<_>>::new();
        for import in &source.imports {
            let ends = (child_of(folder, &import.from), child_of(folder, &import.to));
            if let (Some(from), Some(to)) = ends
                && from != to
            {
                imports.entry((from, to)).or_default().push(import);
            }
        }
        Self { folder, imports }
    }

    /// The children that reach each other.
    fn circles(&self) -> Vec<BTreeSet<&'a str>> {
        let mut circles: Vec<BTreeSet<&str>> = Vec::new();
        for &(from, _) in self.imports.keys() {
            let reached = self.reached(from);
            let circle: BTreeSet<&str> =
                reached.iter().copied().filter(|&other| self.reached(other).contains(from)).collect();
            if !circle.is_empty() && !circles.contains(&circle) {
                circles.push(circle);
            }
        }
        circles
    }

    fn reached(&self, from: &'a str) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::new();
        let mut next = vec![from];
        while let Some(child) = next.pop() {
            let imported = self.imports.keys().filter(|&&(from, _)| from == child).map(|&(_, to)| to);
            next.extend(imported.filter(|&to| reached.insert(to)));
        }
        reached
    }

    /// The fewest imports first: they are the ones to cut.
    fn describe(&self, circle: &BTreeSet<&str>, text: &mut String) {
        let members: Vec<&str> = circle.iter().copied().collect();
        let place = if self.folder.is_empty() { "src" } else { self.folder };
        writeln!(text, "\ncircle in {place}: {}", members.join(", ")).unwrap();
        let mut edges: Vec<_> =
            self.imports.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to)).collect();
        edges.sort_by_key(|(_, imports)| imports.len());
        for ((from, to), imports) in edges {
            writeln!(text, "  {from} imports {to}:").unwrap();
            for import in imports.iter().take(SHOWN) {
                writeln!(text, "    {import}").unwrap();
            }
            if let Some(more @ 1..) = imports.len().checked_sub(SHOWN) {
                writeln!(text, "    and {more} more").unwrap();
            }
        }
    }
}

/// The name of the folder's child that is a module or holds it.
fn child_of<'a>(folder: &str, module: &'a str) -> Option<&'a str> {
    if !is_in(module, folder) {
        return None;
    }
    let below = module[folder.len()..].trim_start_matches('/');
    below.split('/').next().filter(|child| !child.is_empty())
}
