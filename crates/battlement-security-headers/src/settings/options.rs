use serde::Deserialize;

use super::{
    null,
    source_words::{SourceWords, Tokens},
};
use crate::When;

/// The preset that the settings start with.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Preset {
    #[default]
    Helmet,
    Api,
    Html,
    None,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PolicyOptions {
    #[serde(deserialize_with = "null::refused")]
    pub(super) policy: Option<String>,
    #[serde(alias = "report-to")]
    pub(super) report_to: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CorpOptions {
    #[serde(deserialize_with = "null::refused")]
    pub(super) policy: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReferrerOptions {
    #[serde(deserialize_with = "null::refused")]
    pub(super) policy: Option<Tokens>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HstsOptions {
    #[serde(alias = "max-age", deserialize_with = "null::refused")]
    pub(super) max_age: Option<f64>,
    #[serde(alias = "include-sub-domains", deserialize_with = "null::or_false")]
    pub(super) include_sub_domains: bool,
    #[serde(deserialize_with = "null::or_false")]
    pub(super) preload: bool,
    pub(super) when: Option<WhenOption>,
}

impl Default for HstsOptions {
    fn default() -> Self {
        Self { max_age: None, include_sub_domains: true, preload: false, when: None }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum WhenOption {
    Https,
    Always,
}

impl From<WhenOption> for When {
    fn from(option: WhenOption) -> Self {
        match option {
            WhenOption::Https => Self::Https,
            WhenOption::Always => Self::Always,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DnsOptions {
    #[serde(deserialize_with = "null::or_false")]
    pub(super) allow: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FrameOptions {
    #[serde(deserialize_with = "null::refused")]
    pub(super) action: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CrossDomainOptions {
    #[serde(alias = "permitted-policies", deserialize_with = "null::refused")]
    pub(super) permitted_policies: Option<String>,
}

/// The pages to which a feature is allowed: `"*"`, or `self` and origins.
pub(super) type AllowList = SourceWords;
