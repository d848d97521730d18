//! Package metadata of the workspace, as `cargo metadata` prints it.

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
    /// The registries that the package may be published to: `None` means all, an empty list means none.
    publish: Option<Vec<String>>,
    rust_version: Option<String>,
}

impl Workspace {
    pub(crate) fn read() -> Fallible<Self> {
        let json = Step::parse("cargo metadata --format-version 1 --no-deps").read()?;
        Self::parse(&json)
    }

    fn parse(json: &str) -> Fallible<Self> {
        Ok(serde_json::from_str(json)?)
    }

    /// Returns the packages that may be published.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_published())
    }

    /// Returns the `rust-version` of the first published crate, which all of them share.
    pub(crate) fn rust_version(&self) -> Option<&str> {
        self.published().find_map(|package| package.rust_version.as_deref())
    }
}

impl Package {
    pub(crate) fn has_default_feature(&self, name: &str) -> bool {
        self.features
            .get("default")
            .is_some_and(|features| features.iter().any(|feature| feature == name))
    }

    fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|registries| !registries.is_empty())
    }

    /// Returns whether the package has a dependency limit: core and the layers do; the size of the facade
    /// depends on its features.
    pub(crate) fn has_dependency_limit(&self) -> bool {
        self.name.starts_with("battlement-")
    }

    /// Returns whether the package has default features.
    pub(crate) fn has_defaults(&self) -> bool {
        self.features.get("default").is_some_and(|parts| !parts.is_empty())
    }

    /// Returns the selections of at most one feature: none, then each feature alone. An empty
    /// `default` is equal to none and left out.
    pub(crate) fn feature_choices(&self) -> impl Iterator<Item = Option<&str>> {
        let alone = self
            .features
            .iter()
            .filter(|(name, _)| *name != "default" || self.has_defaults())
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
        workspace
            .packages
            .iter()
            .find(|package| package.name == name)
            .expect("the package is in the metadata")
    }

    #[test]
    fn packages_that_may_not_be_published_are_left_out() {
        let workspace = Workspace::parse(METADATA).expect("the metadata is valid");
        let names: Vec<_> = workspace.published().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["battlement", "battlement-core", "battlement-breaker"]);
    }

    #[test]
    fn each_feature_is_selected_alone_except_an_empty_default() {
        let workspace = Workspace::parse(METADATA).expect("the metadata is valid");
        let core: Vec<_> = package(&workspace, "battlement-core").feature_choices().collect();
        assert_eq!(core, [None, Some("axum"), Some("tonic")]);
        let breaker: Vec<_> = package(&workspace, "battlement-breaker").feature_choices().collect();
        assert_eq!(breaker, [None, Some("default"), Some("http")]);
    }

    #[test]
    fn an_empty_default_counts_as_no_features() {
        let workspace = Workspace::parse(METADATA).expect("the metadata is valid");
        assert!(!package(&workspace, "battlement-core").has_defaults());
        assert!(package(&workspace, "battlement-breaker").has_defaults());
        assert!(!package(&workspace, "xtask").has_defaults());
    }

    #[test]
    fn only_the_facade_has_no_dependency_limit() {
        let workspace = Workspace::parse(METADATA).expect("the metadata is valid");
        assert!(!package(&workspace, "battlement").has_dependency_limit());
        assert!(package(&workspace, "battlement-core").has_dependency_limit());
    }
}
