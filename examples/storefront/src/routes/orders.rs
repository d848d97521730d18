use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::{StatusCode, header::LOCATION},
    response::IntoResponse,
};
use battlement::{client_ip::ClientIp, problem::Problem, request_id::carry};
use tracing::info;
use uuid::Uuid;

use crate::{
    order::{Order, OrderForm},
    problem,
    shop::Shop,
};

pub async fn place(
    State(shop): State<Arc<Shop>>,
    client: ClientIp,
    form: Result<Json<OrderForm>, JsonRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Json(form) = form?;
    let new = form.check().map_err(problem::invalid_order)?;
    info!(client = %client.ip, "order received");
    // The order continues if its client disconnects. `carry` hands the id and the deadline of the request to the spawned
    // task, for its log lines and calls.
    let in_flight = shop.in_flight.clone();
    let order = in_flight.place(carry(async move { shop.place(new).await })).await??;
    let location = format!("/orders/{}", order.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(order)))
}

pub async fn show(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
) -> Result<Json<Order>, Problem> {
    // A path that is not a UUID gets the same response as an unknown order.
    let order = Uuid::try_parse(&id).ok().and_then(|id| shop.orders.find(id));
    order.map(Json).ok_or_else(problem::unknown_order)
}
