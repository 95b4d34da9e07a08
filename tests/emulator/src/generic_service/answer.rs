//! How the token endpoint words what it has to say: names, nesting, numbers and formats.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The answer's particulars.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AnswerFacts {
    /// JSON or form-encoded.
    pub format: Format,
    /// The `Content-Type`, if it isn't what the format suggests.
    pub content_type: Option<String>,
    /// Where a standard member stands, as a path with dots; an empty path leaves it out.
    pub fields: BTreeMap<String, String>,
    /// The same for the answer to a refresh, where that differs.
    pub refreshed_fields: Option<BTreeMap<String, String>>,
    /// What `expires_in` looks like.
    pub expires_in: ExpiresIn,
    /// The `token_type`; `Bearer` if not given.
    pub token_type: Option<String>,
    /// What `scope` looks like.
    pub scope: ScopeForm,
    /// Members that are always there.
    pub members: toml::Table,
}

/// The refusals' particulars.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ErrorFacts {
    /// The status.
    pub status: u16,
    /// The status for `invalid_client`.
    pub client_status: u16,
    /// Where `error` and `error_description` stand, as paths with dots; an empty path leaves one out.
    pub fields: BTreeMap<String, String>,
    /// This service's own codes for the standard ones.
    pub codes: BTreeMap<String, String>,
    /// Its own words, by standard codes.
    pub words: BTreeMap<String, String>,
    /// Members that are always there.
    pub members: toml::Table,
    /// The name of a list that holds the error as its only entry.
    pub list: Option<String>,
}

impl Default for ErrorFacts {
    fn default() -> Self {
        let (fields, codes, words) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { status: 400, client_status: 401, fields, codes, words, members: toml::Table::new(), list: None }
    }
}

/// The format of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
    /// JSON if the request accepts it, otherwise form-encoded.
    FormUnlessAsked,
}

/// What `expires_in` looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpiresIn {
    /// A number of seconds.
    #[default]
    Seconds,
    /// The same in quotes.
    String,
    /// The same with a fraction.
    Float,
    /// A number of milliseconds.
    Milliseconds,
    /// The date, in seconds since 1970.
    Date,
    /// `null`
    Null,
    /// 0
    Zero,
    /// Below 0
    Negative,
    /// Not there.
    Absent,
}

impl ExpiresIn {
    fn value(self, lives: Duration, now: u64) -> Option<Value> {
        let seconds = lives.as_secs();
        match self {
            Self::Null => Some(Value::Null),
            Self::Zero => Some(json!(0)),
            Self::Negative => Some(json!(-1)),
            Self::Absent => None,
            _ if lives == Duration::MAX => None,
            Self::Seconds => Some(json!(seconds)),
            Self::String => Some(json!(seconds.to_string())),
            Self::Float => Some(json!(lives.as_secs_f64() + 0.5)),
            Self::Milliseconds => Some(json!(seconds.saturating_mul(1000))),
            Self::Date => Some(json!(now.saturating_add(seconds))),
        }
    }
}

/// What `scope` looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeForm {
    /// One text, with the service's separator.
    #[default]
    Text,
    /// A list.
    List,
    /// `null`
    Null,
    /// Not there.
    Absent,
}

/// Tokens, before the service's particulars.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) lives: Duration,
    pub(super) refresh: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) token_type: Option<String>,
    pub(super) id_token: Option<String>,
    pub(super) issued_token_type: Option<&'static str>,
}

/// A refusal, before the service's particulars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) error: &'static str,
    pub(super) description: String,
}

pub(super) fn trouble(error: &'static str, description: impl Into<String>) -> Trouble {
    Trouble { error, description: description.into() }
}

