//! Services that people work with: code, pages, messages, customers.

use base64::Engine as _;
use jeton_emulator::generic_service::{Facts, GenericClient};

use super::bundled::{Bundled, stage};
use crate::services::keys::key;
use crate::stage::{CLIENT_ID, CLIENT_SECRET};

#[tokio::test]
async fn github_gives_tokens_that_last() {
    let github = Bundled {
        refreshes: false,
        ..Bundled::new(
            "github",
            &[
                ("POST github.com/login/oauth/access_token", &["accept=application/json", "client_secret", "code", "code_verifier"]),
                ("GET api.github.com/user", &["authorization", "user-agent=Jeton", "x-github-api-version=2022-11-28"]),
                ("DELETE api.github.com/applications/emulated-client/token", &["authorization", "access_token", "!token"]),
            ],
        )
    };
    github.works().await;
}

#[tokio::test]
async fn notion_reads_json_and_wants_a_version() {
    let notion = Bundled {
        refreshes: false,
        ..Bundled::new(
            "notion",
            &[
                ("GET api.notion.com/v1/oauth/authorize", &["owner=user", "response_type=code", "!scope", "!code_challenge"]),
                (
                    "POST api.notion.com/v1/oauth/token",
                    &["content-type=application/json", "authorization", "!client_secret", "!code_verifier"],
                ),
                ("GET api.notion.com/v1/users/me", &["notion-version=2022-06-28"]),
                ("POST api.notion.com/v1/oauth/revoke", &["content-type=application/json", "authorization", "token"]),
            ],
        )
    };
    notion.works().await;
}

#[tokio::test]
async fn slack_puts_a_persons_token_below_them_and_later_on_top() {
    let slack = Bundled {
        connect: &["--scope", "users:read", "--scope", "chat:write"],
        ..Bundled::new(
            "slack",
            &[
                ("GET slack.com/oauth/v2/authorize", &["user_scope=users:read,chat:write", "!scope", "code_challenge"]),
                ("POST slack.com/api/oauth.v2.access", &["grant_type=authorization_code", "code_verifier"]),
                ("POST slack.com/api/oauth.v2.access", &["grant_type=refresh_token", "refresh_token"]),
                ("POST slack.com/api/auth.test", &["authorization"]),
                ("POST slack.com/api/auth.revoke", &["authorization", "!token"]),
            ],
        )
    };
    slack.works().await;
}

#[tokio::test]
async fn slacks_public_clients_need_no_secret() {
    let (stage, name) = stage(Facts::shipped("slack").unwrap().unwrap()).await;
    let client = GenericClient::public(CLIENT_ID).redirect_uri("http://localhost:47800/callback");
    let service = stage.emulator.generic(&name).unwrap();
    service.register_client(client);
    stage.jeton(&["clients", "add", "slack", "--id", CLIENT_ID]).succeeded();
    stage.paste("slack", &["--name", "work-box"]).await.succeeded();
    stage.jeton(&["refresh", "work-box"]).succeeded();
    assert!(service.is_live(&stage.token()));
}

/// Without PKCE, and back to an https address.
#[tokio::test]
async fn slacks_bot_has_scopes_of_its_own_and_a_token_on_top() {
    let mut facts = Facts::shipped("slack").unwrap().unwrap();
    facts.answer.fields.clear();
    facts.answer.token_type = Some("bot".to_owned());
    facts.lifetimes.access = 0;
    facts.refresh.offered = false;
    let (stage, name) = stage(facts).await;
    let bot = Bundled { client: &["--set", "token=bot"], ..Bundled::new("slack", &[]) };
    bot.registered(&stage);
    let arguments =
        ["--name", "work-box", "--scope", "chat:write", "--scope", "users:read", "--redirect-uri", "https://app.example/callback"];
    stage.paste("slack", &arguments).await.succeeded();
    let asked = stage.emulator.journal().entries().into_iter().find(|entry| entry.path == "/oauth/v2/authorize").unwrap();
    let query: Vec<_> = url::form_urlencoded::parse(asked.query.as_deref().unwrap().as_bytes()).into_owned().collect();
    assert!(query.contains(&("scope".to_owned(), "chat:write,users:read".to_owned())), "{query:?}");
    assert!(query.iter().all(|(name, _)| name != "user_scope"), "{query:?}");
    let token = stage.token();
    assert!(stage.emulator.generic(&name).unwrap().is_live(&token));
    assert!(stage.jeton(&["test", "work-box"]).succeeded().stdout.contains("ada@example.com"));
    stage.jeton(&["revoke", "work-box"]).succeeded();
    assert!(!stage.emulator.generic(&name).unwrap().is_live(&token));
    stage.jeton(&["clients", "add", "slack", "--name", "other", "--id", "a", "--set", "token=both"]).failed(2, &["must be one of bot"]);
}

