//! Whole-stack tests over real sockets. Each file beside this one is a test of its own; this file contains the pages
//! of the documentation whose code is compiled and run.

#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[doc = include_str!("../COMPARE.md")]
    mod compare {}
    #[doc = include_str!("../docs/settings.md")]
    mod settings {}
    #[doc = include_str!("../docs/migrate/app-error.md")]
    mod migrate_app_error {}
    #[doc = include_str!("../docs/migrate/catch-panic.md")]
    mod migrate_catch_panic {}
    #[doc = include_str!("../docs/migrate/axum-client-ip.md")]
    mod migrate_axum_client_ip {}
    #[doc = include_str!("../docs/migrate/express-rate-limit.md")]
    mod migrate_express_rate_limit {}
    #[doc = include_str!("../docs/migrate/rate-limit-redis.md")]
    mod migrate_rate_limit_redis {}
    #[doc = include_str!("../docs/migrate/tower_governor.md")]
    mod migrate_tower_governor {}
    #[doc = include_str!("../docs/migrate/express-trust-proxy.md")]
    mod migrate_express_trust_proxy {}
    #[doc = include_str!("../docs/migrate/axum-prometheus.md")]
    mod migrate_axum_prometheus {}
    #[doc = include_str!("../docs/migrate/prom-client.md")]
    mod migrate_prom_client {}
    #[doc = include_str!("../docs/migrate/axum-helmet.md")]
    mod migrate_axum_helmet {}
    #[doc = include_str!("../docs/migrate/helmet.md")]
    mod migrate_helmet {}
    #[doc = include_str!("../docs/migrate/tower-http.md")]
    mod migrate_tower_http {}
    #[doc = include_str!("../docs/migrate/tower-helmet.md")]
    mod migrate_tower_helmet {}
    #[doc = include_str!("../docs/migrate/tonic-timeout.md")]
    mod migrate_tonic_timeout {}
    #[doc = include_str!("../docs/migrate/tower-timeout.md")]
    mod migrate_tower_timeout {}
    #[doc = include_str!("../docs/migrate/axios-retry.md")]
    mod migrate_axios_retry {}
    #[doc = include_str!("../docs/migrate/reqwest-retry.md")]
    mod migrate_reqwest_retry {}
    #[doc = include_str!("../docs/migrate/tower-resilience-retry.md")]
    mod migrate_tower_resilience_retry {}
    #[doc = include_str!("../docs/migrate/tower-retry.md")]
    mod migrate_tower_retry {}
    #[doc = include_str!("../docs/migrate/brakes.md")]
    mod migrate_brakes {}
    #[doc = include_str!("../docs/migrate/opossum.md")]
    mod migrate_opossum {}
    #[doc = include_str!("../docs/migrate/resilience4j.md")]
    mod migrate_resilience4j {}
    #[doc = include_str!("../docs/migrate/tower-resilience-circuitbreaker.md")]
    mod migrate_tower_resilience_circuitbreaker {}
}
