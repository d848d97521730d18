//! Finds circles of imports between the files of a crate: files that import each other can only be understood together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::str::FromStr as _;

use proc_macro2::TokenStream;

use super::File;
use super::imports::{Imports, Segments};

/// The folders of the crates that have no circles.
const CRATES: &[&str] = &["crates/battlement-rate-limit", "crates/battlement-rate-limit-redis"];

pub(super) fn broken(files: &[File]) -> Vec<String> {
    CRATES.iter().flat_map(|folder| broken_in(files, folder)).collect()
}

fn broken_in(files: &[File], folder: &str) -> Vec<String> {
    let modules = Modules::read(files, &Path::new(folder).join("src"));
    let circles = modules.circles().into_iter();
    circles
        .map(|circle| {
            let names: Vec<_> = circle.iter().map(|module| module.join("::")).collect();
            format!(
                "{folder}: the modules {} import each other: move what they share to a module of its own",
                names.join(", ")
            )
        })
        .collect()
}

/// The modules of a crate by their paths, of which that of the crate itself is empty.
struct Modules(BTreeMap<Segments, Imports>);

impl Modules {
    fn read(files: &[File], source: &Path) -> Self {
        let modules = files.iter().filter_map(|file| {
            let module = module_of(file.path.strip_prefix(source).ok()?)?;
            Some((module, Imports::read(TokenStream::from_str(&file.text).ok()?)))
        });
        Self(modules.collect())
    }

    /// Returns the sets of modules that import each other.
    fn circles(&self) -> BTreeSet<BTreeSet<&Segments>> {
        let direct: BTreeMap<_, _> =
            self.0.keys().map(|from| (from, self.imported(from))).collect();
        let reachable: BTreeMap<_, _> =
            self.0.keys().map(|from| (from, reachable(&direct, from))).collect();
        let circle = |from: &&Segments| {
            let others = reachable[from].iter().filter(|to| reachable[*to].contains(from));
            others.copied().collect::<BTreeSet<_>>()
        };
        self.0.keys().map(|from| circle(&from)).filter(|circle| !circle.is_empty()).collect()
    }

    /// Returns the modules in which the things are defined that a module uses.
    fn imported(&self, from: &Segments) -> BTreeSet<&Segments> {
        let used = self.0[from].used();
        let defined = used.filter_map(|path| self.home(&self.absolute(path, from)?));
        defined.filter(|to| *to != from).collect()
    }

    /// Returns a path from the root of the crate, or `None` if it leads out of the crate.
    fn absolute(&self, path: &[String], from: &Segments) -> Option<Segments> {
        let supers = path.iter().take_while(|part| *part == "super").count();
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([from.as_slice(), &path[1..]].concat()),
            "super" => {
                let parent = from.get(..from.len().checked_sub(supers)?)?;
                Some([parent, &path[supers..]].concat())
            }
            _ => {
                let below = [from.as_slice(), &path[..1]].concat();
                self.0.contains_key(&below).then(|| [from.as_slice(), path].concat())
            }
        }
    }

    /// Returns the module in which the thing at a path is defined, through all imports of its name.
    fn home(&self, path: &[String]) -> Option<&Segments> {
        let depth = (0..=path.len()).rev().find(|depth| self.0.contains_key(&path[..*depth]))?;
        let (module, imports) = self.0.get_key_value(&path[..depth])?;
        let source = path.get(depth).and_then(|name| imports.names.get(name));
        match source.and_then(|source| self.absolute(source, module)) {
            Some(source) if source != path => {
                self.home(&[source.as_slice(), &path[depth + 1..]].concat())
            }
            _ => Some(module),
        }
    }
}

/// Returns the path of the module in a file of the source folder, or `None` for tests.
fn module_of(file: &Path) -> Option<Segments> {
    let stem = file.with_extension("");
    let parts = stem.iter().map(|part| part.to_str());
    let module = parts.collect::<Option<Vec<_>>>()?;
    let is_source = file.extension().is_some_and(|extension| extension == "rs");
    if !is_source || module.contains(&"tests") {
        return None;
    }
    let is_root = module == ["lib"];
    let named = module.into_iter().filter(|_| !is_root).map(ToOwned::to_owned);
    Some(named.collect())
}

fn reachable<'a>(
    direct: &BTreeMap<&'a Segments, BTreeSet<&'a Segments>>,
    from: &Segments,
) -> BTreeSet<&'a Segments> {
    let mut found = BTreeSet::new();
    let mut open: Vec<_> = direct[from].iter().copied().collect();
    while let Some(module) = open.pop() {
        if found.insert(module) {
            open.extend(&direct[module]);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        let path = |name| format!("crates/a/src/{name}.rs");
        let files: Vec<_> = files.iter().map(|(name, text)| file(&path(name), text)).collect();
        broken_in(&files, "crates/a")
    }

    #[test]
    fn a_circle_is_reported_once_with_all_of_its_modules() {
        let files = [
            ("store", "use crate::client::Client;"),
            ("client", "use crate::batch;"),
            ("batch", "fn f() { crate::store::g() }"),
            ("clock", "use crate::store::Store;"),
        ];
        assert_eq!(
            check(&files),
            ["crates/a: the modules batch, client, store import each other: \
                  move what they share to a module of its own"]
        );
        assert_eq!(check(&files[..2]), [""; 0]);
    }

    #[test]
    fn an_exported_name_belongs_to_the_file_that_defines_it() {
        let root = ("lib", "pub use self::store::Store;");
        let parent = ("store", "mod query; pub use self::query::Query; pub trait Store {}");
        let user = ("limiter", "use crate::{Store, store::Query};");
        assert_eq!(check(&[root, parent, user, ("store/query", "use crate::clock;")]), [""; 0]);
        let child = ("store/query", "use crate::limiter::Limiter;");
        assert_eq!(check(&[root, parent, user, child]).len(), 1);
    }

    #[test]
    fn a_parent_that_uses_its_child_must_not_be_used_by_it() {
        let child = ("store/query", "use super::Store;");
        assert_eq!(check(&[("store", "pub use self::query::Query;"), child]), [""; 0]);
        let parent = "pub use self::query::Query; pub fn ask(query: Query) {}";
        assert_eq!(check(&[("store", parent), child]).len(), 1);
    }
}
