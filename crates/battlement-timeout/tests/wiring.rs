//! The layers fit into a service.

mod propagate {
    use battlement_timeout::PropagateDeadlineLayer;

    battlement_testkit::wiring! {
        body: PropagateDeadlineLayer::new(),
        client: PropagateDeadlineLayer::new(),
        without settings: "the layer is configured in code",
        without series: "the layer records nothing",
        without cors: "the layer is for clients",
    }
}
