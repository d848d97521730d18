//! A test suite that checks how a layer fits into a service.
//!
//! A crate calls [`wiring!`](crate::wiring!) once for each layer, in its `tests/wiring.rs`. The macro creates a test
//! for each part: `body`, `settings`, `series`, `client` and `cors`. A part that does not apply is excluded with
//! `without` and a reason; a call that neither checks nor excludes a part does not compile.
//!
//! | part | value | promise |
//! |---|---|---|
//! | `body` | a layer | the response body implements `Default`, and its default is an empty body |
//! | `settings` | [`Settings`] | zero values, unknown fields and contradictions are errors that name the field, all at once |
//! | `series` | [`Series`] | every series is 0 at start, on a page that `promtool` accepts |
//! | `client` | a layer | a call through hyper-util's client, a tonic channel and a `reqwest::Client` arrives and is answered |
//! | `cors` | a layer | the layer composes with tower-http's `CorsLayer` outside and inside of it |
//!
//! A layer that is created differently for each client has the part `clients` instead of `client`:
//! `clients: { hyper_util: .., tonic: .., reqwest: .. }`. Both need the feature `wiring-client`. Each value is an expression that the test of its part evaluates.
//!
//! # Example
//!
//! ```
//! use tower::layer::util::Identity;
//!
//! battlement_testkit::wiring! {
//!     body: Identity::new(),
//!     cors: Identity::new(),
//!     without settings: "the layer has no settings",
//!     without series: "the layer records nothing",
//!     without client: "the layer is for servers",
//! }
//! ```

mod body;
#[cfg(feature = "wiring-client")]
mod client;
mod cors;
mod series;
mod settings;

#[cfg(feature = "wiring-client")]
pub use self::client::{client, hyper_util, reqwest, tonic};
pub use self::{
    body::body,
    cors::cors,
    series::Series,
    settings::{ReadSettings, Settings},
};

/// Creates the tests of the wiring suite for a layer; see [the module](mod@crate::wiring).
#[macro_export]
macro_rules! wiring {
    ($($parts:tt)*) => {
        $crate::wiring_part! { $($parts)* }
        // A missing part has no constant, and a duplicate part has two; neither compiles.
        const _: [&str; 5] = [BODY, SETTINGS, SERIES, CLIENT, CORS];
    };
}

/// Creates the test of the first part, and then those of the others.
#[doc(hidden)]
#[macro_export]
macro_rules! wiring_part {
    () => {};
    (without body: $reason:literal, $($rest:tt)*) => {
        const BODY: &str = $reason;
        $crate::wiring_part! { $($rest)* }
    };
    (without settings: $reason:literal, $($rest:tt)*) => {
        const SETTINGS: &str = $reason;
        $crate::wiring_part! { $($rest)* }
    };
    (without series: $reason:literal, $($rest:tt)*) => {
        const SERIES: &str = $reason;
        $crate::wiring_part! { $($rest)* }
    };
    (without client: $reason:literal, $($rest:tt)*) => {
        const CLIENT: &str = $reason;
        $crate::wiring_part! { $($rest)* }
    };
    (without cors: $reason:literal, $($rest:tt)*) => {
        const CORS: &str = $reason;
        $crate::wiring_part! { $($rest)* }
    };
    (body: $layer:expr, $($rest:tt)*) => {
        const BODY: &str = "";
        #[tokio::test]
        async fn the_default_of_the_response_body_is_empty() {
            $crate::wiring::body(&$layer).await;
        }
        $crate::wiring_part! { $($rest)* }
    };
    (settings: $settings:expr, $($rest:tt)*) => {
        const SETTINGS: &str = "";
        #[test]
        fn invalid_settings_are_reported_at_once_and_by_name() {
            $settings.check().unwrap_or_else(|error| panic!("{error}"));
        }
        $crate::wiring_part! { $($rest)* }
    };
    (series: $series:expr, $($rest:tt)*) => {
        const SERIES: &str = "";
        #[test]
        fn every_series_starts_at_0_on_a_page_that_promtool_accepts() {
            $series.check().unwrap_or_else(|error| panic!("{error}"));
        }
        $crate::wiring_part! { $($rest)* }
    };
    (client: $layer:expr, $($rest:tt)*) => {
        const CLIENT: &str = "";
        #[tokio::test]
        async fn calls_pass_through_hyper_util_tonic_and_reqwest() {
            $crate::wiring::client(&$layer).await;
        }
        $crate::wiring_part! { $($rest)* }
    };
    (
        clients: { hyper_util: $hyper_util:expr, tonic: $tonic:expr, reqwest: $reqwest:expr $(,)? },
        $($rest:tt)*
    ) => {
        const CLIENT: &str = "";
        #[tokio::test]
        async fn calls_pass_through_hyper_util_tonic_and_reqwest() {
            $crate::wiring::hyper_util(&$hyper_util).await;
            $crate::wiring::tonic(&$tonic).await;
            $crate::wiring::reqwest(&$reqwest).await;
        }
        $crate::wiring_part! { $($rest)* }
    };
    (cors: $layer:expr, $($rest:tt)*) => {
        const CORS: &str = "";
        #[tokio::test]
        async fn the_layer_composes_with_cors_on_either_side() {
            $crate::wiring::cors(&$layer).await;
        }
        $crate::wiring_part! { $($rest)* }
    };
}
