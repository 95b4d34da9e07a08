//! What a `provider.toml` may say, and what its author is told about one that says something else.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod accepted;
mod bounds;
mod client;
mod hostile;
mod mistakes;
mod protocol;
mod report;

/// A manifest in which every kind of table occurs. The tests of mistakes change a line of it.
const ACME: &str = r#"id = "acme"
name = "Acme"
version = "1.0.0"
contract = "0.1"
summary = "Anvils and rockets"
documentation = "https://docs.acme.com/oauth"
grants = ["authorization-code"]

[settings.tenant]
name = "Tenant"
pattern = "[a-z]+"
default = "main"

[secrets.client-secret]
name = "Client Secret"
required = true

[secrets.app-key]
name = "App Key"

[signs]
app-key = ["RS256"]

[endpoints.authorize]
url = "https://acme.com/authorize"
browser = true

[endpoints.token]
url = "https://{tenant}.acme.com/token"
accepts = ["client-secret", "code"]
captures = { access-token = "/access_token" }
reveals = ["/team/id"]
headers = ["X-Own"]

[callback]
redirect = "http://localhost/back"
port = 4000
reveals = ["realm"]

[lifetimes]
code = 30
refresh-token = 3600
rotation = "single-use"

[[scopes]]
id = "read"
name = "Read"

[guide]
text = "Enter {redirect_uri}."
"#;
