use std::str::FromStr;

/// A number of calls per minute, from 1 to 1,000,000.
#[derive(Clone, Copy, Debug)]
pub struct PerMinute(u32);

impl PerMinute {
    /// Far more than the storefront needs, and far less than this service can handle.
    pub const DEFAULT: Self = Self(6_000);

    pub(crate) const fn get(self) -> u32 {
        self.0
    }
}

impl Default for PerMinute {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[derive(Debug)]
pub struct InvalidPerMinute;

impl FromStr for PerMinute {
    type Err = InvalidPerMinute;

    fn from_str(text: &str) -> Result<Self, InvalidPerMinute> {
        let calls = text.parse().map_err(|_| InvalidPerMinute)?;
        if (1..=1_000_000).contains(&calls) { Ok(Self(calls)) } else { Err(InvalidPerMinute) }
    }
}
