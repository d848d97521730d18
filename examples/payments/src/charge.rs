use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A request to charge an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeRequest {
    /// The id of the order, which is charged once even if the request is repeated.
    pub order_id: String,
    pub amount_cents: u64,
    pub receipt_email: String,
}

/// A charge that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charge {
    pub id: Uuid,
    #[serde(flatten)]
    pub request: ChargeRequest,
}
