use crate::prometheus::Promtool;

/// A metrics page of a layer before its first call, and the metric families that the layer has on the page.
#[derive(Clone, Debug)]
pub struct Series {
    page: String,
    families: Vec<&'static str>,
}

impl Series {
    /// Creates a check of `page`, in the text format. The page must contain a series with the value 0 for each of
    /// `families`.
    #[must_use]
    pub fn new(page: impl Into<String>, families: impl IntoIterator<Item = &'static str>) -> Self {
        Self { page: page.into(), families: families.into_iter().collect() }
    }

    /// Checks the page.
    ///
    /// # Errors
    ///
    /// Returns every family without a series or with a series that is not 0, and the objections of `promtool`.
    pub fn check(&self) -> Result<(), String> {
        let mut errors = Vec::new();
        match Promtool::check(&self.page) {
            Ok(lint) if lint.is_empty() => {}
            Ok(objections) | Err(objections) => errors.push(format!("promtool: {objections}")),
        }
        errors.extend(self.families.iter().filter_map(|family| self.family(family)));
        if errors.is_empty() {
            Ok(())
        } else {
            Err(format!("{}\n{}", errors.join("\n"), self.page))
        }
    }

    /// Returns the error of a family.
    fn family(&self, family: &str) -> Option<String> {
        let is_of_family = |line: &&str| {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            let suffix = name.strip_prefix(family);
            suffix
                .is_some_and(|suffix| ["", "_total", "_count", "_sum", "_bucket"].contains(&suffix))
        };
        let mut samples = self.page.lines().filter(is_of_family).peekable();
        if samples.peek().is_none() {
            return Some(format!("{family} has no series"));
        }
        let value = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
        let started = samples.find(|line| value(line) != Some(0.0))?;
        Some(format!("{family} does not start at 0: {started}"))
    }
}
