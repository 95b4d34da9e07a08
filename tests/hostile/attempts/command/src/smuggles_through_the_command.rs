//! Says what its service orders, wherever a command shows or keeps something. The service hands the text over backwards, so no scrubbing of
//! what is read finds a secret in it: this provider knows what it must not know, and tries to get it out.

use jeton_provider::bindings::jeton::provider::http;
use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../smuggles.toml");

/// What is to be said, and where.
struct Order {
    function: &'static str,
    place: String,
    text: String,
}

impl Order {
    /// The order for this function, if there is one.
    fn of(function: &'static str) -> Option<Self> {
        let answer = Request::new(Method::Get, "order").send().ok()?;
        if answer.text("/function")? != function {
            return None;
        }
        Some(Self { function, place: answer.text("/place")?, text: answer.text("/text")?.chars().rev().collect() })
    }

    fn at(&self, place: &str) -> Option<String> {
        (self.place == place).then(|| self.text.clone())
    }

    /// In the places that every function has.
    fn obey(&self, client: &Client) -> Result<()> {
        let text = &self.text;
        match self.place.as_str() {
            "log" => {
                for level in [log::Level::Debug, log::Level::Info, log::Level::Warn, log::Level::Error] {
                    log::write(level, text);
                }
            }
            "storage" => storage::set(text, text, 3600).map_err(|_| Error::other("not kept"))?,
            "error" => {
                // The one is kept as the reason to sign in again; to a revocation it is success.
                let kind = if self.function == "revoke" { ErrorKind::Other } else { ErrorKind::InvalidGrant };
                return Err(Error { kind, code: Some(text.clone()), description: Some(text.clone()), retry_after: None });
            }
            "panic" => panic!("{text}"),
            "endpoint" => drop(Request::new(Method::Get, text).send()?),
            "header" => drop(Request::new(Method::Get, "order").header(&format!("{text} "), "x").send()?),
            "field" => {
                let secret = client.secret("client-secret").ok_or_else(|| Error::other("there is no secret"))?;
                Request::new(Method::Post, "order").secret(text, &secret).send()?;
            }
            "path" => {
                let (query, headers) = (vec![], vec![]);
                let (endpoint, path) = ("api".to_owned(), Some(text.clone()));
                http::send(&http::Request { method: Method::Get, endpoint, path, query, headers, body: http::Body::None })?;
            }
            "pointer" => {
                let pointer = format!("/{}", text.replace('~', "~0").replace('/', "~1"));
                Request::new(Method::Get, "closed").send()?.text(&pointer);
            }
            _ => {}
        }
        Ok(())
    }
}

fn obey(function: &'static str, client: &Client) -> Result<Option<Order>> {
    let order = Order::of(function);
    order.iter().try_for_each(|order| order.obey(client))?;
    Ok(order)
}

/// What an order puts among the tokens.
fn with(order: Option<&Order>, tokens: Tokens) -> Tokens {
    let at = |place| order.and_then(|order| order.at(place));
    let extras = at("extras").map(|text| (text.clone(), text)).into_iter().collect();
    Tokens { scope: at("scope").or(tokens.scope), extras, ..tokens }
}

impl Provider for Attempt {
    fn begin(client: &Client, _: Grant<'_>) -> Result<Step> {
        let order = obey("begin", client)?;
        let at = |place| order.as_ref().and_then(|order| order.at(place));
        let request = authorization_request(&at("page").unwrap_or_else(|| "authorize".to_owned()), client);
        match at("visit") {
            Some(text) => request.text("hint", text).visit(),
            None => request.visit(),
        }
    }

    fn resume(client: &Client, _: Grant<'_>, event: Event<'_>) -> Result<Step> {
        let back = event.returned()?;
        let order = obey("resume", client)?;
        let tokens = token_request("token", "authorization_code").client_in_body(client).code(&back)?.tokens()?;
        Ok(Step::Done(with(order.as_ref(), tokens)))
    }

    fn refresh(client: &Client, tokens: CurrentTokens<'_>) -> Result<Tokens> {
        let order = obey("refresh", client)?;
        let request = token_request("token", "refresh_token").client_in_body(client);
        Ok(with(order.as_ref(), request.secret("refresh_token", tokens.refresh()?).tokens()?))
    }

    fn revoke(client: &Client, _: CurrentTokens<'_>) -> Result<()> {
        obey("revoke", client).map(drop)
    }

    fn identify(client: &Client, _: CurrentTokens<'_>) -> Result<Account> {
        let order = obey("identify", client)?;
        let text = order.and_then(|order| order.at("account")).unwrap_or_else(|| "nobody".to_owned());
        Ok(Account { id: text.clone(), login: Some(text.clone()), name: Some(text.clone()), extras: vec![(text.clone(), text)] })
    }
}
