mod answer;
mod layer;
mod paths;

pub use self::{
    answer::HealthService,
    layer::{HealthLayer, ResponseBody, ResponseFuture},
    paths::Paths,
};
