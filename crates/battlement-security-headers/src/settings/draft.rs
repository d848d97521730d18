use std::{collections::BTreeMap, time::Duration};

use http::HeaderName;

use super::{
    SecurityHeadersSettings,
    csp::{CspOptions, dashed},
    options::{AllowList, HstsOptions, PolicyOptions, Preset, ReferrerOptions},
    source_words::{SourceWords, Tokens},
    switch::Switch,
};
use crate::{
    Coep, ConfigError, ContentTypeOptions, Coop, Corp, CrossDomainPolicies, Csp, DnsPrefetch,
    DownloadOptions, Endpoint, Feature, FrameOptions, Header, Hsts, InvalidField,
    OriginAgentCluster, PermissionsPolicy, ReferrerPolicy, SecurityHeader, SecurityHeadersLayer,
    XssProtection,
    config::{Config, SUBJECT, X_POWERED_BY},
    policy::reporting,
    preset,
    security_header::Content,
};

type Settings = SecurityHeadersSettings;

/// A configuration under construction, and the errors so far.
struct Draft {
    config: Config,
    invalid_fields: Vec<InvalidField>,
}

pub(super) fn layer(settings: Settings) -> Result<SecurityHeadersLayer, ConfigError> {
    let mut draft = Draft::of(settings.preset);
    draft.config.enabled = settings.enabled.unwrap_or(true);
    draft.endpoints(&settings);
    draft.content(&settings);
    draft.cross_origin(&settings);
    draft.flags(&settings);
    draft.choices(&settings);
    draft.referrer(settings.referrer_policy);
    draft.hsts(settings.strict_transport_security);
    draft.permissions(settings.permissions_policy);
    draft.removed(settings.x_powered_by, &settings.remove);
    draft.forced(&settings.force);
    draft.invalid_fields.extend(draft.config.invalid_fields());
    SecurityHeadersLayer::of(ConfigError::check(SUBJECT, draft.invalid_fields, draft.config)?)
}

impl Draft {
    fn of(preset: Preset) -> Self {
        let config = match preset {
            Preset::Helmet => preset::helmet(),
            Preset::Api => preset::api(),
            Preset::Html => preset::html(),
            Preset::None => Config::new([]),
        };
        Self { config, invalid_fields: Vec::new() }
    }

    fn refuse(&mut self, field: &str, message: String) {
        self.invalid_fields.push(InvalidField::new(field, message));
    }

    fn switch<T>(
        &mut self,
        header: Header,
        switch: Switch<T>,
        make: impl FnOnce(&mut Self, T) -> Option<SecurityHeader>,
    ) {
        match switch {
            Switch::Unset => {}
            Switch::Off => {
                self.config.headers.remove(&header);
            }
            Switch::On(options) => {
                if let Some(header) = make(self, options) {
                    self.config.set(header);
                }
            }
        }
    }

    /// Returns the value of `all` with this name; the first one without a name.
    fn choice<P: Copy>(
        &mut self,
        header: Header,
        name: Option<&str>,
        all: &[P],
        name_of: fn(P) -> &'static str,
    ) -> Option<P> {
        let Some(name) = name else {
            return all.first().copied();
        };
        let found = all.iter().copied().find(|known| name_of(*known) == name);
        if found.is_none() {
            let known: Vec<_> = all.iter().map(|known| name_of(*known)).collect();
            let message = format!("must be one of {}, got {name:?}", known.join(", "));
            self.refuse(header.name().as_str(), message);
        }
        found
    }

    fn endpoints(&mut self, settings: &Settings) {
        for (name, url) in &settings.reporting_endpoints {
            match Endpoint::new(name, url) {
                Ok(endpoint) => self.config.endpoints.push(endpoint),
                Err(invalid) => self.invalid_fields.push(invalid),
            }
        }
    }

