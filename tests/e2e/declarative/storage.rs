//! Services that keep files.

use std::net::TcpListener;

use jeton_emulator::Decision;
use jeton_emulator::generic_service::{Facts, GenericClient};
use url::Url;

use super::bundled::{Bundled, stage};
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Connecting, Stage, browse};

const PCLOUD: Bundled = Bundled {
    connect: &["--paste"],
    refreshes: false,
    revokes: false,
    ..Bundled::new(
        "pcloud",
        &[
            ("GET my.pcloud.com/oauth2/authorize", &["response_type=code", "client_id", "!redirect_uri", "!scope", "!code_challenge"]),
            ("POST api.pcloud.com/oauth2_token", &["client_id", "client_secret", "code", "!redirect_uri", "!authorization"]),
            ("GET api.pcloud.com/userinfo", &["authorization"]),
        ],
    )
};

const PREMIUMIZE: Bundled = Bundled {
    person: Some("1000000001"),
    revokes: false,
    ..Bundled::new(
        "premiumizeme",
        &[
            ("GET www.premiumize.me/authorize", &["response_type=code", "state", "code_challenge", "code_challenge_method=S256"]),
            ("POST www.premiumize.me/token", &["grant_type=authorization_code", "code", "redirect_uri", "code_verifier", "client_id"]),
            ("GET www.premiumize.me/api/account/info", &["authorization"]),
        ],
    )
};

const YANDEX: Bundled = Bundled::new(
    "yandex",
    &[
        ("GET oauth.yandex.com/authorize", &["response_type=code", "code_challenge_method=S256", "!scope", "!device_id"]),
        ("POST oauth.yandex.com/token", &["grant_type=authorization_code", "code_verifier", "client_id", "client_secret"]),
        ("POST oauth.yandex.com/token", &["grant_type=refresh_token", "refresh_token", "client_secret"]),
        ("POST oauth.yandex.com/revoke_token", &["access_token", "client_id", "client_secret", "!token"]),
        ("GET login.yandex.ru/info", &["?format=json", "authorization"]),
    ],
);

#[tokio::test]
async fn hidrive_separates_scopes_by_commas_and_comes_back_to_localhost() {
    let hidrive = Bundled {
        connect: &["--port", "47800", "--scope", "user,rw"],
        revokes: false,
        ..Bundled::new(
            "hidrive",
            &[
                ("GET my.hidrive.com/client/authorize", &["scope=user,rw", "redirect_uri=http://localhost:47800/", "!code_challenge"]),
                ("POST my.hidrive.com/oauth2/token", &["grant_type=authorization_code", "client_id", "client_secret", "!authorization"]),
                ("POST my.hidrive.com/oauth2/token", &["grant_type=refresh_token", "client_id", "client_secret", "refresh_token"]),
                ("GET api.hidrive.strato.com/2.1/user/me", &["?fields=account,alias,email", "authorization"]),
            ],
        )
    };
    hidrive.works().await;
}

#[tokio::test]
async fn hidrive_shows_a_code_to_a_client_without_a_page_to_come_back_to() {
    let hidrive = Bundled {
        connect: &["--paste"],
        revokes: false,
        ..Bundled::new("hidrive", &[("POST my.hidrive.com/oauth2/token", &["grant_type=authorization_code", "code", "!redirect_uri"])])
    };
    hidrive.works().await;
}

#[tokio::test]
async fn huawei_drive_gives_a_refresh_token_to_who_asks_for_offline_access() {
    let huawei = Bundled {
        person: Some("Ada Emulated"),
        ..Bundled::new(
            "huaweidrive",
            &[
                (
                    "GET oauth-login.cloud.huawei.com/oauth2/v3/authorize",
                    &["access_type=offline", "scope=openid profile https://www.huawei.com/auth/drive", "!code_challenge"],
                ),
                (
                    "POST oauth-login.cloud.huawei.com/oauth2/v3/token",
                    &["grant_type=authorization_code", "client_secret", "!authorization"],
                ),
                ("POST oauth-login.cloud.huawei.com/oauth2/v3/token", &["grant_type=refresh_token", "client_secret"]),
                ("POST oauth-login.cloud.huawei.com/oauth2/v3/revoke", &["token", "!client_id", "!client_secret"]),
                ("GET driveapis.cloud.huawei.com.cn/drive/v1/about", &["?fields=*", "authorization"]),
            ],
        )
    };
    huawei.works().await;
}

/// Its main code is the same for nearly everything.
#[tokio::test]
async fn huawei_drives_second_error_code_tells_a_wrong_secret_from_a_code_that_is_over() {
    let (stage, _) = stage(Facts::shipped("huaweidrive").unwrap().unwrap()).await;
    stage.jeton_with_input(&["clients", "add", "huaweidrive", "--id", CLIENT_ID, "--secret-file", "-"], "wrong").succeeded();
    let refused = stage.paste("huaweidrive", &["--name", "work-box"]).await;
    assert!(refused.stderr.contains("doesn't accept the client registration") && refused.stderr.contains("12304"), "{refused:?}");
}

