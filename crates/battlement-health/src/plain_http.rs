//! Plain HTTP/1 as far as a probe needs it: a URL, a request, and the status of the response.

mod status;
mod target;

pub(crate) use self::{
    status::{NotHttp, StatusReader},
    target::Target,
};

/// Returns whether a probe passes with this status: 200 to 399, as for the kubelet.
pub(crate) const fn passes(status: u16) -> bool {
    matches!(status, 200..=399)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_passes_from_200_to_399() {
        let passed = [100, 199, 200, 399, 400, 599].map(passes);
        assert_eq!(passed, [false, false, true, true, false, false]);
    }
}
