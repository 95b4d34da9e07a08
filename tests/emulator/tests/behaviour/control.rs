//! The control API, as a program in another process uses it.

use crate::stage::{ME, emulator, json, text, tokens};

const CONTROL: &str = "https://control.emulator.test";

#[tokio::test]
async fn the_knobs_can_be_turned_over_http() {
    let emulator = emulator().await;
    let client = emulator.client();
    let json_to = async |path: &str, body: &str| client.post_json(&format!("{CONTROL}{path}"), body).await.unwrap();
    let token = tokens(&emulator).access_token;

    let app = r#"{"client_id":"remote","client_secret":"s","redirect_uris":["https://app.example/"]}"#;
    assert_eq!(json_to("/apps", app).await.status(), 204);
    assert!(emulator.box_service().issue_tokens("remote").is_some());

    let faults = [
        (r#"{"fault":{"server-error":503},"matcher":{"path":"/2.0/users/me"},"times":1}"#, 503),
        (r#"{"fault":{"rate-limited":{"seconds":3}}}"#, 429),
        (r#"{"fault":{"rate-limited":{"http-date":3}}}"#, 429),
        (r#"{"fault":{"redirect-to":{"url":"https://app.example/","status":307}}}"#, 307),
        (r#"{"fault":{"body":{"status":418,"content_type":"text/plain","bytes":"tea"}}}"#, 418),
        (r#"{"fault":{"slow":5}}"#, 200),
        (r#"{"fault":"html"}"#, 200),
    ];
    for (order, status) in faults {
        assert_eq!(json_to("/faults", order).await.status(), 204, "{order}");
        assert_eq!(client.get_with_token(ME, &token).await.unwrap().status(), status, "{order}");
    }

    assert_eq!(json(&json_to("/box/expire-access-tokens", "").await)["expired"], 2);
    let refresh_token = tokens(&emulator).refresh_token;
    assert_eq!(json_to("/clock/advance?seconds=5184000", "").await.status(), 204);
    assert!(!emulator.box_service().is_live(&refresh_token));

    let journal = json(&client.get(&format!("{CONTROL}/journal")).await.unwrap());
    assert_eq!(journal["entries"].as_array().unwrap().len(), faults.len());
    assert_eq!(journal["entries"][0]["fault"], "server-error");
    assert_eq!(journal["endpoints"]["GET api.box.com/2.0/users/me"], faults.len());
}

#[tokio::test]
async fn what_the_control_api_does_not_understand_it_refuses_with_a_reason() {
    let emulator = emulator().await;
    for (path, body) in [
        ("/clock/advance", ""),
        ("/clock/advance?seconds=soon", ""),
        ("/faults", r#"{"fault":"unheard-of"}"#),
        ("/faults", r#"{"fault":"html","matcher":{"pfad":"/"}}"#),
        ("/apps", "{}"),
        ("/apps", r#"{"client_id":"a","client_secret":"b","redirect_uris":["http://app.example/"]}"#),
    ] {
        let answer = emulator.client().post_json(&format!("{CONTROL}{path}"), body).await.unwrap();
        assert_eq!(answer.status(), 400, "{path} {body}");
        assert!(!text(&answer).is_empty());
    }
}