    fn content(&mut self, settings: &Settings) {
        let preset = self.config.policies().next().map(|(_, csp)| csp.clone());
        let defaults = preset.unwrap_or_else(Csp::helmet);
        let enforced = settings.content_security_policy.clone();
        if matches!(&enforced, Switch::On(options) if options.report_only) {
            self.config.headers.remove(&Header::Csp);
        }
        self.switch(Header::Csp, enforced, |draft, options| {
            let report_only = options.report_only;
            let csp = draft.policy(options, &defaults)?;
            Some(if report_only { csp.report_only().into() } else { csp.into() })
        });
        let trial = settings.content_security_policy_report_only.clone();
        self.switch(Header::CspReportOnly, trial, |draft, options| {
            draft.policy(options, &defaults).map(|csp| csp.report_only().into())
        });
    }

    fn policy(&mut self, options: CspOptions, defaults: &Csp) -> Option<Csp> {
        match options.policy(defaults) {
            Ok(csp) => Some(csp),
            Err(error) => {
                self.invalid_fields.extend_from_slice(error.fields());
                None
            }
        }
    }

    fn cross_origin(&mut self, settings: &Settings) {
        let s = settings;
        self.isolation(Header::Coep, &s.cross_origin_embedder_policy, Coep::ALL, Coep::as_str);
        let trial = &s.cross_origin_embedder_policy_report_only;
        self.isolation(Header::CoepReportOnly, trial, Coep::ALL, Coep::as_str);
        self.isolation(Header::Coop, &s.cross_origin_opener_policy, Coop::ALL, Coop::as_str);
        let trial = &s.cross_origin_opener_policy_report_only;
        self.isolation(Header::CoopReportOnly, trial, Coop::ALL, Coop::as_str);
        let corp = s.cross_origin_resource_policy.clone();
        self.switch(Header::Corp, corp, |draft, options| {
            let policy = options.policy.as_deref();
            draft.choice(Header::Corp, policy, Corp::ALL, Corp::as_str).map(Into::into)
        });
    }

    fn isolation<P: Copy>(
        &mut self,
        header: Header,
        switch: &Switch<PolicyOptions>,
        all: &[P],
        name_of: fn(P) -> &'static str,
    ) {
        self.switch(header, switch.clone(), |draft, options| {
            let policy = draft.choice(header, options.policy.as_deref(), all, name_of)?;
            let Some(name) = options.report_to else {
                return Some(SecurityHeader::fixed(header, name_of(policy)));
            };
            let endpoint =
                draft.config.endpoints.iter().find(|known| known.name() == name).cloned();
            if endpoint.is_none() {
                let message = format!("`report-to` refers to unknown endpoint {name:?}");
                draft.refuse(header.name().as_str(), message);
            }
            endpoint.map(|endpoint| reporting(header, name_of(policy), endpoint))
        });
    }

    fn referrer(&mut self, switch: Switch<ReferrerOptions>) {
        self.switch(Header::ReferrerPolicy, switch, |draft, options| {
            let Some(Tokens(names)) = options.policy else {
                return Some(ReferrerPolicy::NoReferrer.into());
            };
            let token = |name: &String| {
                let all = &ReferrerPolicy::ALL;
                draft.choice(Header::ReferrerPolicy, Some(name), all, ReferrerPolicy::as_str)
            };
            let tokens: Vec<_> = names.iter().map(token).collect();
            tokens.into_iter().collect::<Option<Vec<_>>>().map(Into::into)
        });
    }

    fn hsts(&mut self, switch: Switch<HstsOptions>) {
        let preset = match self.config.headers.get(&Header::Hsts).map(|header| &header.content) {
            Some(Content::Hsts(hsts)) => *hsts,
            _ => Hsts::new(),
        };
        self.switch(Header::Hsts, switch, |draft, options| {
            let mut hsts =
                preset.include_subdomains(options.include_sub_domains).preload(options.preload);
            if let Some(when) = options.when {
                hsts = hsts.when(when.into());
            }
            if let Some(seconds) = options.max_age {
                let Ok(age) = Duration::try_from_secs_f64(seconds.floor()) else {
                    let message = format!("the age must be a number of seconds, got {seconds}");
                    draft.refuse("strict-transport-security", message);
                    return None;
                };
                hsts = hsts.max_age(age);
            }
            Some(hsts.into())
        });
    }

