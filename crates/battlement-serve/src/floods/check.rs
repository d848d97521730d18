use battlement_core::InvalidField;

use super::FloodLimits;

impl FloodLimits {
    /// Returns the invalid limits of connections with this number of concurrent streams.
    pub(crate) fn invalid_fields(&self, streams: u32) -> Vec<InvalidField> {
        let rates = [
            ("resets", self.resets),
            ("provoked_resets", self.provoked_resets),
            ("continuations", self.continuations),
            ("empty_data", self.empty_data),
            ("settings", self.settings),
            ("pings", self.pings),
        ];
        let numbers = rates.into_iter().flat_map(|(name, rate)| {
            [(name, "burst", rate.burst()), (name, "per_second", rate.per_second())]
        });
        let mut invalid: Vec<_> = numbers
            .filter(|(.., number)| *number == 0)
            .map(|(name, part, _)| InvalidField::new(part, "must be at least 1").under(name))
            .collect();
        invalid.extend(self.resets_below(streams));
        invalid.extend(self.settings_below_two());
        invalid
    }

    fn resets_below(&self, streams: u32) -> Option<InvalidField> {
        let burst = self.resets.burst();
        let message = format!(
            "must be at least `streams` ({streams}), because a client may reset all of its streams at once, got {burst}"
        );
        (1..streams).contains(&burst).then(|| InvalidField::new("resets.burst", message))
    }

    fn settings_below_two(&self) -> Option<InvalidField> {
        let message = "must be at least 2, because each client sends its SETTINGS and acknowledges the server's";
        (self.settings.burst() == 1).then(|| InvalidField::new("settings.burst", message))
    }
}
