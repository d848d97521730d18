use crate::{
    CacheControl, ContentTypeOptions, Coop, Corp, CrossDomainPolicies, Csp, DnsPrefetch,
    DownloadOptions, FrameOptions, Hsts, OriginAgentCluster, ReferrerPolicy, When, XssProtection,
    config::Config,
};

pub(crate) fn helmet() -> Config {
    Config::new([
        Csp::helmet().into(),
        Coop::SameOrigin.into(),
        Corp::SameOrigin.into(),
        OriginAgentCluster::On.into(),
        ReferrerPolicy::NoReferrer.into(),
        Hsts::new().when(When::Always).into(),
        ContentTypeOptions::NoSniff.into(),
        DnsPrefetch::Off.into(),
        DownloadOptions::NoOpen.into(),
        FrameOptions::SameOrigin.into(),
        CrossDomainPolicies::None.into(),
        XssProtection::Off.into(),
    ])
}

pub(crate) fn api() -> Config {
    Config::new([
        Csp::api().into(),
        Coop::SameOrigin.into(),
        Corp::SameOrigin.into(),
        ReferrerPolicy::NoReferrer.into(),
        Hsts::new().into(),
        ContentTypeOptions::NoSniff.into(),
        FrameOptions::Deny.into(),
        CacheControl::no_store().into(),
    ])
}

pub(crate) fn html() -> Config {
    Config::new([
        Csp::html().into(),
        Coop::SameOrigin.into(),
        Corp::SameOrigin.into(),
        OriginAgentCluster::On.into(),
        ReferrerPolicy::NoReferrer.into(),
        Hsts::new().into(),
        ContentTypeOptions::NoSniff.into(),
        DnsPrefetch::Off.into(),
        FrameOptions::Deny.into(),
        CrossDomainPolicies::None.into(),
    ])
}
