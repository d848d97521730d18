use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is to be charged, and for which order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeRequest {
    /// One order is charged once, however often it is asked for.
    pub order_id: String,
    pub amount_cents: u64,
    pub receipt_email: String,
}

/// What has been charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charge {
    pub id: Uuid,
    #[serde(flatten)]
    pub request: ChargeRequest,
}
