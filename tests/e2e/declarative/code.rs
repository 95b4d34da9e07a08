//! Services that keep source code and run what is made of it.

use jeton_runtime::Manifest;

use super::bundled::Bundled;

const GITLAB: Bundled = Bundled::new(
    "gitlab",
    &[
        ("GET gitlab.com/oauth/authorize", &["scope=read_user", "code_challenge_method=S256"]),
        ("POST gitlab.com/oauth/token", &["grant_type=authorization_code", "client_secret", "code_verifier", "!authorization"]),
        ("POST gitlab.com/oauth/token", &["grant_type=refresh_token", "refresh_token", "client_secret"]),
        ("GET gitlab.com/api/v4/user", &["authorization"]),
        ("POST gitlab.com/oauth/revoke", &["token", "client_id", "client_secret"]),
    ],
);

#[tokio::test]
async fn gitlab_com_replaces_refresh_tokens() {
    GITLAB.works().await;
}

#[tokio::test]
async fn a_gitlab_of_ones_own_is_asked_at_its_own_host() {
    let own = Bundled {
        client: &["--set", "host=gitlab.example.com"],
        wanted: &[
            ("GET gitlab.example.com/oauth/authorize", &["scope=read_user"]),
            ("POST gitlab.example.com/oauth/token", &["grant_type=authorization_code"]),
            ("POST gitlab.example.com/oauth/token", &["grant_type=refresh_token"]),
            ("GET gitlab.example.com/api/v4/user", &["authorization"]),
            ("POST gitlab.example.com/oauth/revoke", &["token"]),
        ],
        ..GITLAB
    };
    let stage = own.works().await;
    assert_eq!(stage.emulator.journal().count(|entry| entry.host == "gitlab.com"), 0);
}

#[tokio::test]
async fn gitlab_is_signed_in_to_on_another_device() {
    let device = Bundled {
        wanted: &[
            ("POST gitlab.com/oauth/authorize_device", &["scope=read_user", "client_id"]),
            ("POST gitlab.com/oauth/token", &["grant_type=urn:ietf:params:oauth:grant-type:device_code", "device_code", "client_id"]),
        ],
        ..GITLAB
    };
    device.works_by_device().await;
}

/// What stands in a URL's host decides who gets the client's secret.
#[test]
fn a_server_is_a_host_name_and_nothing_more() {
    let gitlab = Manifest::parse(jeton_bundle::manifest("gitlab").unwrap()).unwrap();
    let salesforce = Manifest::parse(jeton_bundle::manifest("salesforce").unwrap()).unwrap();
    let host = |manifest: &Manifest, text: &str| manifest.settings.get("host").unwrap().pattern.is_match(text);
    for taken in ["gitlab.com", "gitlab.example.com", "git.intern", "a.b-c.d.example", "gitlab.xn--p1ai"] {
        assert!(host(&gitlab, taken), "{taken}");
    }
    for refused in
        ["", "gitlab", "gitlab.com/x", "gitlab.com:8443", "a@gitlab.com", "gitlab.com?x", ".gitlab.com", "gitlab.com.", "10.0.0.1"]
    {
        assert!(!host(&gitlab, refused), "{refused}");
    }
    for taken in ["login.salesforce.com", "test.salesforce.com", "acme.my.salesforce.com", "acme--uat.sandbox.my.salesforce.com"] {
        assert!(host(&salesforce, taken), "{taken}");
    }
    for refused in
        ["salesforce.com.example", "acme.my.salesforce.com.example", "evil.example", "x.evil.salesforce.com", "my.salesforce.com"]
    {
        assert!(!host(&salesforce, refused), "{refused}");
    }
    let instance = |url: &str| salesforce.extras.get("instance").unwrap().accept(url).map(str::to_owned);
    for (url, taken) in [
        ("https://acme.my.salesforce.com", Some("acme.my")),
        ("https://acme--uat.sandbox.my.salesforce.com", Some("acme--uat.sandbox.my")),
        ("https://na1.salesforce.com", Some("na1")),
        ("http://acme.my.salesforce.com", None),
        ("https://salesforce.com.evil.example", None),
        ("https://evil.example/.salesforce.com", None),
        ("https://evil.example#.salesforce.com", None),
    ] {
        assert_eq!(instance(url).as_deref(), taken, "{url}");
    }
}

#[tokio::test]
async fn bitbucket_has_the_scopes_of_its_consumer() {
    let bitbucket = Bundled {
        person: Some("Ada Emulated"),
        revokes: false,
        ..Bundled::new(
            "bitbucket",
            &[
                ("GET bitbucket.org/site/oauth2/authorize", &["response_type=code", "!scope", "!code_challenge"]),
                ("POST bitbucket.org/site/oauth2/access_token", &["grant_type=authorization_code", "authorization", "!client_secret"]),
                ("POST bitbucket.org/site/oauth2/access_token", &["grant_type=refresh_token", "authorization"]),
                ("GET api.bitbucket.org/2.0/user", &["authorization"]),
            ],
        )
    };
    bitbucket.works().await;
}

#[tokio::test]
async fn digitalocean_is_shown_the_token_that_it_is_to_revoke_twice() {
    let digitalocean = Bundled::new(
        "digitalocean",
        &[
            ("GET cloud.digitalocean.com/v1/oauth/authorize", &["scope=read", "code_challenge"]),
            ("POST cloud.digitalocean.com/v1/oauth/token", &["grant_type=authorization_code", "client_secret", "code_verifier"]),
            ("POST cloud.digitalocean.com/v1/oauth/token", &["grant_type=refresh_token", "client_secret"]),
            ("GET api.digitalocean.com/v2/account", &["authorization"]),
            ("POST cloud.digitalocean.com/v1/oauth/revoke", &["authorization", "token", "!client_secret"]),
        ],
    );
    digitalocean.works().await;
}
