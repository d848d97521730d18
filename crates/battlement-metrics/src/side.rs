/// The kind of traffic that a layer records, which selects names and labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// HTTP requests to a server.
    Server,
    /// HTTP requests of a client.
    Client,
    /// gRPC calls to a server.
    Grpc,
    /// gRPC calls of a client.
    GrpcClient,
}

/// The names of one side's metrics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MetricNames {
    pub(crate) active: &'static str,
    pub(crate) duration: &'static str,
    pub(crate) stream: &'static str,
    pub(crate) first_byte: &'static str,
    pub(crate) request_size: &'static str,
    pub(crate) response_size: &'static str,
}

impl Side {
    pub(crate) const fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc | Self::GrpcClient)
    }

    pub(crate) const fn is_client(self) -> bool {
        matches!(self, Self::Client | Self::GrpcClient)
    }

    /// Returns the HTTP side of the same end, for a request that is not gRPC.
    pub(crate) const fn without_grpc(self) -> Self {
        if self.is_client() { Self::Client } else { Self::Server }
    }

    /// Returns the metric names: those of OpenTelemetry's semantic conventions in Prometheus' form, where they define
    /// one.
    pub(crate) const fn names(self) -> MetricNames {
        match self {
            Self::Server => MetricNames {
                active: "http_server_active_requests",
                duration: "http_server_request_duration_seconds",
                stream: "http_server_stream_duration_seconds",
                first_byte: "http_server_time_to_first_byte_seconds",
                request_size: "http_server_request_body_size_bytes",
                response_size: "http_server_response_body_size_bytes",
            },
            Self::Client => MetricNames {
                active: "http_client_active_requests",
                duration: "http_client_request_duration_seconds",
                stream: "http_client_stream_duration_seconds",
                first_byte: "http_client_time_to_first_byte_seconds",
                request_size: "http_client_request_body_size_bytes",
                response_size: "http_client_response_body_size_bytes",
            },
            Self::Grpc => MetricNames {
                active: "rpc_server_active_calls",
                duration: "rpc_server_call_duration_seconds",
                stream: "rpc_server_stream_duration_seconds",
                first_byte: "rpc_server_time_to_first_byte_seconds",
                request_size: "rpc_server_request_body_size_bytes",
                response_size: "rpc_server_response_body_size_bytes",
            },
            Self::GrpcClient => MetricNames {
                active: "rpc_client_active_calls",
                duration: "rpc_client_call_duration_seconds",
                stream: "rpc_client_stream_duration_seconds",
                first_byte: "rpc_client_time_to_first_byte_seconds",
                request_size: "rpc_client_request_body_size_bytes",
                response_size: "rpc_client_response_body_size_bytes",
            },
        }
    }
}
