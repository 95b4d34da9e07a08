//! What a person does about a service's no, beside the service's own words.

use jeton_runtime::{ErrorKind, GrantKind, Step};

use crate::service::Service;
use crate::services::bundled;
use crate::{REDIRECT, acme_at, begin, client, current, grant, refused};

const ADVICE: &str = "[protocol.advice]\nbad_app = \"Compare the id at https://acme.com/apps\"\n\"not approved\" = \"Ask an owner\"\n\
    \"not approved yet\" = \"Wait a day\"\n401 = \"Never\"";

#[tokio::test]
async fn advice_stands_behind_what_the_service_says() {
    for (body, said) in [
        (r#"{"error":"bad_app","error_description":"No such app."}"#, "No such app. Compare the id at https://acme.com/apps"),
        (r#"{"error":"bad_app"}"#, "The service answered with status 400. Compare the id at https://acme.com/apps"),
        // The longest part that is known, and a part before a code.
        (r#"{"error":"bad_app","error_description":"It is not approved"}"#, "It is not approved. Ask an owner"),
        (r#"{"error":"x","error_description":"It is not approved yet."}"#, "It is not approved yet. Wait a day"),
        (r#"{"error":"bad_apple","error_description":"Rotten"}"#, "Rotten"),
    ] {
        let provider = acme_at(&Service::always(400, &[], body), ADVICE).await;
        let error = refused(provider.refresh(&client(), &current()).await);
        assert_eq!(error.description.as_deref(), Some(said), "{body}");
    }
}

#[tokio::test]
async fn advice_stands_behind_an_error_that_came_by_the_browser_or_from_the_api() {
    let provider = acme_at(&Service::always(403, &[], r#"{"error":"bad_app"}"#), ADVICE).await;
    let (_, flow) = begin(&provider, &[]).await;
    let returned = flow.returned(&format!("error=bad_app&state={}", flow.state.reveal_text().unwrap())).unwrap();
    let error = refused(provider.resume(&client(), &flow, &returned).await);
    assert_eq!(error.description.as_deref(), Some("Compare the id at https://acme.com/apps"));
    let error = refused(provider.identify(&client(), &current()).await);
    assert!(error.description.unwrap().ends_with("status 403. Compare the id at https://acme.com/apps"));
}

#[tokio::test]
async fn however_much_a_service_says_the_advice_is_whole() {
    let advice = "Do it. ".repeat(42).trim().to_owned();
    let long = "so ".repeat(500);
    let service = Service::always(400, &[], format!(r#"{{"error":"bad_app","error_description":"{long}"}}"#));
    let provider = acme_at(&service, &format!("[protocol.advice]\nbad_app = \"{advice}\"")).await;
    let said = refused(provider.refresh(&client(), &current()).await).description.unwrap();
    assert!(said.ends_with(&advice) && said.len() < 900, "{said}");
}

/// What the vendor's documentation says about it.
#[tokio::test]
async fn bundled_services_refusals_say_what_to_do_in_their_consoles() {
    use ErrorKind::*;
    for (id, status, body, kind, says) in [
        ("atlassian", 403, r#"{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#, InvalidGrant, "90 days"),
        (
            "discord",
            400,
            r#"{"error":"invalid_request","error_description":"Invalid \"redirect_uri\" in request."}"#,
            Other,
            "OAuth2 → Redirects",
        ),
        (
            "figma",
            400,
            r#"{"error":true,"status":400,"message":"Parameter client_id is required","i18n":null}"#,
            Other,
            "OAuth credentials",
        ),
        ("github", 200, r#"{"error":"device_flow_disabled"}"#, InvalidClient, "Tick Enable Device Flow"),
        ("github", 200, r#"{"error":"application_suspended"}"#, AdminApprovalRequired, "GitHub Support"),
        (
            "huaweidrive",
            400,
            r#"{"sub_error":12304,"error":1101,"error_description":"invalid client_secret"}"#,
            InvalidClient,
            "AppGallery Connect",
        ),
        ("notion", 400, r#"{"error":"invalid_client"}"#, InvalidClient, "notion.so/profile/integrations"),
        ("pcloud", 200, r#"{"result":2012,"error":"Invalid 'code' provided."}"#, InvalidGrant, "--set hostname=eapi.pcloud.com"),
        (
            "salesforce",
            400,
            r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#,
            AdminApprovalRequired,
            "pre-authorized",
        ),
        (
            "salesforce",
            400,
            r#"{"error":"invalid_grant","error_description":"expired access/refresh token"}"#,
            InvalidGrant,
            "five newer sign-ins",
        ),
        ("slack", 200, r#"{"ok":false,"error":"team_access_not_granted"}"#, AdminApprovalRequired, "grant the app this workspace"),
        ("spotify", 400, r#"{"error":"invalid_grant","error_description":"Refresh token revoked"}"#, InvalidGrant, "six months"),
        ("todoist", 400, r#"{"error":"invalid_application_status"}"#, AdminApprovalRequired, "suspended the app"),
        (
            "yandex",
            400,
            r#"{"error":"unauthorized_client","error_description":"Client is blocked"}"#,
            InvalidClient,
            "not approved the app yet",
        ),
        ("zoho", 200, r#"{"error":"invalid_client"}"#, InvalidClient, "Multi DC"),
        (
            "zoho",
            200,
            r#"{"error":"Access Denied","error_description":"You have made too many requests continuously."}"#,
            RateLimited,
            "in ten minutes",
        ),
    ] {
        let provider = bundled(id, &Service::always(status, &[], body)).await;
        let client = client();
        // These give no refresh tokens.
        let outcome = if ["github", "pcloud"].contains(&id) {
            let begun = provider.begin(&client, &grant(GrantKind::AuthorizationCode, &[]), &REDIRECT.to_owned()).await.unwrap();
            let Step::Visit { flow, .. } = begun else { panic!("{begun:?}") };
            let returned = flow.returned(&format!("code=c-1&state={}", flow.state.reveal_text().unwrap())).unwrap();
            provider.resume(&client, &flow, &returned).await.map(drop)
        } else {
            provider.refresh(&client, &current()).await.map(drop)
        };
        let error = refused(outcome);
        assert_eq!(error.kind, kind, "{id}: {body}");
        assert!(error.description.as_deref().unwrap_or_default().contains(says), "{id}: {says:?} is not in {error:?}");
    }
}
