//! The inventory over a real connection, and the program's check of its environment.

use std::process::Command;

use battlement::shutdown::Shutdown;
use inventory::{
    Inventory, Settings, Stock,
    proto::{
        AvailableRequest, Line, ReleaseRequest, ReserveRequest, inventory_client::InventoryClient,
    },
};
use tokio::net::TcpListener;
use tonic::{Code, Request, transport::Channel};

/// Starts a server that has three mugs and one teapot, and returns a client of it.
async fn start() -> InventoryClient<Channel> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let stock = Stock::new([("mug", 3), ("teapot", 1)]);
    let inventory = Inventory::new(stock, Settings::default());
    let shutdown = Shutdown::without_signals();
    let health = inventory::health(shutdown.phases());
    tokio::spawn(async move { inventory::serve(listener, inventory, &health, shutdown).await });
    InventoryClient::connect(format!("http://{addr}")).await.unwrap()
}

fn order(order_id: &str, lines: &[(&str, u32)]) -> ReserveRequest {
    let line = |&(id, quantity): &(&str, u32)| Line { product_id: id.into(), quantity };
    ReserveRequest { order_id: order_id.into(), lines: lines.iter().map(line).collect() }
}

async fn reserve(client: &mut InventoryClient<Channel>, request: ReserveRequest) -> Code {
    client.reserve(request).await.err().map_or(Code::Ok, |status| status.code())
}

#[tokio::test]
async fn an_order_reserves_all_its_pieces_or_none() {
    let mut client = start().await;
    let too_many = order("a", &[("mug", 3), ("teapot", 2)]);
    assert_eq!(reserve(&mut client, too_many).await, Code::FailedPrecondition);
    assert_eq!(reserve(&mut client, order("b", &[("mug", 3)])).await, Code::Ok);
    assert_eq!(reserve(&mut client, order("c", &[("mug", 1)])).await, Code::FailedPrecondition);
}

#[tokio::test]
async fn pieces_of_one_product_in_several_lines_are_counted_together() {
    let mut client = start().await;
    let request = order("a", &[("mug", 2), ("mug", 2)]);
    assert_eq!(reserve(&mut client, request).await, Code::FailedPrecondition);
    let request = order("b", &[("mug", u32::MAX), ("mug", u32::MAX)]);
    assert_eq!(reserve(&mut client, request).await, Code::FailedPrecondition);
}

#[tokio::test]
async fn a_repeated_reservation_takes_no_more_stock() {
    let mut client = start().await;
    for _ in 0..4 {
        assert_eq!(reserve(&mut client, order("a", &[("mug", 2)])).await, Code::Ok);
    }
    assert_eq!(reserve(&mut client, order("b", &[("mug", 1)])).await, Code::Ok);
}

#[tokio::test]
async fn many_equal_reservations_at_once_take_the_stock_of_one() {
    let client = start().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut client = client.clone();
        calls.spawn(async move { reserve(&mut client, order("a", &[("mug", 2)])).await });
    }
    assert_eq!(calls.join_all().await, [Code::Ok; 20]);
    let mut client = client;
    assert_eq!(reserve(&mut client, order("b", &[("mug", 1)])).await, Code::Ok);
    assert_eq!(reserve(&mut client, order("c", &[("mug", 1)])).await, Code::FailedPrecondition);
}

#[tokio::test]
async fn an_order_cannot_be_reserved_with_other_lines() {
    let mut client = start().await;
    assert_eq!(reserve(&mut client, order("a", &[("mug", 1)])).await, Code::Ok);
    for other in [order("a", &[("mug", 2)]), order("a", &[("mug", 1), ("teapot", 1)])] {
        assert_eq!(reserve(&mut client, other).await, Code::AlreadyExists);
    }
    // The same pieces in other lines are the same order.
    let same = order("b", &[("mug", 1), ("teapot", 1), ("mug", 1)]);
    assert_eq!(reserve(&mut client, same).await, Code::Ok);
    let same = order("b", &[("teapot", 1), ("mug", 2)]);
    assert_eq!(reserve(&mut client, same).await, Code::Ok);
}

