//! No secret in a log at the highest level, in an error, or in the files of the store. (The component's memory: `tests/memory`.)

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jeton_emulator::Decision;

use crate::stage::{CLIENT_ID, CLIENT_SECRET, Stage, get};

#[tokio::test]
async fn no_secret_is_in_a_log_an_error_or_the_store() {
    let stage = Stage::with_client().await;
    let mut secrets = BTreeSet::from([CLIENT_SECRET.to_owned()]);
    let mut said = String::new();

    let connecting = stage.begin_connect(&["--name", "work-box", "-vv"]);
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    said.push_str(&get(back.as_str()));
    let ran = connecting.finish().succeeded();
    assert!(ran.stderr.contains("request") && ran.stderr.contains("api.box.com"), "it does trace: {}", ran.stderr);
    // The state is in the address that is shown on purpose; it is used up by now.
    said.push_str(&ran.stderr);
    let key = std::fs::read_to_string(stage.key()).unwrap().trim().to_owned();
    secrets.insert(key);

    let mut run = |arguments: &[&str]| {
        let ran = stage.jeton(arguments);
        said.push_str(&format!("{}{}", ran.stdout, ran.stderr));
    };
    for _ in 0..2 {
        secrets.insert(stage.token());
        run(&["refresh", "work-box", "-vv"]);
        run(&["test", "work-box", "-vv", "--json"]);
        files_hold_none(&stage.data(), &secrets);
    }
    secrets.insert(stage.token());
    run(&["show", "work-box", "-vv"]);
    run(&["clients", "show", "box", "--json"]);
    run(&["revoke", "work-box", "-vv"]);
    run(&["token", "work-box", "-vv"]);
    run(&["refresh", "work-box", "-vv", "--json"]);

    for entry in stage.emulator.journal().entries() {
        let secret = ["code", "refresh_token", "token", "client_secret"];
        secrets.extend(entry.form.into_iter().filter(|(name, _)| secret.contains(&name.as_str())).map(|(_, value)| value));
    }
    assert!(secrets.len() >= 8, "client secret, key, code, access and refresh tokens: {secrets:?}");
    for secret in &secrets {
        for encoded in encodings(secret) {
            assert!(!said.contains(&encoded), "{encoded:?} was said:\n{said}");
        }
    }
    files_hold_none(&stage.data(), &secrets);
    assert!(said.contains(CLIENT_ID), "what isn't secret is found, so what is would be");
}

fn encodings(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let mut all = vec![secret.to_owned(), bytes.iter().map(|byte| format!("{byte:02x}")).collect()];
    for skip in 0..3 {
        let whole = (bytes.len() - skip) / 3 * 3;
        all.push(STANDARD_NO_PAD.encode(&bytes[skip..skip + whole]));
        all.push(URL_SAFE_NO_PAD.encode(&bytes[skip..skip + whole]));
    }
    all
}

fn files_hold_none(folder: &Path, secrets: &BTreeSet<String>) {
    let mut read = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        read += bytes.len();
        for encoded in secrets.iter().flat_map(|secret| encodings(secret)) {
            let found = bytes.windows(encoded.len()).any(|window| window == encoded.as_bytes());
            assert!(!found, "{encoded:?} is in {}", path.display());
        }
    }
    assert!(read > 10_000, "the store was read");
}
