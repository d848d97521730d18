//! Each status with which a gRPC call can end, with an access log and metrics.

use std::time::Duration;

use battlement::{access_log::AccessLogLayer, metrics::HttpMetrics};
use battlement_testkit::{
    client::Http2,
    echo::{EchoClient, EchoServer, Words},
    eventually,
    server::Server,
};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use serde_json::Value;
use tonic::transport::Endpoint;
use tower::{BoxError, ServiceBuilder};

use crate::{
    log::Log,
    page::{counted, counts, error_label, word},
};

const ECHO: &str = "battlement.testkit.Echo";
const HISTOGRAMS: [&str; 2] =
    ["rpc_server_call_duration_seconds", "rpc_server_stream_duration_seconds"];
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Returns the labels of the record of a call.
fn labels(record: &Value) -> String {
    // Metrics have no series for a method that no service has.
    let method = match word(record, "rpc.method") {
        "battlement.testkit.Echo/No" => "_OTHER",
        method => method,
    };
    let status = record["rpc.status_code"].as_str();
    let status = status.map(|status| format!(",rpc_status_code=\"{status}\"")).unwrap_or_default();
    let error = error_label(record);
    format!("rpc_system_name=\"grpc\",rpc_method=\"{method}\"{status}{error}")
}

/// Waits until `count` calls have ended, and checks that the metrics have the labels of the records.
pub(crate) async fn agree(metrics: &HttpMetrics, log: &Log, count: u64) -> Vec<Value> {
    let is_settled =
        || (metrics.ended(), metrics.active(), log.records().len() as u64) == (count, 0, count);
    assert!(eventually(DEADLINE, is_settled).await, "{} ended: {}", metrics.ended(), log.text());
    let records = log.records();
    assert_eq!(counted(&records, labels), counts(metrics, &HISTOGRAMS));
    records
}

/// Returns path, outcome and gRPC status of each record.
fn ends(records: &[Value]) -> Vec<[Option<&str>; 3]> {
    let end = |record| ["url.path", "outcome", "rpc.status_code"].map(|name| field(record, name));
    records.iter().map(end).collect()
}

fn field<'a>(record: &'a Value, name: &str) -> Option<&'a str> {
    record[name].as_str()
}

#[tokio::test]
async fn each_status_of_a_tonic_service_has_its_record_and_records_and_metrics_agree() {
    let (log, _guard) = Log::collect();
    let metrics =
        HttpMetrics::builder().grpc_methods(ECHO, ["Say"]).grpc_streams(ECHO, ["Repeat"]).build();
    let layers = ServiceBuilder::new().layer(AccessLogLayer::new()).layer(metrics.grpc_layer());
    let router =
        tonic::transport::Server::builder().layer(layers.into_inner()).add_service(EchoServer);
    let server = Server::tonic(router).await.unwrap();
    let channel = Endpoint::from_shared(server.url("")).unwrap().connect().await.unwrap();
    let mut client = EchoClient::new(channel);
    for code in [0, 5, 13] {
        let _ = client.say(Words { code, ..Words::new("hello") }).await;
    }
    for code in [0, 14] {
        let words = Words { code, times: 3, ..Words::new("hello") };
        let mut stream = client.repeat(words).await.unwrap().into_inner();
        while let Ok(Some(_)) = stream.message().await {}
    }
    let mut unknown = Http2::connect(server.addr()).await.unwrap();
    call(&mut unknown, "/battlement.testkit.Echo/No").await.unwrap();

    let (say, repeat) =
        (Some("/battlement.testkit.Echo/Say"), Some("/battlement.testkit.Echo/Repeat"));
    let records = agree(&metrics, &log, 6).await;
    let expected = [
        [say, Some("ok"), Some("OK")],
        [say, Some("client_error"), Some("NOT_FOUND")],
        [say, Some("INTERNAL"), Some("INTERNAL")],
        [repeat, Some("ok"), Some("OK")],
        [repeat, Some("UNAVAILABLE"), Some("UNAVAILABLE")],
        [Some("/battlement.testkit.Echo/No"), Some("UNIMPLEMENTED"), Some("UNIMPLEMENTED")],
    ];
    assert_eq!(ends(&records), expected);
    // A message of gRPC has five bytes before its content, and the text is a field with two bytes before it.
    assert_eq!(records[0]["http.response.body.size"].as_u64().unwrap() % 12, 2, "{}", records[0]);
}

/// Sends a call without a message, and reads the response to its end.
pub(crate) async fn call(client: &mut Http2, path: &str) -> Result<(), BoxError> {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/grpc");
    let response = client.send(request.body(Empty::<Bytes>::new())?).await?;
    response.into_body().collect().await?;
    Ok(())
}
