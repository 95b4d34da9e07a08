//! National clouds: a client lives in one, and nothing of it goes to another.

use jeton_emulator::microsoft_service::{Cloud, Tenant};

use super::{SECRET, Scene, web};

#[tokio::test]
async fn a_national_clouds_client_reaches_its_own_hosts_and_no_other() {
    for (login, graph) in [
        ("login.microsoftonline.us", "graph.microsoft.us"),
        ("login.microsoftonline.us", "dod-graph.microsoft.us"),
        ("login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
        ("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn"),
    ] {
        let hosts = [format!("login-host={login}"), format!("graph-host={graph}")];
        let scene = Scene::web(&["--set", &hosts[0], "--set", &hosts[1]]).await;
        let ran = scene.connect(&[]).await;
        assert!(ran.code == 0 && ran.stderr.contains("ada@example.com"), "{login}: {ran:?}");
        scene.stage.jeton(&["refresh", "one"]).succeeded();
        scene.stage.jeton(&["test", "one"]).succeeded();
        let foreign: Vec<_> = scene
            .stage
            .emulator
            .journal()
            .entries()
            .into_iter()
            .map(|entry| entry.host)
            .filter(|host| host != login && host != graph)
            .collect();
        assert_eq!(foreign, [""; 0], "{login}");
    }
}

#[tokio::test]
async fn an_app_of_a_national_cloud_asks_for_that_clouds_graph() {
    for (cloud, login, graph) in [
        (Cloud::UsGovernment, "login.microsoftonline.us", "graph.microsoft.us"),
        (Cloud::UsGovernment, "login.microsoftonline.us", "dod-graph.microsoft.us"),
        (Cloud::China, "login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
        (Cloud::China, "login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn"),
    ] {
        let scene = Scene::of(web().admin_consent(ELSEWHERE).tenant(ELSEWHERE)).await;
        scene.microsoft().add_tenant(Tenant { id: ELSEWHERE.to_owned(), domain: "gov.example".to_owned(), cloud });
        let hosts = [format!("login-host={login}"), format!("graph-host={graph}")];
        scene.add_secret_client(SECRET, &["--set", "tenant=gov.example", "--set", &hosts[0], "--set", &hosts[1]]).succeeded();
        scene.act(&[]).succeeded();
        assert_eq!(super::field(&scene.token_request(), "scope"), Some(&*format!("https://{graph}/.default")));
        let ran = scene.stage.jeton(&["test", "one"]).succeeded();
        assert!(ran.stdout.contains("the app itself"), "{graph}: {ran:?}");
    }
    // A tenant lives in one cloud, and is asked for in another.
    let scene = Scene::of(web().admin_consent(ELSEWHERE).tenant(ELSEWHERE)).await;
    scene.microsoft().add_tenant(Tenant { id: ELSEWHERE.to_owned(), domain: "gov.example".to_owned(), cloud: Cloud::China });
    scene.add_secret_client(SECRET, &["--set", "tenant=gov.example"]).succeeded();
    scene.act(&[]).failed(5, &["AADSTS90038", "login-host"]);
}

const ELSEWHERE: &str = "33333333-4444-4555-8666-777777777777";

#[tokio::test]
async fn hosts_of_two_clouds_are_refused_before_anything_is_sent() {
    for (login, graph) in [
        ("login.microsoftonline.us", "graph.microsoft.com"),
        ("login.microsoftonline.com", "microsoftgraph.chinacloudapi.cn"),
        ("login.chinacloudapi.cn", "graph.microsoft.us"),
    ] {
        let hosts = [format!("login-host={login}"), format!("graph-host={graph}")];
        let scene = Scene::web(&["--set", &hosts[0], "--set", &hosts[1]]).await;
        for way in ["--client-credentials", "--device", "--no-browser"] {
            let ran = scene.stage.jeton(&["connect", "microsoft", way]);
            ran.failed(5, &[&format!("The Graph of {login} is"), &format!("not {graph}"), "graph-host"]);
        }
        assert_eq!(scene.stage.emulator.journal().entries().len(), 0);
    }
}
