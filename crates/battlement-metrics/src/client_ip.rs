use battlement_client_ip::ClientIpLayer;

use crate::{
    Exposition,
    family::{Family, Kind, Labels, Value},
};

const NAME: &str = "battlement_client_ip_malformed";
const HELP: &str = "Requests with a trusted proxy header that did not contain a client address.";

impl Exposition {
    /// Shows `battlement_client_ip_malformed_total`, the number of requests whose header from a trusted proxy did not
    /// contain a client address. The metric has no labels. Several layers are added up; a layer and its clones are
    /// one.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_client_ip::ClientIpLayer;
    /// use battlement_metrics::{Exposition, Format};
    ///
    /// let layer = ClientIpLayer::new();
    /// let page = Exposition::new().client_ip(&layer).render(Format::Text);
    /// assert!(page.contains("battlement_client_ip_malformed_total 0"));
    /// ```
    #[must_use]
    pub fn client_ip(self, layer: &ClientIpLayer) -> Self {
        let (layer, id) = (layer.clone(), Shown(layer.clone()));
        self.once("client IP", id, move |page| {
            let mut family = Family::new(NAME, Kind::Counter, HELP);
            #[expect(clippy::cast_precision_loss, reason = "as every count of the format")]
            family.add(Labels::new(), Value::Number(layer.malformed() as f64));
            page.add(family);
        })
    }
}

/// A layer on the page, equal to its clones.
struct Shown(ClientIpLayer);

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_clone_of(&other.0)
    }
}
