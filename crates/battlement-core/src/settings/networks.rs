use std::net::IpAddr;

use ipnet::IpNet;

use crate::{InvalidField, Networks};

/// Parses networks such as `10.0.0.0/8`, and addresses; records an invalid field for any other text.
///
/// # Example
///
/// ```
/// use battlement_core::settings::networks;
///
/// let (texts, mut invalid) = (["10.0.0.0/8".to_owned(), "proxy".to_owned()], Vec::new());
/// let networks = networks("trusted", &texts, &mut invalid);
/// assert!(networks.contains("10.1.2.3".parse().unwrap()));
/// assert_eq!(invalid[0].message(), r#"must be a network such as 10.0.0.0/8, got "proxy""#);
/// ```
#[must_use]
pub fn networks(field: &str, texts: &[String], invalid: &mut Vec<InvalidField>) -> Networks {
    let read = |text: &String| {
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let network = text.parse().ok().or_else(address);
        if network.is_none() {
            let message = format!("must be a network such as 10.0.0.0/8, got {text:?}");
            invalid.push(InvalidField::new(field, message));
        }
        network
    };
    texts.iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_addresses_are_read_and_each_other_text_is_an_error() {
        let texts = ["10.0.0.0/8", "192.0.2.1", "::1", "", "10.0.0.0/33", "*"].map(str::to_owned);
        let mut invalid = Vec::new();
        let networks = networks("trusted", &texts, &mut invalid);
        for (ip, expected) in
            [("10.9.9.9", true), ("192.0.2.1", true), ("192.0.2.2", false), ("::1", true)]
        {
            assert_eq!(networks.contains(ip.parse().unwrap()), expected, "{ip}");
        }
        assert_eq!(invalid.iter().map(InvalidField::field).collect::<Vec<_>>(), ["trusted"; 3]);
    }
}