/// An answer with both has the one that is wanted: that of the other stays where it is.
#[tokio::test]
async fn slacks_person_is_taken_where_a_bot_is_there_too() {
    let mut facts = Facts::shipped("slack").unwrap().unwrap();
    facts.answer.members.insert("access_token".to_owned(), "a-bots-token".into());
    facts.answer.members.insert("token_type".to_owned(), "bot".into());
    let (stage, name) = stage(facts).await;
    Bundled::new("slack", &[]).registered(&stage);
    stage.paste("slack", &["--name", "work-box"]).await.succeeded();
    assert!(stage.emulator.generic(&name).unwrap().is_live(&stage.token()));
}

const SALESFORCE: Bundled = Bundled::new(
    "salesforce",
    &[
        ("GET login.salesforce.com/services/oauth2/authorize", &["scope=api refresh_token", "code_challenge"]),
        ("POST login.salesforce.com/services/oauth2/token", &["grant_type=authorization_code", "client_secret", "code_verifier"]),
        ("POST login.salesforce.com/services/oauth2/token", &["grant_type=refresh_token", "client_secret"]),
        ("GET emulated.my.salesforce.com/services/oauth2/userinfo", &["authorization"]),
        ("POST login.salesforce.com/services/oauth2/revoke", &["token", "!client_secret", "!client_id"]),
    ],
);

#[tokio::test]
async fn salesforce_says_where_its_api_is() {
    SALESFORCE.works().await;
}

#[tokio::test]
async fn a_sandbox_of_salesforce_signs_in_elsewhere() {
    let sandbox = Bundled {
        client: &["--set", "host=test.salesforce.com"],
        wanted: &[
            ("GET test.salesforce.com/services/oauth2/authorize", &["scope=api refresh_token"]),
            ("POST test.salesforce.com/services/oauth2/token", &["grant_type=refresh_token"]),
            ("GET emulated.my.salesforce.com/services/oauth2/userinfo", &["authorization"]),
        ],
        ..SALESFORCE
    };
    sandbox.works().await;
}

#[tokio::test]
async fn salesforce_gives_an_app_the_tokens_of_the_user_that_it_runs_as() {
    let (stage, name) = stage(Facts::shipped("salesforce").unwrap().unwrap()).await;
    let add = ["clients", "add", "salesforce", "--id", CLIENT_ID, "--secret-file", "-", "--set", "host=emulated.my.salesforce.com"];
    stage.jeton_with_input(&add, CLIENT_SECRET).succeeded();
    stage.jeton(&["connect", "salesforce", "--name", "work-box", "--client-credentials"]).succeeded();
    assert!(stage.emulator.generic(&name).unwrap().is_live(&stage.token()));
    let asked = stage.emulator.journal().entries().into_iter().find(|entry| entry.path == "/services/oauth2/token").unwrap();
    let names: Vec<_> = asked.form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((asked.host.as_str(), names), ("emulated.my.salesforce.com", vec!["grant_type", "client_id", "client_secret"]));
}