#[tokio::test]
async fn pcloud_shows_a_code_and_its_tokens_have_no_end() {
    PCLOUD.works().await;
}

/// `jeton connect pcloud` with a browser, and where that is sent in the end.
async fn pcloud_by_browser(change: impl Fn(&mut Facts)) -> (Stage, Connecting, Url) {
    let mut facts = Facts::shipped("pcloud").unwrap().unwrap();
    change(&mut facts);
    let (stage, name) = stage(facts).await;
    PCLOUD.registered(&stage);
    // Several tests at once can't have the port that the manifest names.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = GenericClient::new(CLIENT_ID, CLIENT_SECRET).redirect_uri(&format!("http://localhost:{port}/callback"));
    stage.emulator.generic(&name).unwrap().register_client(client);
    let connecting = stage.begin_connect_to("pcloud", &["--name", "work-box", "--port", &port.to_string()]);
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    (stage, connecting, back)
}

#[tokio::test]
async fn pclouds_browser_brings_the_host_that_the_account_lives_at() {
    let european = |facts: &mut Facts| {
        facts.authorize.callback.insert("hostname".to_owned(), "eapi.pcloud.com".to_owned());
    };
    let (stage, connecting, back) = pcloud_by_browser(european).await;
    browse(&back);
    connecting.finish().succeeded();
    stage.jeton(&["test", "work-box"]).succeeded();
    assert_eq!(hosts(&stage, "/oauth2_token"), ["eapi.pcloud.com"]);
    assert_eq!(hosts(&stage, "/userinfo").last().map(String::as_str), Some("eapi.pcloud.com"));
}

#[tokio::test]
async fn a_host_that_isnt_pclouds_gets_nothing() {
    let elsewhere = |facts: &mut Facts| {
        facts.authorize.callback.insert("hostname".to_owned(), "pcloud.example".to_owned());
    };
    let (stage, connecting, back) = pcloud_by_browser(elsewhere).await;
    browse(&back);
    let refused = connecting.finish();
    assert!(refused.code != 0 && refused.stderr.contains("must be one of api.pcloud.com, eapi.pcloud.com"), "{refused:?}");
    assert!(hosts(&stage, "/oauth2_token").is_empty());
}

#[tokio::test]
async fn pclouds_browser_comes_back_without_a_state_and_whose_account_it_brings_is_told() {
    let (stage, connecting, back) = pcloud_by_browser(|_| {}).await;
    assert!(back.query_pairs().all(|(name, _)| name != "state"));
    // One of another sign-in, and an answer that says nothing.
    let (mut wrong, mut nothing) = (back.clone(), back.clone());
    wrong.query_pairs_mut().append_pair("state", "of-another-sign-in");
    nothing.set_query(None);
    for address in [&wrong, &nothing] {
        assert!(browse(address).starts_with("HTTP/1.1 400"), "{address}");
    }
    assert!(hosts(&stage, "/oauth2_token").is_empty());
    assert!(browse(&back).contains("pCloud is connected"));
    let ran = connecting.finish().succeeded();
    for words in ["pCloud doesn't say which sign-in its answer belongs to", "Signed in as ada@example.com.", "jeton remove work-box"] {
        assert!(ran.stderr.contains(words), "{words:?} is not in:\n{}", ran.stderr);
    }
    assert!(stage.jeton(&["providers", "show", "pcloud"]).succeeded().stdout.contains("can't be tied to your sign-in (no state)"));
}

/// A connection whose access token is over, at a service that answers everything with status 200.
async fn expired(bundled: &Bundled) -> (Stage, String) {
    let (stage, name) = stage(Facts::shipped(bundled.id).unwrap().unwrap()).await;
    bundled.registered(&stage);
    bundled.connected(&stage).await;
    let token = stage.token();
    assert_eq!(stage.emulator.generic(&name).unwrap().expire_access_tokens(), 1);
    (stage, token)
}

#[tokio::test]
async fn a_token_that_pcloud_doesnt_take_needs_a_new_sign_in() {
    let (stage, _) = expired(&PCLOUD).await;
    let tested = stage.jeton(&["test", "work-box"]);
    let says = "the service no longer accepts this sign-in: Invalid 'access_token' provided. (2094)";
    assert!(tested.code == 3 && tested.stderr.contains(says), "{tested:?}");
}

#[tokio::test]
async fn a_token_that_premiumize_doesnt_take_is_refreshed() {
    let (stage, before) = expired(&PREMIUMIZE).await;
    stage.jeton(&["test", "work-box"]).succeeded();
    assert_ne!(stage.token(), before);
}

/// Where requests to a path went.
fn hosts(stage: &Stage, path: &str) -> Vec<String> {
    stage.emulator.journal().entries().into_iter().filter(|entry| entry.path == path).map(|entry| entry.host).collect()
}

