//! The layer fits into a service.

mod value {
    use battlement_circuit_breaker::{ConfigError, FallbackLayer, FallbackSettings};
    use battlement_testkit::wiring::Settings;
    use http::Response;

    /// A layer whose settings were valid.
    struct Built;

    impl TryFrom<FallbackSettings> for Built {
        type Error = ConfigError;

        fn try_from(settings: FallbackSettings) -> Result<Self, ConfigError> {
            FallbackLayer::value(Response::new("cached")).settings(settings).map(|_| Self)
        }
    }

    battlement_testkit::wiring! {
        body: FallbackLayer::value(Response::new("cached")),
        settings: Settings::<FallbackSettings, Built>::new("{}").invalid(r#"{ "on": [] }"#, ["on"]),
        client: FallbackLayer::value(Response::new("cached")),
        without series: "fallbacks are counted by the observer",
        without cors: "the layer is for clients",
    }
}

mod service {
    use battlement_circuit_breaker::{FallbackLayer, ReplayBody};
    use battlement_testkit::{echo::EchoServer, probe::Probe};
    use bytes::Bytes;
    use http_body_util::Full;
    use hyper_util::{client::legacy::Client, rt::TokioExecutor};

    battlement_testkit::wiring! {
        body: FallbackLayer::service(Probe::new()),
        clients: {
            hyper_util: FallbackLayer::service(
                Client::builder(TokioExecutor::new()).build_http::<ReplayBody<Full<Bytes>>>(),
            ),
            tonic: FallbackLayer::tonic_service(EchoServer),
            reqwest: FallbackLayer::service(reqwest::Client::new()),
        },
        without settings: "the settings are those of every fallback",
        without series: "fallbacks are counted by the observer",
        without cors: "the layer is for clients",
    }
}
