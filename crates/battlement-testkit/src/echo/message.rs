/// What both sides say.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Words {
    /// What comes back.
    #[prost(string, tag = "1")]
    pub text: String,
    /// How often `Repeat` says it.
    #[prost(uint32, tag = "2")]
    pub times: u32,
    /// The code of the status to end with; 0 is no error.
    #[prost(int32, tag = "3")]
    pub code: i32,
}

impl Words {
    /// Words that come back once, without an error.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), times: 1, code: 0 }
    }
}
