mod store;

use std::{fmt, path::PathBuf};

use battlement_core::{ConfigError, settings::duration};
use serde::{Deserialize, Deserializer, de::Error as _};

pub use self::store::{RateLimitSettings, StoreSettings};
use crate::{
    builder::{Builder, SETTINGS},
    connection::{cluster, tls::Certificates},
    redis::Redis,
};

battlement_core::settings! {
    /// The settings of a [`Redis`] in a configuration file.
    ///
    /// `url` is required; every other field is optional and has the default of [`Builder`]. Unknown fields are
    /// rejected by name. `TryFrom` reports all invalid fields at once. Neither its error nor `Debug` contains a URL or
    /// the secret.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_rate_limit_redis::{Redis, RedisSettings};
    ///
    /// let settings: RedisSettings = serde_json::from_str(
    ///     r#"{ "url": "redis://:password@127.0.0.1:6379/1", "deadline": "25ms", "prefix": "shop" }"#,
    /// ).unwrap();
    /// let redis = Redis::try_from(settings).unwrap();
    /// ```
    #[derive(Clone)]
    #[derive(Deserialize)]
    #[serde(remote = "RedisSettings", deny_unknown_fields)]
    pub struct RedisSettings {
        /// The URL of a server, or a list of the URLs of nodes of a cluster.
        #[serde(deserialize_with = "url")]
        pub url: Urls,
        /// [`Builder::deadline`], such as `50ms`.
        #[serde(default)]
        pub deadline: Option<String>,
        /// [`Builder::prefix`].
        #[serde(default)]
        pub prefix: Option<String>,
        /// [`Builder::key_secret`].
        #[serde(default, deserialize_with = "secret")]
        pub key_secret: Option<String>,
        /// [`Builder::coalesce`].
        #[serde(default)]
        pub coalesce: Option<usize>,
        /// [`Builder::queue`].
        #[serde(default)]
        pub queue: Option<usize>,
        /// `Builder::root_certificates`, with the feature `redis-tls`.
        #[serde(default)]
        pub root_certificates: Option<String>,
        /// `Builder::root_certificates_file`, with the feature `redis-tls`; not with `root_certificates`.
        #[serde(default)]
        pub root_certificates_file: Option<PathBuf>,
        /// The certificate in `Builder::client_certificate_files`, with the feature `redis-tls`.
        #[serde(default)]
        pub client_certificate_file: Option<PathBuf>,
        /// The key in `Builder::client_certificate_files`, with the feature `redis-tls`.
        #[serde(default)]
        pub client_key_file: Option<PathBuf>,
    }
}

/// The URL or URLs of a deployment.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Urls {
    /// A single server.
    Server(String),
    /// Nodes of a cluster, with the feature `redis-cluster`.
    Cluster(Vec<String>),
}

/// Reads URLs. The error does not repeat the value, since it may contain a password.
fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Urls, D::Error> {
    let wrong = |_| D::Error::custom("must be a URL, or a list of URLs of cluster nodes");
    Urls::deserialize(deserializer).map_err(wrong)
}

/// Reads the secret. The error does not repeat the value.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let wrong = |_| D::Error::custom("must be a string of at least 16 bytes");
    Option::deserialize(deserializer).map_err(wrong)
}

impl TryFrom<RedisSettings> for Redis {
    type Error = ConfigError;

    fn try_from(settings: RedisSettings) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        let mut builder = match settings.url {
            Urls::Server(url) => Self::builder(&url),
            Urls::Cluster(urls) => Builder::new(
                cluster::target(urls).map_err(|field| ConfigError::new(SETTINGS, vec![field]))?,
            ),
        };
        let deadline = settings.deadline;
        let deadline = deadline.and_then(|text| duration("deadline", &text, &mut invalid));
        builder = deadline.into_iter().fold(builder, Builder::deadline);
        builder = settings.prefix.iter().fold(builder, |builder, prefix| builder.prefix(prefix));
        builder = settings.key_secret.into_iter().fold(builder, Builder::key_secret);
        builder = settings.coalesce.into_iter().fold(builder, Builder::coalesce);
        builder = settings.queue.into_iter().fold(builder, Builder::queue);
        let roots = (settings.root_certificates, settings.root_certificates_file);
        let client = (settings.client_certificate_file, settings.client_key_file);
        match Certificates::of_settings(roots, client) {
            Ok(certificates) => builder = builder.certificates(certificates),
            Err(field) => invalid.push(field),
        }
        builder.build_if_valid(invalid)
    }
}

impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings")
            .field("deadline", &self.deadline)
            .field("prefix", &self.prefix)
            .field("coalesce", &self.coalesce)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Urls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Urls")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Vec<String> {
        let settings: RedisSettings = serde_json::from_str(json).unwrap();
        assert!(!format!("{settings:?}").contains("s3cret"));
        let error = Redis::try_from(settings).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
        error.fields().iter().map(|invalid| invalid.field().to_owned()).collect()
    }

    #[test]
    fn every_setting_can_be_set_and_invalid_fields_are_reported_by_name() {
        let settings: RedisSettings = serde_json::from_str(
            r#"{ "url": "redis://:s3cret@127.0.0.1/", "deadline": "25ms", "prefix": "shop",
                 "key_secret": "s3cret-s3cret-s3cret", "coalesce": 1, "queue": 5 }"#,
        )
        .unwrap();
        assert!(!format!("{settings:?}").contains("s3cret"));
        assert!(Redis::try_from(settings).is_ok());
        let all = r#"{ "url": "redis://127.0.0.1/", "prefix": "{", "key_secret": "s3cret",
                       "coalesce": 0, "queue": 0 }"#;
        assert_eq!(fields(all), ["prefix", "key_secret", "coalesce", "queue"]);
        let both = r#"{ "url": "http://:s3cret@host/", "deadline": "soon", "prefix": "{" }"#;
        assert_eq!(fields(both), ["url", "deadline", "prefix"]);
        assert_eq!(fields(r#"{ "url": "http://:s3cret@127.0.0.1/" }"#), ["url"]);
        let unknown = serde_json::from_str::<RedisSettings>(r#"{ "url": "", "pool": 1 }"#);
        assert!(unknown.unwrap_err().to_string().contains("pool"));
    }

    #[cfg(feature = "redis-tls")]
    #[test]
    fn certificates_are_set_by_files_that_belong_together() {
        let with = |more: &str| fields(&format!(r#"{{ "url": "rediss://host/", {more} }}"#));
        let certificate = r#""client_certificate_file": "none.pem""#;
        assert_eq!(with(certificate), ["client_key_file"]);
        assert_eq!(with(r#""client_key_file": "none.key""#), ["client_certificate_file"]);
        let both = format!(r#"{certificate}, "client_key_file": "none.key""#);
        assert_eq!(with(&both), ["client_certificate_file"], "there is no such file");
        assert_eq!(with(r#""root_certificates_file": "none.pem""#), ["root_certificates_file"]);
        let twice = r#""root_certificates": "PEM", "root_certificates_file": "none.pem""#;
        assert_eq!(with(twice), ["root_certificates_file"]);
    }

    #[test]
    fn a_value_of_the_wrong_type_is_reported_by_its_field_and_a_secret_is_not_repeated() {
        let error =
            |fields: &str| serde_json::from_str::<RedisSettings>(fields).unwrap_err().to_string();
        for (field, value) in
            [("deadline", "5"), ("prefix", "5"), ("coalesce", "-1"), ("queue", "\"many\"")]
        {
            let message =
                error(&format!(r#"{{ "url": "redis://127.0.0.1/", "{field}": {value} }}"#));
            assert!(message.starts_with(&format!("{field}: ")), "{message}");
        }
        let message = error(r#"{ "url": "redis://127.0.0.1/", "key_secret": 1234567890123456 }"#);
        assert!(message.starts_with("key_secret: ") && !message.contains("1234567"), "{message}");
        let message = error(r#"{ "url": { "password": "s3cret" } }"#);
        assert!(message.starts_with("url: ") && !message.contains("s3cret"), "{message}");
    }
}