/// What an assertion says.
fn claims(assertion: &str) -> serde_json::Value {
    let text = assertion.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

#[tokio::test]
async fn salesforce_gives_who_has_the_key_the_tokens_of_a_user_that_an_administrator_let_in() {
    for (more, audience) in [
        (&[][..], "https://login.salesforce.com"),
        (&["--set", "host=test.salesforce.com", "--set", "audience=sandbox"], "https://test.salesforce.com"),
        (&["--set", "host=emulated.my.salesforce.com"], "https://login.salesforce.com"),
    ] {
        let (stage, name) = stage(Facts::shipped("salesforce").unwrap().unwrap()).await;
        let service = stage.emulator.generic(&name).unwrap();
        service.register_client(GenericClient::public(CLIENT_ID).public_key(&key().public));
        let file = stage.home.path().join("key.pem");
        std::fs::write(&file, &key().pkcs8).unwrap();
        let secret = format!("private-key={}", file.display());
        stage.jeton(&[&["clients", "add", "salesforce", "--id", CLIENT_ID, "--secret", &secret], more].concat()).succeeded();
        stage.jeton(&["connect", "salesforce", "--jwt", "--subject", "ada@example.com", "--name", "work-box"]).succeeded();
        let before = stage.token();
        assert!(service.is_live(&before));
        assert!(stage.jeton(&["test", "work-box"]).succeeded().stdout.contains("ada@example.com"));
        // There is no refresh token: the key asks again.
        stage.jeton(&["refresh", "work-box"]).succeeded();
        assert!(service.is_live(&stage.token()) && stage.token() != before);
        let asked = stage.emulator.journal().entries().into_iter().find(|entry| entry.path == "/services/oauth2/token").unwrap();
        let names: Vec<_> = asked.form.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["grant_type", "assertion"]);
        let claims = claims(&asked.form[1].1);
        assert_eq!(
            (claims["iss"].as_str(), claims["sub"].as_str(), claims["aud"].as_str()),
            (Some(CLIENT_ID), Some("ada@example.com"), Some(audience))
        );
        assert!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap() <= 180);
        let nobody = ["connect", "salesforce", "--jwt", "--subject", "nobody@example.com", "--name", "other"];
        stage.jeton(&nobody).failed(5, &["user hasn't approved this consumer. An administrator sets Permitted Users"]);
    }
}

#[tokio::test]
async fn salesforces_refusals_of_an_assertion_say_what_is_wrong_with_it() {
    let (stage, name) = stage(Facts::shipped("salesforce").unwrap().unwrap()).await;
    let file = stage.home.path().join("key.pem");
    std::fs::write(&file, &key().pkcs8).unwrap();
    let secret = format!("private-key={}", file.display());
    stage.jeton(&["clients", "add", "salesforce", "--id", CLIENT_ID, "--secret", &secret]).succeeded();
    let connect = ["connect", "salesforce", "--jwt", "--subject", "ada@example.com", "--name", "work-box"];
    // Nobody uploaded the certificate.
    stage.jeton(&connect).failed(3, &["invalid assertion. Upload the certificate"]);
    let service = stage.emulator.generic(&name).unwrap();
    service.register_client(GenericClient::public(CLIENT_ID).public_key(&key().public));
    stage.jeton(&connect).succeeded();
    stage.jeton(&["clients", "add", "salesforce", "--name", "two", "--id", "unknown", "--secret", &secret]).succeeded();
    let two = [&connect[..], &["--client", "two", "--replace"]].concat();
    stage.jeton(&two).failed(5, &["Compare Consumer Key and Secret"]);
}

#[tokio::test]
async fn atlassian_is_told_the_audience_and_asked_for_offline_access() {
    let atlassian = Bundled {
        revokes: false,
        ..Bundled::new(
            "atlassian",
            &[
                (
                    "GET auth.atlassian.com/authorize",
                    &["audience=api.atlassian.com", "prompt=consent", "scope=read:me offline_access", "response_type=code"],
                ),
                (
                    "POST auth.atlassian.com/oauth/token",
                    &["content-type=application/json", "grant_type=authorization_code", "client_secret"],
                ),
                ("POST auth.atlassian.com/oauth/token", &["content-type=application/json", "grant_type=refresh_token", "client_secret"]),
                ("GET api.atlassian.com/me", &["authorization"]),
            ],
        )
    };
    atlassian.works().await;
}

#[tokio::test]
async fn asana_keeps_its_refresh_tokens_and_has_them_revoked() {
    let asana = Bundled::new(
        "asana",
        &[
            ("GET app.asana.com/-/oauth_authorize", &["scope=users:read", "code_challenge"]),
            ("POST app.asana.com/-/oauth_token", &["grant_type=authorization_code", "client_secret", "code_verifier"]),
            ("POST app.asana.com/-/oauth_token", &["grant_type=refresh_token", "client_secret"]),
            ("GET app.asana.com/api/1.0/users/me", &["authorization"]),
            ("POST app.asana.com/-/oauth_revoke", &["client_id", "client_secret", "token"]),
        ],
    );
    asana.works().await;
}

