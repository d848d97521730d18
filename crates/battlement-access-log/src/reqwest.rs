//! The client layer around a `reqwest::Client`, which has request and response types of its own.
