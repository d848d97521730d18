use std::fmt::Write as _;

use super::super::csp::is_uri;
use crate::{Header, InvalidField, SecurityHeader};

macro_rules! features {
    ($($variant:ident $name:literal,)*) => {
        /// A feature of browsers that a policy can deny.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Feature {
            $(
                #[doc = concat!("`", $name, "`.")]
                $variant,
            )*
        }

        impl Feature {
            /// All features.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the name of the feature in the header.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

features! {
    Accelerometer "accelerometer",
    AmbientLightSensor "ambient-light-sensor",
    Autoplay "autoplay",
    Bluetooth "bluetooth",
    BrowsingTopics "browsing-topics",
    Camera "camera",
    ClipboardRead "clipboard-read",
    ClipboardWrite "clipboard-write",
    ComputePressure "compute-pressure",
    CrossOriginIsolated "cross-origin-isolated",
    DisplayCapture "display-capture",
    EncryptedMedia "encrypted-media",
    Fullscreen "fullscreen",
    Gamepad "gamepad",
    Geolocation "geolocation",
    Gyroscope "gyroscope",
    Hid "hid",
    IdentityCredentialsGet "identity-credentials-get",
    IdleDetection "idle-detection",
    KeyboardMap "keyboard-map",
    LocalFonts "local-fonts",
    Magnetometer "magnetometer",
    Microphone "microphone",
    Midi "midi",
    OtpCredentials "otp-credentials",
    Payment "payment",
    PictureInPicture "picture-in-picture",
    PublickeyCredentialsCreate "publickey-credentials-create",
    PublickeyCredentialsGet "publickey-credentials-get",
    ScreenWakeLock "screen-wake-lock",
    Serial "serial",
    StorageAccess "storage-access",
    SyncXhr "sync-xhr",
    Unload "unload",
    Usb "usb",
    WebShare "web-share",
    WindowManagement "window-management",
    XrSpatialTracking "xr-spatial-tracking",
}

impl Feature {
    /// Returns the feature with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|feature| feature.as_str() == name)
    }
}

/// `Permissions-Policy`: the features that the page and its embedded content may use.
///
/// A feature that the policy does not name has the default of the browser. Helmet does not send this header.
///
/// # Example
///
/// ```
/// use battlement_security_headers::{Feature, PermissionsPolicy, SecurityHeadersLayer};
///
/// let policy = PermissionsPolicy::deny_all()
///     .allow(Feature::Fullscreen, ["self"])
///     .allow(Feature::Geolocation, ["self", "https://maps.example.com"]);
/// let layer = SecurityHeadersLayer::html().header(policy);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct PermissionsPolicy(Vec<(Feature, Allowed)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    Everybody,
    Only(Vec<String>),
}

impl PermissionsPolicy {
    /// Creates a policy without features.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Denies every feature that this crate knows.
    pub fn deny_all() -> Self {
        Self(Feature::ALL.iter().map(|feature| (*feature, Allowed::Only(Vec::new()))).collect())
    }

    /// Denies `feature` to every page.
    pub fn deny(self, feature: Feature) -> Self {
        self.say(feature, Allowed::Only(Vec::new()))
    }

    /// Allows `feature` to `self`, or to origins such as `https://maps.example.com`.
    pub fn allow<O: Into<String>>(
        self,
        feature: Feature,
        origins: impl IntoIterator<Item = O>,
    ) -> Self {
        self.say(feature, Allowed::Only(origins.into_iter().map(Into::into).collect()))
    }

    /// Allows `feature` to the page and to everything that it embeds.
    pub fn allow_all(self, feature: Feature) -> Self {
        self.say(feature, Allowed::Everybody)
    }

    /// Sets the entry of a feature; the last one applies.
    fn say(mut self, feature: Feature, allowed: Allowed) -> Self {
        match self.0.iter_mut().find(|(known, _)| *known == feature) {
            Some((_, known)) => *known = allowed,
            None => self.0.push((feature, allowed)),
        }
        self
    }
}

impl From<PermissionsPolicy> for SecurityHeader {
    fn from(PermissionsPolicy(features): PermissionsPolicy) -> Self {
        let mut text = String::new();
        let mut invalid_fields = Vec::new();
        if features.is_empty() {
            invalid_fields
                .push(InvalidField::new("permissions-policy", "must name at least one feature"));
        }
        for (feature, allowed) in &features {
            let separator = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{separator}{}=", feature.as_str());
            match allowed {
                Allowed::Everybody => text.push('*'),
                Allowed::Only(origins) => {
                    push_origins(&mut text, *feature, origins, &mut invalid_fields);
                }
            }
        }
        Self::written(Header::PermissionsPolicy, text, invalid_fields)
    }
}

/// Appends an inner list of a structured field (RFC 8941, section 3.1.1).
fn push_origins(
    text: &mut String,
    feature: Feature,
    origins: &[String],
    invalid_fields: &mut Vec<InvalidField>,
) {
    text.push('(');
    for (index, origin) in origins.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { " " });
        if origin == "self" {
            text.push_str("self");
        } else if origin.starts_with("https://") && is_uri(origin) {
            let _ = write!(text, "\"{origin}\"");
        } else {
            let field = format!("permissions-policy.{}", feature.as_str());
            let message = format!("must contain `self` or https origins, got {origin:?}");
            invalid_fields.push(InvalidField::new(field, message));
        }
    }
    text.push(')');
}