#[tokio::test]
async fn premiumize_takes_pkce() {
    PREMIUMIZE.works().await;
}

/// The codes come from the token endpoint, and a poll looks like the exchange of a code.
#[tokio::test]
async fn premiumize_has_a_device_flow_in_words_of_its_own() {
    let device = Bundled {
        wanted: &[
            ("POST www.premiumize.me/token", &["response_type=device_code", "client_id", "!grant_type", "!scope"]),
            ("POST www.premiumize.me/token", &["grant_type=device_code", "code", "client_id", "!device_code"]),
        ],
        ..PREMIUMIZE
    };
    device.works_by_device().await;
}

#[tokio::test]
async fn putio_gives_tokens_that_last_and_ends_the_one_that_signs() {
    let putio = Bundled {
        refreshes: false,
        ..Bundled::new(
            "putio",
            &[
                ("GET api.put.io/v2/oauth2/authenticate", &["response_type=code", "redirect_uri", "!scope", "!code_challenge"]),
                (
                    "POST api.put.io/v2/oauth2/access_token",
                    &["grant_type=authorization_code", "client_id", "client_secret", "redirect_uri"],
                ),
                ("GET api.put.io/v2/account/info", &["authorization"]),
                ("POST api.put.io/v2/oauth/grants/logout", &["authorization", "!token", "!client_secret"]),
            ],
        )
    };
    putio.works().await;
}

#[tokio::test]
async fn sharefile_comes_back_to_an_https_address_with_the_account_that_makes_its_hosts() {
    let sharefile = Bundled {
        connect: &["--paste", "--redirect-uri", "https://app.example/callback"],
        revokes: false,
        ..Bundled::new(
            "sharefile",
            &[
                ("GET secure.sharefile.com/oauth/authorize", &["redirect_uri=https://app.example/callback", "state", "!scope"]),
                ("POST emulated.sharefile.com/oauth/token", &["grant_type=authorization_code", "client_id", "client_secret"]),
                ("POST emulated.sharefile.com/oauth/token", &["grant_type=refresh_token", "client_secret"]),
                ("GET emulated.sharefile.com/sf/v3/Users", &["authorization"]),
            ],
        )
    };
    sharefile.works().await;
}

#[tokio::test]
async fn yandex_wants_its_own_scheme_and_a_token_under_its_own_name() {
    YANDEX.works().await;
}

#[tokio::test]
async fn yandex_has_a_device_flow_that_is_older_than_the_standard() {
    let device = Bundled {
        wanted: &[
            ("POST oauth.yandex.com/device/code", &["client_id", "!grant_type"]),
            ("POST oauth.yandex.com/token", &["grant_type=device_code", "code", "client_id", "client_secret", "!device_code"]),
        ],
        ..YANDEX
    };
    device.works_by_device().await;
}

#[tokio::test]
async fn yandex_is_told_the_device_where_a_person_names_it() {
    let named = Bundled {
        connect: &["--option", "device_id=jeton-at-home", "--option", "device_name=Jeton"],
        wanted: &[("GET oauth.yandex.com/authorize", &["device_id=jeton-at-home", "device_name=Jeton"])],
        ..YANDEX
    };
    named.works().await;
}

#[tokio::test]
async fn zoho_separates_scopes_by_commas_and_has_a_scheme_of_its_own() {
    let mut zoho = Bundled::new(
        "zoho",
        &[
            (
                "GET accounts.zoho.com/oauth/v2/auth",
                &["access_type=offline", "prompt=consent", "scope=AaaServer.profile.Read,WorkDrive.files.ALL"],
            ),
            ("POST accounts.zoho.com/oauth/v2/token", &["grant_type=authorization_code", "client_id", "client_secret", "!authorization"]),
            ("POST accounts.zoho.com/oauth/v2/token", &["grant_type=refresh_token", "refresh_token", "client_secret"]),
            ("POST accounts.zoho.com/oauth/v2/token/revoke", &["token", "!client_id", "!client_secret"]),
            ("GET accounts.zoho.com/oauth/user/info", &["authorization"]),
        ],
    );
    zoho.connect = &["--scope", "AaaServer.profile.Read,WorkDrive.files.ALL"];
    zoho.works().await;
}

#[tokio::test]
async fn an_address_elsewhere_is_https_and_what_the_browser_shows_is_pasted() {
    let (stage, _) = stage(Facts::shipped("sharefile").unwrap().unwrap()).await;
    let refused = |more: &[&str], says: &str| {
        let ran = stage.jeton(&[&["connect", "sharefile"], more].concat());
        assert!(ran.code == 2 && ran.stderr.contains(says), "{ran:?}");
    };
    refused(&["--redirect-uri", "https://app.example/callback"], "--paste");
    for wrong in ["http://app.example/callback", "app.example", "https://app.example/callback#here"] {
        refused(&["--paste", "--redirect-uri", wrong], "write an https address without a fragment");
    }
}
