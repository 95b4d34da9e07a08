//! A real Chromium signs in, grants access, and shows the last page.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Map, Value, json};

use crate::stage::Stage;

/// A ChromeDriver that ends with the test.
struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    fn start() -> Self {
        let missing = "chromedriver is missing: `cargo xtask test` installs it, or apt-get install chromium chromium-driver";
        let mut child = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect(missing);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| line.unwrap().split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok());
        // It goes on writing; nobody must stop listening, or it breaks off.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port: port.expect("chromedriver says its port") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn browser(stage: &Stage, driver: &Driver) -> Client {
    let rules: Vec<_> = stage.emulator.hosts().iter().map(|host| format!("MAP {host}:443 {}", stage.emulator.addr())).collect();
    let profile = stage.home.path().join("chromium");
    let arguments = [
        "--headless".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--ignore-certificate-errors".to_owned(),
        "--window-size=900,700".to_owned(),
        format!("--user-data-dir={}", profile.display()),
        format!("--host-resolver-rules={}", rules.join(",")),
    ];
    let capabilities = Map::from_iter([("goog:chromeOptions".to_owned(), json!({ "args": arguments }))]);
    ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{}", driver.port))
        .await
        .unwrap()
}

async fn screenshot(browser: &Client, name: &str) {
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/screenshots");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(format!("{folder}/{name}.png"), browser.screenshot().await.unwrap()).unwrap();
}

async fn sign_in(browser: &Client, url: &str, decision: &str) {
    browser.goto(url).await.unwrap();
    screenshot(browser, "sign-in").await;
    browser.find(Locator::Id("login")).await.unwrap().send_keys("ada@example.com").await.unwrap();
    browser.find(Locator::Id("password")).await.unwrap().send_keys("emulator").await.unwrap();
    browser.find(Locator::Id("sign-in")).await.unwrap().click().await.unwrap();
    let decision = browser.wait().at_most(Duration::from_secs(20)).for_element(Locator::Id(decision)).await.unwrap();
    screenshot(browser, "consent").await;
    decision.click().await.unwrap();
    browser.wait().at_most(Duration::from_secs(20)).for_element(Locator::Css("body[data-jeton]")).await.unwrap();
}

#[tokio::test]
async fn a_person_signs_in_with_chromium_and_sees_how_it_went() {
    let stage = Stage::with_client().await;
    let driver = Driver::start();

    let declining = stage.begin_connect(&["--name", "work-box"]);
    let window = browser(&stage, &driver).await;
    sign_in(&window, &declining.url, "deny").await;
    screenshot(&window, "declined").await;
    assert!(window.source().await.unwrap().contains("That didn’t work"));
    window.close().await.unwrap();
    declining.finish().failed(3, &["declined"]);
    std::fs::remove_dir_all(stage.home.path().join("chromium")).unwrap();

    let connecting = stage.begin_connect(&["--name", "work-box"]);
    let window = browser(&stage, &driver).await;
    sign_in(&window, &connecting.url, "grant").await;
    screenshot(&window, "connected").await;
    let text = window.find(Locator::Css("main")).await.unwrap().text().await.unwrap();
    assert!(text.contains("Box is connected") && text.contains("ada@example.com") && text.contains("work-box"), "{text}");
    let address = window.current_url().await.unwrap();
    assert_eq!((address.path(), address.query()), ("/", None), "the code is gone from the address bar");
    // It closes itself where the browser lets a page do that.
    let asked = window.execute("window.asked = false; window.close = () => { window.asked = true }", vec![]).await;
    asked.unwrap();
    let closed = async {
        while window.execute("return window.asked", vec![]).await.unwrap() != Value::Bool(true) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), closed).await.unwrap();
    window.close().await.unwrap();
    connecting.finish().succeeded();
    assert!(stage.emulator.box_service().is_live(&stage.token()));
}
