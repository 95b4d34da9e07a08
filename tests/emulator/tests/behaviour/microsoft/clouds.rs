//! National clouds: what is issued in one is worth nothing in another.

use jeton_emulator::Decision;
use jeton_emulator::microsoft_service::{Cloud, DEFAULT_TENANT, Tenant};

use super::stage::{BACK, authorize, emulator, outcome, redeeming, text};
use crate::stage::parameter;

const GOV: &str = "33333333-4444-4555-8666-777777777777";

#[tokio::test]
async fn a_national_clouds_tokens_are_good_at_its_own_graph_only() {
    let emulator = emulator().await;
    for (login, graph) in
        [("login.microsoftonline.us", "graph.microsoft.us"), ("login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn")]
    {
        let url = authorize("common", "web", BACK, &[]).replace("login.microsoftonline.com", login);
        let back = emulator.consent(&url, Decision::Grant).await.unwrap();
        let code = parameter(&back, "code").unwrap();
        let global = emulator.client().post("https://login.microsoftonline.com/common/oauth2/v2.0/token", &redeeming(&code)).await.unwrap();
        assert_eq!(outcome(&global).1["error_codes"][0], 90038);
        let answer = emulator.client().post(&format!("https://{login}/common/oauth2/v2.0/token"), &redeeming(&code)).await.unwrap();
        let (status, tokens) = outcome(&answer);
        assert_eq!(status, 200, "{tokens}");
        let token = text(&tokens, "access_token");
        assert_eq!(emulator.client().get_with_token(&format!("https://{graph}/v1.0/me"), token).await.unwrap().status(), 200);
        assert_eq!(emulator.client().get_with_token("https://graph.microsoft.com/v1.0/me", token).await.unwrap().status(), 401);
    }
}

#[tokio::test]
async fn a_tenant_lives_in_one_cloud() {
    let emulator = emulator().await;
    let cloud = Cloud::UsGovernment;
    emulator.microsoft_service().add_tenant(Tenant { id: GOV.to_owned(), domain: "gov.example".to_owned(), cloud });
    for (host, tenant, refused) in [
        ("login.microsoftonline.com", DEFAULT_TENANT, false),
        ("login.microsoftonline.us", DEFAULT_TENANT, true),
        ("login.microsoftonline.com", GOV, true),
        ("login.microsoftonline.us", GOV, false),
        ("login.microsoftonline.de", GOV, true),
    ] {
        let url = authorize(tenant, "web", BACK, &[]).replace("login.microsoftonline.com", host);
        let page = crate::stage::text(&emulator.client().get(&url).await.unwrap());
        assert_eq!(page.contains("AADSTS90038"), refused, "{host} {tenant}");
    }
}
