//! Checks of the settings, each alone and against the others.

use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
};

use battlement_core::{check_request_path, is_grpc_name};

use super::Config;
use crate::{InvalidField, methods, names, naming, recorder::KNOWN_CODES};

/// The range of `max_routes`. The memory cost of each limit is noted at its bound.
const ROUTES: RangeInclusive<usize> = 1..=names::MOST;
/// The range of `max_clients`: 3 MB of pointers to gauges.
const CLIENTS: RangeInclusive<usize> = 1..=1_024;
/// The range of `max_series`: 4 MB of pointers per histogram; a series in use takes 128 bytes per shard.
const SERIES: RangeInclusive<usize> = 1..=100_000;
/// The range of `shards`: 8 KB per series in use.
const SHARDS: RangeInclusive<usize> = 1..=64;

impl Config {
    /// Returns every invalid setting, by its name.
    pub(crate) fn mistakes(&self) -> Vec<InvalidField> {
        let mut mistakes: Vec<InvalidField> = self.sizes().into_iter().flatten().collect();
        mistakes.extend(self.prefix.as_deref().and_then(prefix));
        mistakes.extend(self.methods.known().iter().enumerate().filter_map(|(at, method)| {
            let message = format!(
                "{method}: methods are case-sensitive; write {}",
                methods::standard(method)?
            );
            Some(InvalidField::new(format!("known_methods[{at}]"), message))
        }));
        let left_out = self.left_out.iter().enumerate();
        mistakes.extend(left_out.filter_map(|(at, path)| left_out_path(at, path)));
        mistakes.extend(self.routes());
        mistakes.extend(self.grpc());
        mistakes
    }

    fn sizes(&self) -> [Option<InvalidField>; 4] {
        let shards = self.shards;
        let power = (!shards.is_power_of_two() && SHARDS.contains(&shards))
            .then(|| InvalidField::new("shards", format!("must be a power of two, got {shards}")));
        [
            size("max_routes", self.max_routes, &ROUTES),
            size("max_clients", self.max_clients, &CLIENTS),
            size("max_series", self.max_series, &SERIES),
            size("shards", shards, &SHARDS).or(power),
        ]
    }

    /// Checks routes, except for the syntax of templates, which matchit checks when the table is built.
    fn routes(&self) -> Vec<InvalidField> {
        let mut mistakes = Vec::new();
        let known = || self.known_routes.iter().map(|(_, template)| *template);
        for (setting, templates) in
            [("route_table", self.table.clone()), ("known_route", known().collect())]
        {
            let pathless = templates.iter().enumerate().filter(|(_, text)| !text.starts_with('/'));
            mistakes.extend(pathless.map(|(at, text)| {
                let message = format!("must begin with a slash, got {text:?}");
                InvalidField::new(format!("{setting}[{at}]"), message)
            }));
        }
        let templates: HashSet<&str> = self.table.iter().copied().chain(known()).collect();
        if templates.len() > self.max_routes {
            let setting = if self.table.is_empty() { "known_route" } else { "route_table" };
            let message = format!(
                "has {} templates; must be at most `max_routes`, {}",
                templates.len(),
                self.max_routes
            );
            mistakes.push(InvalidField::new(setting, message));
        }
        let series = self.known_series().count();
        if series > self.max_series {
            let message = format!(
                "creates {series} series; must be at most `max_series`, {}",
                self.max_series
            );
            mistakes.push(InvalidField::new("known_route", message));
        }
        mistakes
    }

    fn grpc(&self) -> Vec<InvalidField> {
        let mut mistakes = Vec::new();
        let mut streams: HashMap<String, bool> = HashMap::new();
        for method in &self.grpc_methods {
            let setting = if method.is_stream { "grpc_streams" } else { "grpc_methods" };
            let mut refuse = |message| mistakes.push(InvalidField::new(setting, message));
            if !is_grpc_name(&method.service) {
                refuse(format!("must be a service such as pkg.Name, got {:?}", method.service));
            } else if !is_grpc_name(&method.method) {
                refuse(format!("must be a method of {}, got {:?}", method.service, method.method));
            } else if *streams.entry(method.path()).or_insert(method.is_stream) != method.is_stream
            {
                refuse(format!("{} is in both `grpc_methods` and `grpc_streams`", method.path()));
            }
        }
        if streams.len() > names::MOST {
            let message = format!("must be at most {} methods, got {}", names::MOST, streams.len());
            mistakes.push(InvalidField::new("grpc_methods", message));
        }
        let series = streams.len() * KNOWN_CODES.len();
        if series > self.max_series {
            let message = format!(
                "creates {series} series; must be at most `max_series`, {}",
                self.max_series
            );
            mistakes.push(InvalidField::new("grpc_methods", message));
        }
        mistakes
    }
}

fn size(setting: &str, value: usize, range: &RangeInclusive<usize>) -> Option<InvalidField> {
    let message = || format!("must be {} to {}, got {value}", range.start(), range.end());
    (!range.contains(&value)).then(|| InvalidField::new(setting, message()))
}

fn prefix(prefix: &str) -> Option<InvalidField> {
    let message = || {
        format!(
            "must be letters, digits and underscores and not begin with a digit, got {prefix:?}"
        )
    };
    (!naming::is_prefix(prefix)).then(|| InvalidField::new("prefix", message()))
}

/// Checks a path of `leave_out`. Paths are compared as a whole, so one that no request can have would never match.
fn left_out_path(at: usize, path: &str) -> Option<InvalidField> {
    let message = check_request_path(path).err()?;
    Some(InvalidField::new(format!("leave_out[{at}]"), format!("{path:?}: {message}")))
}