    fn flags(&mut self, settings: &Settings) {
        let flags: [(Option<bool>, SecurityHeader); 4] = [
            (settings.origin_agent_cluster, OriginAgentCluster::On.into()),
            (settings.x_content_type_options, ContentTypeOptions::NoSniff.into()),
            (settings.x_download_options, DownloadOptions::NoOpen.into()),
            (settings.x_xss_protection, XssProtection::Off.into()),
        ];
        for (flag, header) in flags {
            match flag {
                None => {}
                Some(true) => self.config.set(header),
                Some(false) => {
                    self.config.headers.remove(&header.header);
                }
            }
        }
    }

    fn choices(&mut self, settings: &Settings) {
        let dns = settings.x_dns_prefetch_control.clone();
        self.switch(Header::DnsPrefetchControl, dns, |_, options| {
            let prefetch = if options.allow { DnsPrefetch::On } else { DnsPrefetch::Off };
            Some(prefetch.into())
        });
        let frames = settings.x_frame_options.clone();
        self.switch(Header::FrameOptions, frames, |draft, options| {
            let action = options.action.unwrap_or_else(|| "SAMEORIGIN".into());
            let frames = match action.to_ascii_uppercase().as_str() {
                "DENY" => FrameOptions::Deny,
                "SAMEORIGIN" | "SAME-ORIGIN" => FrameOptions::SameOrigin,
                _ => {
                    let message = format!("must be one of DENY, SAMEORIGIN, got {action:?}");
                    draft.refuse("x-frame-options", message);
                    return None;
                }
            };
            Some(frames.into())
        });
        let cross_domain = settings.x_permitted_cross_domain_policies.clone();
        self.switch(Header::PermittedCrossDomainPolicies, cross_domain, |draft, options| {
            let (name, all) = (options.permitted_policies.as_deref(), CrossDomainPolicies::ALL);
            let header = Header::PermittedCrossDomainPolicies;
            draft.choice(header, name, all, CrossDomainPolicies::as_str).map(Into::into)
        });
    }

    fn permissions(&mut self, switch: Switch<BTreeMap<String, AllowList>>) {
        self.switch(Header::PermissionsPolicy, switch, |draft, features| {
            if features.is_empty() {
                return Some(PermissionsPolicy::deny_all().into());
            }
            let mut policy = PermissionsPolicy::new();
            for (name, SourceWords(allowed)) in features {
                let Some(feature) = Feature::of_name(&dashed(&name)) else {
                    draft.refuse("permissions-policy", format!("{name:?} is not a known feature"));
                    continue;
                };
                policy = if allowed == ["*"] {
                    policy.allow_all(feature)
                } else {
                    policy.allow(feature, allowed)
                };
            }
            Some(policy.into())
        });
    }

    fn removed(&mut self, x_powered_by: Option<bool>, names: &[String]) {
        if x_powered_by == Some(false) {
            self.config.removed.retain(|name| *name != X_POWERED_BY);
        }
        for name in names {
            match HeaderName::try_from(name) {
                Ok(name) => self.config.removed.push(name),
                Err(_) => self.refuse("remove", format!("{name:?} is not a header name")),
            }
        }
    }

    fn forced(&mut self, names: &[String]) {
        for name in names {
            let known = HeaderName::try_from(name).ok().and_then(|name| Header::of_name(&name));
            match known {
                Some(header) => self.config.forced.push(header),
                None => self.refuse("force", format!("{name:?} is not a header of this layer")),
            }
        }
    }
}
