//! What was asked of the emulator, so that a test can say "one refresh request, and no more".

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write;
use std::time::SystemTime;

use serde::{Serialize, Serializer};

use crate::JournalSize;
use crate::lock::Lock;

/// So many different endpoints are counted one by one; a client that makes up paths can't fill the memory.
const MOST_ENDPOINTS: usize = 1_000;

/// One request. It is written down before its answer is sent, so whoever has the answer finds the entry.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// When, by the virtual clock with its skew. An HTTP date in JSON.
    #[serde(serialize_with = "http_date")]
    pub at: SystemTime,
    /// The host name in lower case, without a port.
    pub host: String,
    /// The method in upper case.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query as it was sent.
    pub query: Option<String>,
    /// `grant_type`, if the request was a form that has one.
    pub grant_type: Option<String>,
    /// What the service answered, or the fault in its place; 0 if the service never saw the request and nothing was answered.
    pub status: u16,
    /// The parameters of a form, in order. The emulator's secrets are made up, so they stand here in full.
    pub form: Vec<(String, String)>,
    /// All other headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, if it was JSON.
    pub json: Option<serde_json::Value>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The certificate that the connection was made with: its SHA-256 in base64url.
    pub certificate: Option<String>,
    /// The name of the fault that struck, as in the control API (`drop-after-commit`).
    pub fault: Option<&'static str>,
}

/// The requests so far, oldest first, and a counter for each endpoint.
#[derive(Debug)]
pub struct Journal {
    most: usize,
    pages: Lock<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    entries: VecDeque<Entry>,
    counts: HashMap<String, u64>,
    endpoint: String,
}

impl Journal {
    pub(crate) fn new(size: JournalSize) -> Self {
        let most = match size {
            JournalSize::Off => 0,
            JournalSize::Latest(most) => most,
        };
        Self { most, pages: Lock::default() }
    }

    pub(crate) fn record(&self, method: &str, host: &str, path: &str, entry: impl FnOnce() -> Entry) {
        let entry = (self.most > 0).then(entry);
        let mut pages = self.pages.get();
        pages.count(method, host, path);
        if let Some(entry) = entry {
            if pages.entries.len() >= self.most {
                pages.entries.pop_front();
            }
            pages.entries.push_back(entry);
        }
    }

    /// The entries that are kept, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.pages.get().entries.iter().cloned().collect()
    }

    /// How many of the kept entries fit.
    pub fn count(&self, fits: impl Fn(&Entry) -> bool) -> usize {
        self.pages.get().entries.iter().filter(|entry| fits(entry)).count()
    }

    /// Requests per endpoint since the start or the last [`Journal::clear`], under names like `POST api.box.com/oauth2/token`. Counted even
    /// if the journal is off.
    pub fn endpoints(&self) -> BTreeMap<String, u64> {
        self.pages.get().counts.iter().map(|(endpoint, count)| (endpoint.clone(), *count)).collect()
    }

    /// Forgets entries and counters.
    pub fn clear(&self) {
        *self.pages.get() = Pages::default();
    }
}

impl Pages {
    fn count(&mut self, method: &str, host: &str, path: &str) {
        self.endpoint.clear();
        // Writing into a string can't fail.
        let _ = write!(self.endpoint, "{method} {host}{path}");
        if let Some(count) = self.counts.get_mut(&self.endpoint) {
            *count += 1;
        } else if self.counts.len() < MOST_ENDPOINTS {
            self.counts.insert(self.endpoint.clone(), 1);
        } else {
            *self.counts.entry("others".to_owned()).or_default() += 1;
        }
    }
}

fn http_date<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&httpdate::fmt_http_date(*at))
}