impl AnswerFacts {
    pub(super) fn value(&self, tokens: Tokens, (separator, now): (&str, u64)) -> Value {
        let scope = match self.scope {
            ScopeForm::Text => Some(json!(tokens.scopes.join(separator))),
            ScopeForm::List => Some(json!(tokens.scopes)),
            ScopeForm::Null => Some(Value::Null),
            ScopeForm::Absent => None,
        };
        let members = [
            ("access_token", Some(json!(tokens.access))),
            ("token_type", tokens.token_type.map(Value::from)),
            ("expires_in", self.expires_in.value(tokens.lives, now)),
            ("refresh_token", tokens.refresh.map(Value::from)),
            ("scope", scope),
            ("id_token", tokens.id_token.map(Value::from)),
            ("issued_token_type", tokens.issued_token_type.map(Value::from)),
        ];
        placed(&self.members, &self.fields, members.into_iter().filter_map(|(name, value)| Some((name, value?))))
    }
}

impl ErrorFacts {
    pub(super) fn value(&self, trouble: &Trouble) -> Value {
        let code = self.codes.get(trouble.error).map_or(trouble.error, String::as_str);
        let words = self.words.get(trouble.error).unwrap_or(&trouble.description);
        let members = [("error", json!(code)), ("error_description", json!(words))];
        match &self.list {
            Some(list) => {
                let entry = placed(&toml::Table::new(), &self.fields, members.into_iter());
                placed(&self.members, &BTreeMap::new(), [(list.as_str(), json!([entry]))].into_iter())
            }
            None => placed(&self.members, &self.fields, members.into_iter()),
        }
    }

    pub(super) fn status(&self, trouble: &Trouble) -> StatusCode {
        let code = if trouble.error == "invalid_client" { self.client_status } else { self.status };
        StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
    }
}

/// The constant members, and the others at their places.
fn placed<'a>(constant: &toml::Table, fields: &BTreeMap<String, String>, members: impl Iterator<Item = (&'a str, Value)>) -> Value {
    let mut all = filled(constant, &[]);
    for (name, value) in members {
        let path = fields.get(name).map_or(name, String::as_str);
        if !path.is_empty() {
            set(&mut all, path, value);
        }
    }
    Value::Object(all)
}

fn set(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = object.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

/// A table of the facts as JSON, with `{name}` replaced in its texts.
pub(super) fn filled(table: &toml::Table, replacements: &[(&str, &str)]) -> Map<String, Value> {
    table.iter().map(|(name, value)| (name.clone(), fill(value, replacements))).collect()
}

fn fill(value: &toml::Value, replacements: &[(&str, &str)]) -> Value {
    match value {
        toml::Value::String(text) => {
            let text = replacements.iter().fold(text.clone(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
            Value::String(text)
        }
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(yes) => json!(yes),
        toml::Value::Datetime(date) => json!(date.to_string()),
        toml::Value::Array(values) => values.iter().map(|value| fill(value, replacements)).collect(),
        toml::Value::Table(table) => Value::Object(filled(table, replacements)),
    }
}

/// The value in its format.
pub(super) fn written(facts: &AnswerFacts, forced_form: bool, headers: &HeaderMap, status: StatusCode, value: &Value) -> Response {
    let accept = headers.get(http::header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let form = forced_form
        || match facts.format {
            Format::Json => false,
            Format::Form => true,
            Format::FormUnlessAsked => !accept.contains("application/json"),
        };
    let text = if form {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in value.as_object().into_iter().flatten() {
            match value {
                Value::String(text) => form.append_pair(name, text),
                other => form.append_pair(name, &other.to_string()),
            };
        }
        form.finish()
    } else {
        value.to_string()
    };
    let content_type = facts.content_type.as_deref().and_then(|text| HeaderValue::from_str(text).ok());
    let usual = if form { "application/x-www-form-urlencoded; charset=utf-8" } else { "application/json" };
    let content_type = content_type.unwrap_or(HeaderValue::from_static(usual));
    (status, [(CONTENT_TYPE, content_type), (CACHE_CONTROL, HeaderValue::from_static("no-store"))], text).into_response()
}
