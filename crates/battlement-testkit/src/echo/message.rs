/// The request and response message of all methods.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Words {
    /// The text to echo.
    #[prost(string, tag = "1")]
    pub text: String,
    /// The number of messages that `Repeat` sends.
    #[prost(uint32, tag = "2")]
    pub times: u32,
    /// The code of the final status; 0 is OK.
    #[prost(int32, tag = "3")]
    pub code: i32,
}

impl Words {
    /// Creates a message that is echoed once, without an error.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), times: 1, code: 0 }
    }
}