#[tokio::test]
async fn a_reservation_that_arrives_after_its_release_takes_no_stock() {
    let mut client = start().await;
    for reserved_before in [true, false] {
        let id = if reserved_before { "a" } else { "b" };
        if reserved_before {
            assert_eq!(reserve(&mut client, order(id, &[("teapot", 1)])).await, Code::Ok);
        }
        client.release(ReleaseRequest { order_id: id.into() }).await.unwrap();
        assert_eq!(reserve(&mut client, order(id, &[("teapot", 1)])).await, Code::Aborted);
    }
    assert_eq!(reserve(&mut client, order("c", &[("teapot", 1)])).await, Code::Ok);
}

#[tokio::test]
async fn released_stock_is_free_for_one_other_order() {
    let mut client = start().await;
    assert_eq!(reserve(&mut client, order("a", &[("teapot", 1)])).await, Code::Ok);
    for _ in 0..2 {
        client.release(ReleaseRequest { order_id: "a".into() }).await.unwrap();
    }
    assert_eq!(reserve(&mut client, order("b", &[("teapot", 1)])).await, Code::Ok);
    assert_eq!(reserve(&mut client, order("c", &[("teapot", 1)])).await, Code::FailedPrecondition);
}

#[tokio::test]
async fn the_pieces_left_are_returned_by_both_calls() {
    let mut client = start().await;
    let reserved = client.reserve(order("a", &[("mug", 2)])).await.unwrap().into_inner();
    let request = ReleaseRequest { order_id: "a".into() };
    let released = client.release(request.clone()).await.unwrap().into_inner();
    let [left, all] = [reserved.left, released.left].map(|left| left[0].quantity);
    assert_eq!(all, left + 2);
    let repeated = client.release(request).await.unwrap().into_inner();
    assert_eq!((&repeated.left[0].product_id[..], repeated.left[0].quantity), ("mug", all));
    let unknown = ReleaseRequest { order_id: "b".into() };
    assert_eq!(client.release(unknown).await.unwrap().into_inner().left, []);
}

#[tokio::test]
async fn the_pieces_left_of_a_product_are_available() {
    let mut client = start().await;
    assert_eq!(reserve(&mut client, order("a", &[("mug", 2)])).await, Code::Ok);
    for (product_id, expected) in [("mug", Ok(1)), ("teapot", Ok(1)), ("moon", Err(Code::NotFound))]
    {
        let available = client.available(AvailableRequest { product_id: product_id.into() }).await;
        let quantity = available.map(|response| response.into_inner().quantity);
        assert_eq!(quantity.map_err(|status| status.code()), expected, "{product_id}");
    }
}

#[tokio::test]
async fn an_invalid_request_has_a_status_with_the_reason() {
    let mut client = start().await;
    for (request, code) in [
        (order("", &[("mug", 1)]), Code::InvalidArgument),
        (order("a", &[]), Code::InvalidArgument),
        (order("a", &[("mug", 0)]), Code::InvalidArgument),
        (order("a", &[("moon", 1)]), Code::NotFound),
    ] {
        assert_eq!(reserve(&mut client, request).await, code);
    }
}

#[tokio::test]
async fn the_id_of_the_caller_is_returned() {
    let mut client = start().await;
    let mut request = Request::new(order("a", &[("mug", 1)]));
    request.metadata_mut().insert("x-request-id", "order-of-ada".parse().unwrap());
    let response = client.reserve(request).await.unwrap();
    assert_eq!(response.metadata().get("x-request-id").unwrap(), "order-of-ada");
}

#[test]
fn an_invalid_environment_is_reported_in_full_at_startup() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_inventory"));
    let output = program
        .env_clear()
        .envs([("INVENTORY_ADDR", "here"), ("INVENTORY_STOCK", "9"), ("RUST_LOG", "a=loud")])
        .output()
        .unwrap();
    let report = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78));
    for name in ["INVENTORY_ADDR:", "\"INVENTORY_STOCK\":", "RUST_LOG:"] {
        assert!(report.contains(name), "{name} is missing in: {report}");
    }
}
