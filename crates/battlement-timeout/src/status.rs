use battlement_core::InvalidField;

/// Returns the error of a status that is not a server error.
pub(crate) fn invalid(field: &str, status: u16) -> Option<InvalidField> {
    let is_server_error = (500..600).contains(&status);
    (!is_server_error)
        .then(|| InvalidField::new(field, format!("must be a 5xx status, got {status}")))
}