#[tokio::test]
async fn zoom_revokes_access_tokens_and_says_that_it_did() {
    let zoom = Bundled::new(
        "zoom",
        &[
            ("GET zoom.us/oauth/authorize", &["response_type=code", "!scope", "code_challenge_method=S256"]),
            ("POST zoom.us/oauth/token", &["grant_type=authorization_code", "authorization", "code_verifier", "!client_secret"]),
            ("POST zoom.us/oauth/token", &["grant_type=refresh_token", "authorization"]),
            ("GET api.zoom.us/v2/users/me", &["authorization"]),
            ("POST zoom.us/oauth/revoke", &["token", "authorization"]),
        ],
    );
    zoom.works().await;
}

#[tokio::test]
async fn hubspots_tokens_belong_to_an_account() {
    let hubspot = Bundled {
        connect: &["--scope", "crm.objects.contacts.read"],
        person: Some("1000000001"),
        ..Bundled::new(
            "hubspot",
            &[
                ("GET app.hubspot.com/oauth/authorize", &["scope=crm.objects.contacts.read oauth", "code_challenge"]),
                ("POST api.hubapi.com/oauth/2026-03/token", &["grant_type=authorization_code", "client_secret", "code_verifier"]),
                ("POST api.hubapi.com/oauth/2026-03/token", &["grant_type=refresh_token", "client_secret"]),
                ("GET api.hubapi.com/account-info/v3/details", &["authorization"]),
                ("POST api.hubapi.com/oauth/2026-03/token/revoke", &["token", "token_type_hint=refresh_token", "client_secret"]),
            ],
        )
    };
    hubspot.works().await;
}

#[tokio::test]
async fn a_refresh_token_that_hubspot_no_longer_knows_needs_a_new_sign_in() {
    let hubspot = Bundled::new("hubspot", &[]);
    let (stage, name) = stage(Facts::shipped("hubspot").unwrap().unwrap()).await;
    hubspot.registered(&stage);
    stage.paste("hubspot", &["--name", "work-box"]).await.succeeded();
    stage.jeton(&["refresh", "work-box"]).succeeded();
    let sent = stage.emulator.journal().entries().into_iter().flat_map(|entry| entry.form).find(|(name, _)| name == "refresh_token");
    let revoked = [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("token", &*sent.unwrap().1)];
    stage.emulator.client().post("https://api.hubapi.com/oauth/2026-03/token/revoke", &revoked).await.unwrap();
    assert!(!stage.emulator.generic(&name).unwrap().is_live(&stage.token()));
    stage.jeton(&["refresh", "work-box"]).failed(3, &["needs a new sign-in", "BAD_REFRESH_TOKEN"]);
}

#[tokio::test]
async fn linear_says_who_a_person_is_in_graphql() {
    let linear = Bundled {
        connect: &["--scope", "read", "--scope", "issues:create"],
        ..Bundled::new(
            "linear",
            &[
                ("GET linear.app/oauth/authorize", &["scope=read,issues:create", "code_challenge"]),
                ("POST api.linear.app/oauth/token", &["grant_type=authorization_code", "client_secret", "code_verifier"]),
                ("POST api.linear.app/oauth/token", &["grant_type=refresh_token", "client_secret"]),
                ("POST api.linear.app/graphql", &["content-type=application/json", "query={ viewer { id name email } }", "authorization"]),
                ("POST api.linear.app/oauth/revoke", &["token", "token_type_hint=refresh_token"]),
            ],
        )
    };
    linear.works().await;
}

#[tokio::test]
async fn todoist_revokes_in_json() {
    let todoist = Bundled::new(
        "todoist",
        &[
            ("GET app.todoist.com/oauth/authorize", &["scope=data:read", "!code_challenge"]),
            ("POST api.todoist.com/oauth/access_token", &["grant_type=authorization_code", "client_secret"]),
            ("POST api.todoist.com/oauth/access_token", &["grant_type=refresh_token", "client_secret"]),
            ("GET api.todoist.com/api/v1/user", &["authorization"]),
            (
                "POST api.todoist.com/api/v1/revoke",
                &["content-type=application/json", "authorization", "token", "token_type_hint=access_token", "!client_secret"],
            ),
        ],
    );
    todoist.works().await;
}
