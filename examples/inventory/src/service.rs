//! The gRPC service of the stock.

use tonic::{Request, Response, Status};
use tracing::info;

use crate::{
    proto::{
        self, AvailableRequest, AvailableResponse, ReleaseRequest, ReleaseResponse, ReserveRequest,
        ReserveResponse, inventory_server::Inventory,
    },
    stock::{Line, NotReserved, Stock},
};

pub(crate) struct StockService {
    stock: Stock,
}

impl StockService {
    pub(crate) fn new(stock: Stock) -> Self {
        Self { stock }
    }

    /// Returns the pieces left of each product of `lines`.
    fn left(&self, lines: Vec<Line>) -> Vec<proto::Line> {
        let left = |Line { product_id, .. }| {
            let quantity = self.stock.left(&product_id)?;
            Some(proto::Line { product_id, quantity })
        };
        lines.into_iter().filter_map(left).collect()
    }
}

#[tonic::async_trait]
impl Inventory for StockService {
    async fn reserve(
        &self,
        request: Request<ReserveRequest>,
    ) -> Result<Response<ReserveResponse>, Status> {
        let ReserveRequest { order_id, lines } = request.into_inner();
        let lines: Vec<Line> = lines.into_iter().map(Line::from).collect();
        self.stock.reserve(&order_id, &lines)?;
        info!(order = order_id, "reserved");
        Ok(Response::new(ReserveResponse { left: self.left(lines) }))
    }

    async fn release(
        &self,
        request: Request<ReleaseRequest>,
    ) -> Result<Response<ReleaseResponse>, Status> {
        let ReleaseRequest { order_id } = request.into_inner();
        let released = self.stock.release(&order_id);
        if !released.is_empty() {
            info!(order = order_id, "released");
        }
        Ok(Response::new(ReleaseResponse { left: self.left(released) }))
    }

    async fn available(
        &self,
        request: Request<AvailableRequest>,
    ) -> Result<Response<AvailableResponse>, Status> {
        let AvailableRequest { product_id } = request.into_inner();
        let left = self.stock.left(&product_id);
        let quantity = left.ok_or(NotReserved::UnknownProduct(product_id))?;
        Ok(Response::new(AvailableResponse { quantity }))
    }
}

impl From<proto::Line> for Line {
    fn from(line: proto::Line) -> Self {
        Self { product_id: line.product_id, quantity: line.quantity }
    }
}

impl From<NotReserved> for Status {
    fn from(reason: NotReserved) -> Self {
        let message = reason.to_string();
        match reason {
            NotReserved::Malformed(_) => Self::invalid_argument(message),
            NotReserved::Differs => Self::already_exists(message),
            NotReserved::Released => Self::aborted(message),
            NotReserved::UnknownProduct(_) => Self::not_found(message),
            NotReserved::NotEnough { .. } => Self::failed_precondition(message),
        }
    }
}
