//! Which endpoint a host and a path are.

use super::facts::{Endpoint, Facts};

/// What is at a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Endpoint(Endpoint),
    Call(usize),
}

/// All places of one service.
#[derive(Debug)]
pub(super) struct Places {
    places: Vec<(String, String, Place)>,
    others: Vec<String>,
}

impl Places {
    pub(super) fn of(facts: &Facts) -> Self {
        let endpoints = facts.endpoints.iter().map(|(endpoint, url)| (url.clone(), Place::Endpoint(*endpoint)));
        let aliases = facts.aliases.iter().map(|(endpoint, url)| (url.clone(), Place::Endpoint(*endpoint)));
        let registrations = facts.endpoints.get(&Endpoint::Register).map(|url| format!("{url}/{{client}}"));
        let registrations = registrations.map(|url| (url, Place::Endpoint(Endpoint::Registration)));
        let calls = facts.calls.iter().enumerate().map(|(at, call)| (call.url.clone(), Place::Call(at)));
        let all = endpoints.chain(aliases).chain(registrations).chain(calls);
        let places = all.filter_map(|(url, place)| split(&url).map(|(host, path)| (host.to_owned(), path.to_owned(), place)));
        Self { places: places.collect(), others: facts.other_hosts.clone() }
    }

    pub(super) fn hosts(&self) -> Vec<&str> {
        let mut hosts: Vec<_> = self.places.iter().map(|(host, ..)| host.as_str()).chain(self.others.iter().map(String::as_str)).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    pub(super) fn find(&self, host: &str, path: &str) -> Option<Place> {
        let here = |known: &str| known == host || self.others.iter().any(|other| other == host);
        self.places.iter().find(|(known, pattern, _)| here(known) && fits(pattern, path)).map(|(_, _, place)| *place)
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    pattern.split('/').all(|wanted| segments.next().is_some_and(|found| found == wanted || (wanted.starts_with('{') && !found.is_empty())))
        && segments.next().is_none()
}

/// Host and path of an https URL without port and query.
pub(super) fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    (!host.is_empty() && host.bytes().all(fits) && !path.contains(['?', '#'])).then_some((host, if path.is_empty() { "/" } else { path }))
}
