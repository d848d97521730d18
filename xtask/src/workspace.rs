//! What cargo knows of our packages.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::Fallible;
use crate::step::Step;

#[derive(Deserialize)]
pub(crate) struct Workspace {
    packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    features: BTreeMap<String, Vec<String>>,
    /// The registries it may go to: absent means any, empty means none.
    publish: Option<Vec<String>>,
    rust_version: Option<String>,
}

impl Workspace {
    pub(crate) fn read() -> Fallible<Self> {
        let json = Step::words("cargo metadata --format-version 1 --no-deps").read()?;
        Self::parse(&json)
    }

    fn parse(json: &str) -> Fallible<Self> {
        Ok(serde_json::from_str(json)?)
    }

    /// The crates that others depend on.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_published())
    }

    /// The published crates share one `rust-version`, so that of the first is that of all.
    pub(crate) fn oldest_rust(&self) -> Option<&str> {
        self.published().find_map(|package| package.rust_version.as_deref())
    }
}

impl Package {
    fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|registries| !registries.is_empty())
    }

    /// Core and the layers; the facade is only as small as what is chosen through it.
    pub(crate) fn has_a_size_budget(&self) -> bool {
        self.name.starts_with("battlement-")
    }

    /// Each choice that a user can make with one feature at most: none, then each alone. An empty
    /// `default` is the same as none.
    pub(crate) fn feature_choices(&self) -> impl Iterator<Item = Option<&str>> {
        let alone = self
            .features
            .iter()
            .filter(|(name, parts)| !(*name == "default" && parts.is_empty()))
            .map(|(name, _)| Some(name.as_str()));
        std::iter::once(None).chain(alone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{
        "packages": [
            {"name": "battlement", "features": {"default": []}, "publish": null},
            {"name": "battlement-core", "publish": null,
             "features": {"default": [], "axum": ["dep:axum"], "tonic": ["dep:tonic"]}},
            {"name": "battlement-breaker", "features": {"default": ["http"], "http": []},
             "publish": null},
            {"name": "xtask", "features": {}, "publish": []}
        ],
        "target_directory": "/checkout/target",
        "version": 1
    }"#;

    fn package<'a>(workspace: &'a Workspace, name: &str) -> &'a Package {
        workspace.packages.iter().find(|package| package.name == name).expect("listed")
    }

    #[test]
    fn what_may_not_be_published_is_left_out() {
        let workspace = Workspace::parse(METADATA).expect("read");
        let names: Vec<_> = workspace.published().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["battlement", "battlement-core", "battlement-breaker"]);
    }

    #[test]
    fn each_feature_is_chosen_alone_and_an_empty_default_is_not() {
        let workspace = Workspace::parse(METADATA).expect("read");
        let core: Vec<_> = package(&workspace, "battlement-core").feature_choices().collect();
        assert_eq!(core, [None, Some("axum"), Some("tonic")]);
        let breaker: Vec<_> = package(&workspace, "battlement-breaker").feature_choices().collect();
        assert_eq!(breaker, [None, Some("default"), Some("http")]);
    }

    #[test]
    fn the_facade_alone_has_no_size_budget() {
        let workspace = Workspace::parse(METADATA).expect("read");
        assert!(!package(&workspace, "battlement").has_a_size_budget());
        assert!(package(&workspace, "battlement-core").has_a_size_budget());
    }
}
