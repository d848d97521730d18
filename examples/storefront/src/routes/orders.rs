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
    info!(client = %client.ip, "an order has come");
    // The order goes on if its client goes away. `carry` takes the request's id along, into the logs and calls
    // of that task.
    let in_flight = shop.in_flight.clone();
    let order = in_flight.spawn(carry(async move { shop.place(new).await })).await??;
    let location = format!("/orders/{}", order.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(order)))
}

pub async fn show(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
) -> Result<Json<Order>, Problem> {
    // What is no UUID names no order either: one answer for both.
    let order = Uuid::try_parse(&id).ok().and_then(|id| shop.orders.find(id));
    order.map(Json).ok_or_else(problem::unknown_order)
}
