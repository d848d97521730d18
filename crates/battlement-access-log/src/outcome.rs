use std::fmt;

use battlement_core::{ErrorType, GrpcCode};
use http::StatusCode;

/// The outcome of a request, in the words that battlement's metrics put into `error_type`.
///
/// Metrics have no such label for a request that succeeded or ended with a client error, where a record has
/// [`Ok`](Self::Ok) or [`ClientError`](Self::ClientError).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The request succeeded: `ok`.
    Ok,
    /// The request was a client error: `client_error`. A server answered with 4xx or a gRPC status that is not a server
    /// error, such as `NOT_FOUND`.
    ClientError,
    /// The status is an error: its number, as `500`. For a client's call this includes 4xx.
    Status(StatusCode),
    /// The gRPC status is an error: its name, as `UNAVAILABLE`. For a client's call this is any code but `OK`.
    GrpcStatus(GrpcCode),
    /// The request failed for a reason that is not its status: the word of the reason, as `cancelled`.
    Failed(ErrorType),
}

/// The number of the first status.
const FIRST: u16 = 100;

/// The digits of all statuses, 100 to 999.
const DIGITS: [u8; 2700] = {
    let mut digits = [0; 2700];
    let mut at = 0;
    while at < 900 {
        let status = FIRST + at as u16;
        digits[3 * at] = b'0' + (status / 100) as u8;
        digits[3 * at + 1] = b'0' + (status / 10 % 10) as u8;
        digits[3 * at + 2] = b'0' + (status % 10) as u8;
        at += 1;
    }
    digits
};

impl Outcome {
    /// Returns the word for labels and logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ClientError => "client_error",
            Self::Status(status) => digits(status),
            Self::GrpcStatus(code) => code.name(),
            Self::Failed(error) => error.as_str().unwrap_or("error"),
        }
    }

    /// Returns whether the request failed: neither [`Ok`](Self::Ok) nor [`ClientError`](Self::ClientError).
    #[must_use]
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Ok | Self::ClientError)
    }
}

fn digits(status: StatusCode) -> &'static str {
    let at = 3 * usize::from(status.as_u16() - FIRST);
    DIGITS.get(at..at + 3).and_then(|digits| str::from_utf8(digits).ok()).unwrap_or("error")
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_status_is_its_number() {
        for number in 100..1000 {
            let status = StatusCode::from_u16(number).unwrap();
            assert_eq!(Outcome::Status(status).word(), number.to_string());
        }
    }

    #[test]
    fn each_outcome_has_a_word() {
        for (outcome, word, is_failure) in [
            (Outcome::Ok, "ok", false),
            (Outcome::ClientError, "client_error", false),
            (Outcome::GrpcStatus(GrpcCode::DataLoss), "DATA_LOSS", true),
            (Outcome::Failed(ErrorType::Cancelled), "cancelled", true),
            (Outcome::Failed(ErrorType::RateLimited), "rate_limited", true),
        ] {
            assert_eq!((outcome.word(), outcome.is_failure()), (word, is_failure));
            assert_eq!(outcome.to_string(), word);
        }
    }
}
