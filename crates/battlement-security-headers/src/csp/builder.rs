use super::{Csp, Directive, Name, SourceList, Value, check::Checked, list::Word};
use crate::{ConfigError, Endpoint, When, config::SUBJECT};

/// A builder of a [`Csp`]. The policy is checked by [`build`](Self::build), which returns every error.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing unless built"]
pub struct CspBuilder {
    drafts: Vec<Draft>,
    endpoint: Option<Endpoint>,
    upgrade: Option<When>,
    without_default: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The name as a policy has it.
    pub(super) name: String,
    /// The name as it was written, for errors.
    pub(super) written: String,
    pub(super) words: Vec<Word>,
    /// Whether the name may be one that this crate does not know.
    pub(super) unchecked: bool,
}

impl Draft {
    fn new(name: &str, value: impl Into<SourceList>) -> Self {
        let (name, words) = (name.to_owned(), value.into().0);
        Self { written: name.clone(), name, words, unchecked: false }
    }
}

macro_rules! setters {
    ($($name:ident $directive:ident $text:literal,)*) => {
        $(
            #[doc = concat!("`", $text, "`.")]
            pub fn $name(self, value: impl Into<SourceList>) -> Self {
                self.directive(Directive::$directive, value)
            }
        )*
    };
}

impl CspBuilder {
    setters! {
        default_src DefaultSrc "default-src",
        base_uri BaseUri "base-uri",
        child_src ChildSrc "child-src",
        connect_src ConnectSrc "connect-src",
        fenced_frame_src FencedFrameSrc "fenced-frame-src",
        font_src FontSrc "font-src",
        form_action FormAction "form-action",
        frame_ancestors FrameAncestors "frame-ancestors",
        frame_src FrameSrc "frame-src",
        img_src ImgSrc "img-src",
        manifest_src ManifestSrc "manifest-src",
        media_src MediaSrc "media-src",
        object_src ObjectSrc "object-src",
        script_src ScriptSrc "script-src",
        script_src_attr ScriptSrcAttr "script-src-attr",
        script_src_elem ScriptSrcElem "script-src-elem",
        style_src StyleSrc "style-src",
        style_src_attr StyleSrcAttr "style-src-attr",
        style_src_elem StyleSrcElem "style-src-elem",
        worker_src WorkerSrc "worker-src",
        sandbox Sandbox "sandbox",
        webrtc Webrtc "webrtc",
        trusted_types TrustedTypes "trusted-types",
        report_uri ReportUri "report-uri",
    }

    /// Adds `require-trusted-types-for 'script'`.
    pub fn require_trusted_types(self) -> Self {
        self.directive(Directive::RequireTrustedTypesFor, "'script'")
    }

    /// Adds `upgrade-insecure-requests`, in responses to such requests.
    ///
    /// Some browsers upgrade the scripts of a page on `http://localhost` as well, where no https server responds;
    /// [`When::Https`] avoids that.
    pub fn upgrade_insecure_requests(mut self, when: When) -> Self {
        self.upgrade = Some(when);
        self.directive(Directive::UpgradeInsecureRequests, SourceList::default())
    }

    /// Adds `report-to`: reports go to `endpoint`, which the layer then lists in `Reporting-Endpoints`.
    pub fn report_to(mut self, endpoint: Endpoint) -> Self {
        self = self.directive(Directive::ReportTo, endpoint.name());
        self.endpoint = Some(endpoint);
        self
    }

    /// Adds a directive. A duplicate is an error.
    pub fn directive(self, directive: Directive, value: impl Into<SourceList>) -> Self {
        self.named(directive.as_str(), value)
    }

    /// Adds a directive by its name, as in a configuration file.
    pub fn named(self, name: &str, value: impl Into<SourceList>) -> Self {
        self.and(Draft::new(name, value))
    }

    /// Adds a directive that browsers know and this crate does not know yet; its values are written unchanged.
    ///
    /// A directive that this crate knows is checked all the same.
    pub fn unchecked_directive(self, name: &str, value: impl Into<SourceList>) -> Self {
        self.and(Draft { unchecked: true, ..Draft::new(name, value) })
    }

    fn and(mut self, draft: Draft) -> Self {
        self.drafts.push(draft);
        self
    }

    /// Adds a directive, and replaces an earlier one of the same name.
    pub fn replace(self, directive: Directive, value: impl Into<SourceList>) -> Self {
        self.put(Draft::new(directive.as_str(), value))
    }

    /// Replaces a directive with one of a configuration file.
    #[cfg(feature = "serde")]
    pub(crate) fn replace_written(
        self,
        (name, written): (&str, &str),
        value: SourceList,
        unchecked: bool,
    ) -> Self {
        self.put(Draft { written: written.to_owned(), unchecked, ..Draft::new(name, value) })
    }

    fn put(mut self, draft: Draft) -> Self {
        match self.drafts.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&draft.name)) {
            Some(known) => {
                *known = draft;
                self
            }
            None => self.and(draft),
        }
    }

    /// Removes `directive`, so that it is omitted or can be added again.
    pub fn remove(mut self, directive: Directive) -> Self {
        self.drafts.retain(|draft| !draft.name.eq_ignore_ascii_case(directive.as_str()));
        if directive == Directive::ReportTo {
            self.endpoint = None;
        }
        self
    }

    /// Allows a policy without `default-src`: everything that no other directive covers is then allowed.
    pub const fn without_default_src(mut self) -> Self {
        self.without_default = true;
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// Returns every error: unknown or duplicate directives, invalid values, values that browsers ignore in that
    /// directive, contradicting lists, a missing `default-src`.
    pub fn build(self) -> Result<Csp, ConfigError> {
        let mut checked = Checked::default();
        for draft in self.drafts {
            checked.take(draft);
        }
        if self.without_default && checked.named.is_empty() && checked.invalid_fields.is_empty() {
            checked.refuse("default-src", "must be present if there is no other directive");
        }
        if !self.without_default && !checked.has(&Name::Known(Directive::DefaultSrc)) {
            let message = "is missing; set it, or omit it explicitly with `without_default_src`";
            checked.refuse("default-src", message);
        }
        let Checked { entries, invalid_fields, .. } = checked;
        let upgrade = self.upgrade.unwrap_or(When::Always);
        ConfigError::check(
            SUBJECT,
            invalid_fields,
            Csp { entries, endpoint: self.endpoint, upgrade },
        )
    }
}

impl From<Csp> for CspBuilder {
    fn from(csp: Csp) -> Self {
        let without_default = csp.sources(Directive::DefaultSrc).is_none();
        let drafts = csp.entries.into_iter().map(|entry| {
            let value = match entry.value {
                Value::Sources(list) => list.into_iter().collect(),
                Value::Words(words) => SourceList(words),
            };
            let unchecked = matches!(entry.name, Name::Unchecked(_));
            Draft { unchecked, ..Draft::new(entry.name.as_str(), value) }
        });
        let drafts = drafts.collect();
        Self { drafts, endpoint: csp.endpoint, upgrade: Some(csp.upgrade), without_default }
    }
}
