use std::fmt;

use super::{Source, source::Kind};

macro_rules! directives {
    ($($variant:ident $name:literal $form:ident,)*) => {
        /// A directive of Content Security Policy Level 3, Trusted Types and Fenced Frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Directive {
            $(
                #[doc = concat!("`", $name, "`.")]
                $variant,
            )*
        }

        impl Directive {
            /// All directives.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the name of the directive.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub(super) const fn form(self) -> Form {
                match self {
                    $(Self::$variant => Form::$form,)*
                }
            }
        }
    };
}

directives! {
    DefaultSrc "default-src" Scripts,
    BaseUri "base-uri" Places,
    ChildSrc "child-src" Places,
    ConnectSrc "connect-src" Places,
    FencedFrameSrc "fenced-frame-src" Places,
    FontSrc "font-src" Places,
    FormAction "form-action" Places,
    FrameAncestors "frame-ancestors" Places,
    FrameSrc "frame-src" Places,
    ImgSrc "img-src" Places,
    ManifestSrc "manifest-src" Places,
    MediaSrc "media-src" Places,
    ObjectSrc "object-src" Places,
    ScriptSrc "script-src" Scripts,
    ScriptSrcAttr "script-src-attr" Scripts,
    ScriptSrcElem "script-src-elem" Scripts,
    StyleSrc "style-src" Styles,
    StyleSrcAttr "style-src-attr" Styles,
    StyleSrcElem "style-src-elem" Styles,
    WorkerSrc "worker-src" Places,
    Sandbox "sandbox" Sandbox,
    Webrtc "webrtc" Webrtc,
    RequireTrustedTypesFor "require-trusted-types-for" RequireTrustedTypesFor,
    TrustedTypes "trusted-types" TrustedTypes,
    ReportTo "report-to" Endpoint,
    ReportUri "report-uri" Uris,
    UpgradeInsecureRequests "upgrade-insecure-requests" Flag,
}

/// The kind of values that a directive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Hosts, schemes, `'self'`, `'none'`.
    Places,
    /// Hosts, schemes, `'self'`, `'none'`, and values for scripts.
    Scripts,
    /// Hosts, schemes, `'self'`, `'none'`, and values for styles.
    Styles,
    Sandbox,
    Webrtc,
    RequireTrustedTypesFor,
    TrustedTypes,
    Endpoint,
    Uris,
    Flag,
}

const SANDBOX: &[&str] = &[
    "allow-downloads",
    "allow-forms",
    "allow-modals",
    "allow-orientation-lock",
    "allow-pointer-lock",
    "allow-popups",
    "allow-popups-to-escape-sandbox",
    "allow-presentation",
    "allow-same-origin",
    "allow-scripts",
    "allow-storage-access-by-user-activation",
    "allow-top-navigation",
    "allow-top-navigation-by-user-activation",
    "allow-top-navigation-to-custom-protocols",
];

impl Directive {
    /// Returns the directive with this name, in any case.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|directive| directive.as_str().eq_ignore_ascii_case(name))
    }

    pub(super) const fn takes_sources(self) -> bool {
        matches!(self.form(), Form::Places | Form::Scripts | Form::Styles)
    }

    /// Returns whether browsers respect `source` in this directive.
    pub(super) const fn takes(self, source: &Source) -> bool {
        match (&source.0, self.form()) {
            (Kind::Keyword(word), form) => word.belongs_to(form),
            (Kind::Nonce | Kind::FixedNonce(_) | Kind::Hash(_), form) => {
                matches!(form, Form::Scripts | Form::Styles)
            }
            (Kind::Scheme(_) | Kind::Host(_) | Kind::Unchecked(_), _) => true,
        }
    }

    /// Returns whether `word` is valid in a directive that does not list sources.
    pub(super) fn takes_word(self, word: &str) -> bool {
        match self.form() {
            Form::Sandbox => SANDBOX.contains(&word),
            Form::Webrtc => matches!(word, "'allow'" | "'block'"),
            Form::RequireTrustedTypesFor => word == "'script'",
            Form::TrustedTypes => {
                matches!(word, "*" | "'none'" | "'allow-duplicates'") || is_policy_name(word)
            }
            Form::Uris => is_uri(word),
            Form::Endpoint => is_endpoint(word),
            Form::Places | Form::Scripts | Form::Styles | Form::Flag => false,
        }
    }

    /// Returns the directives whose lists apply if this one is absent, the nearest first (CSP Level 3, section 6.8.3;
    /// Fenced Frame, section 4.3).
    pub(super) const fn fallbacks(self) -> &'static [Self] {
        match self {
            Self::ScriptSrcElem | Self::ScriptSrcAttr => &[Self::ScriptSrc, Self::DefaultSrc],
            Self::StyleSrcElem | Self::StyleSrcAttr => &[Self::StyleSrc, Self::DefaultSrc],
            Self::WorkerSrc => &[Self::ChildSrc, Self::ScriptSrc, Self::DefaultSrc],
            Self::FrameSrc => &[Self::ChildSrc, Self::DefaultSrc],
            Self::FencedFrameSrc => &[Self::FrameSrc, Self::ChildSrc, Self::DefaultSrc],
            Self::ChildSrc
            | Self::ConnectSrc
            | Self::FontSrc
            | Self::ImgSrc
            | Self::ManifestSrc
            | Self::MediaSrc
            | Self::ObjectSrc
            | Self::ScriptSrc
            | Self::StyleSrc => &[Self::DefaultSrc],
            _ => &[],
        }
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Returns whether `word` is a `tt-policy-name` of Trusted Types.
fn is_policy_name(word: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-#=_/@.%".contains(&byte);
    !word.is_empty() && word.bytes().all(allowed)
}

/// Returns whether `name` is a key of a structured field's dictionary (RFC 8941, section 3.1.2), so that it is valid
/// in `Reporting-Endpoints`.
pub(crate) fn is_endpoint(name: &str) -> bool {
    let first = |byte: u8| byte.is_ascii_lowercase() || byte == b'*';
    let more = |byte: u8| first(byte) || byte.is_ascii_digit() || b"_-.".contains(&byte);
    name.bytes().next().is_some_and(first) && name.bytes().all(more)
}

/// Returns whether `text` is visible ASCII without characters that end a value, a directive or a policy, or begin a
/// quotation.
pub(crate) fn is_uri(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b";,'\"\\<>".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}
