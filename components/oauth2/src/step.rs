//! One request of the protocol: the standard's fields, then what the manifest adds, leaves out and calls by other names.

use std::rc::Rc;

use jeton_provider::*;

use crate::answer;
use crate::authentication::{self, Shown};
use crate::dpop;
use crate::knobs::{choice, fill, is, keep};

/// What stands in a field.
#[derive(Clone)]
pub enum Part<'a> {
    Text(String),
    Secret(&'a Secret),
    /// Signed for one request, and for the next one anew.
    Asserted(Rc<dyn Fn() -> Result<Secret> + 'a>),
}

/// A request that is being put together. Its name is that of its table in `[protocol]`.
#[derive(Clone)]
#[must_use]
pub struct Step<'a> {
    name: &'static str,
    fields: Vec<(&'static str, Part<'a>)>,
    subject: Option<String>,
    options: Extras,
}

impl<'a> Step<'a> {
    pub fn new(name: &'static str) -> Self {
        Self { name, fields: vec![], subject: None, options: vec![] }
    }

    pub fn text(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, Part::Text(value.into())));
        self
    }

    pub fn given(self, name: &'static str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub fn secret(mut self, name: &'static str, value: &'a Secret) -> Self {
        self.fields.push((name, Part::Secret(value)));
        self
    }

    /// For the rest of the call, after which all memory is given back.
    pub fn made(self, name: &'static str, value: Secret) -> Self {
        self.secret(name, Box::leak(Box::new(value)))
    }

    pub fn asserted(mut self, name: &'static str, make: impl Fn() -> Result<Secret> + 'a) -> Self {
        self.fields.push((name, Part::Asserted(Rc::new(make))));
        self
    }

    /// Without a second field of this name.
    pub fn single(mut self, single: &str) -> Self {
        let mut there = false;
        self.fields.retain(|(name, _)| *name != single || !std::mem::replace(&mut there, true));
        self
    }

    /// RFC 8707.
    pub fn resources(self) -> Self {
        manifest::texts("resources").into_iter().fold(self, |step, resource| step.text("resource", resource))
    }

    /// With what the person asked for besides scopes.
    pub fn for_grant(self, grant: &Grant<'_>) -> Self {
        Self { subject: grant.subject.clone(), options: grant.options.clone(), ..self }
    }

    /// Asks for tokens.
    pub fn tokens(self, endpoint: &'static str, client: &Client) -> Result<Tokens> {
        let answer = self.ask(endpoint, client)?;
        answer::tokens(&answer).map_err(dpop::advised)
    }

    /// Asks an endpoint of the authorization server, as this client.
    pub fn ask(self, endpoint: &'static str, client: &Client) -> Result<Response> {
        self.send(endpoint, client, "request", &authentication::of(client))
    }

    /// Pushes an authorization request (RFC 9126).
    pub fn push(self, client: &Client) -> Result<Response> {
        let answer = self.send("par", client, "authorize", &authentication::of(client))?;
        if answer::succeeded(&answer, "answer.success") { Ok(answer) } else { Err(answer::error(&answer)) }
    }

    /// Asks what a token is (RFC 7662).
    pub fn introspect(self, client: &Client) -> Result<Response> {
        let endpoint = keep(choice("identify.endpoint", "introspect"));
        let answer = self.send(endpoint, client, "identify", &authentication::of(client))?;
        if answer::succeeded(&answer, "answer.success") { Ok(answer) } else { Err(answer::error(&answer)) }
    }

    /// Sends it in the manner of a table.
    fn send(self, endpoint: &'static str, client: &Client, manner: &str, authentication: &str) -> Result<Response> {
        let method = if is(&concat(&[manner, ".method"]), "get") { Method::Get } else { Method::Post };
        self.send_to((method, endpoint, None), client, manner, authentication)
    }

    /// The same by this method, below this path.
    pub fn send_to(
        self,
        (method, endpoint, path): (Method, &'static str, Option<&'static str>),
        client: &Client,
        manner: &str,
        authentication: &str,
    ) -> Result<Response> {
        let request = || self.clone().request((method, endpoint, path), client, manner, authentication);
        // Tokens are asked for with a proof (RFC 9449, 5 and 10.1). To revoke and to inspect them the client shows who it is, and that is all.
        if matches!(endpoint, "token" | "refresh" | "par") { dpop::send(client, endpoint, None, &request) } else { request()?.send() }
    }

    fn request(
        self,
        (method, endpoint, path): (Method, &'static str, Option<&'static str>),
        client: &Client,
        manner: &str,
        authentication: &str,
    ) -> Result<Request<'a>> {
        let (step, shown) = authentication::show(self, authentication, client)?;
        let get = method == Method::Get;
        let body = choice(&concat(&[manner, ".body"]), "form");
        let mut request = Request::new(method, endpoint).header("accept", "application/json");
        if let Some(path) = path {
            request = request.path(path);
        }
        for (name, value) in manifest::pairs(&concat(&[manner, ".headers"])) {
            if let Some(value) = fill(&value, client, step.subject.as_deref()) {
                request = request.header(keep(name), value);
            }
        }
        if let Shown::InHeader = shown {
            request = request.client_in_header(client);
        }
        for (name, part) in step.shaped(client, manner) {
            request = match part {
                Part::Text(text) if get || body == "query" => request.query(name, text),
                Part::Text(text) => request.form(name, text),
                Part::Secret(secret) => request.secret(name, secret),
                Part::Asserted(make) => request.made(name, make()?),
            };
        }
        Ok(if body == "json" { request.as_json() } else { request })
    }

    /// Its texts, for an address.
    pub fn texts(self, client: &Client) -> Extras {
        let text = |(name, part): (&str, Part<'_>)| match part {
            Part::Text(text) => Some((name.to_owned(), text)),
            Part::Secret(_) | Part::Asserted(_) => None,
        };
        self.shaped(client, "authorize").into_iter().filter_map(text).collect()
    }

    /// As the service wants them: what all requests have comes from `manner`, what this one has from its own table.
    pub fn shaped(mut self, client: &Client, manner: &str) -> Vec<(&'static str, Part<'a>)> {
        let own = if manner == self.name { vec![manner] } else { vec![manner, self.name] };
        for table in &own {
            for (name, value) in manifest::pairs(&concat(&[table, ".parameters"])) {
                // One that a placeholder leaves empty, too.
                let filled = fill(&value, client, self.subject.as_deref()).filter(|filled| !filled.is_empty() || value.is_empty());
                if let Some(filled) = filled {
                    self.set(keep(name), filled);
                }
            }
            for name in manifest::texts(&concat(&[table, ".options"])) {
                let chosen = self.options.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
                if let Some(value) = chosen {
                    self.set(keep(name), value);
                }
            }
            let dropped = manifest::texts(&concat(&[table, ".drop"]));
            self.fields.retain(|(name, _)| !dropped.iter().any(|dropped| dropped == name));
        }
        for table in own.iter().rev() {
            let renames = manifest::pairs(&concat(&[table, ".rename"]));
            for (name, _) in &mut self.fields {
                if let Some(other) = renames.iter().find(|(standard, _)| standard == name).and_then(|(_, other)| fill(other, client, None))
                {
                    *name = keep(other);
                }
            }
        }
        self.fields
    }

    /// In the place of a standard parameter of that name, if there is one.
    fn set(&mut self, name: &'static str, value: String) {
        match self.fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, part)) => *part = Part::Text(value),
            None => self.fields.push((name, Part::Text(value))),
        }
    }
}
