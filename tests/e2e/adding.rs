//! Adding somebody's provider: what a person is shown and asked, what is refused, and that it then works like any other.

use std::fs;

use jeton_emulator::Decision;

use crate::providers::{acme, component, padded, replace, sha256, text};
use crate::stage::{Stage, get};

#[tokio::test]
async fn a_person_is_shown_what_a_provider_may_do_and_nothing_is_kept_unless_they_agree() {
    let stage = Stage::empty().await;
    let file = component(&acme());
    let path = stage.download("acme.wasm", &file);
    for answer in ["\n", "n\n", "no\n", "yep\n", "j\n", " \n", "\u{4}"] {
        let ran = stage.typed(&["providers", "add", text(&path)], answer).failed(1, &["Add it? [y/N]", "nothing was added"]);
        for words in [
            "Acme Cloud 0.1.0 (acme): Files, folders",
            &sha256(&file),
            "nobody can tell",
            "what the file says of itself",
            "it refers to    https://developer.box.com/",
            "https://account.box.com/api/oauth2/authorize\n             opens in your browser; is sent no secret",
            "https://api.box.com/oauth2/token\n             is sent: Client Secret, code, refresh token\n",
            "reads: type, lifetime and scope, error texts\n",
            "Jeton keeps from it: access token (/access_token), refresh token (/refresh_token)",
            "https://api.box.com/2.0/ and below\n             is sent: access token\n             the provider reads: all that is answered",
            "asks you for these secrets, and never reads them\n  Client Secret\n",
        ] {
            assert!(ran.stderr.contains(words), "{words:?} is not in:\n{}", ran.stderr);
        }
        assert!(stage.kept().is_empty() && !stage.store().exists(), "{answer:?}");
    }
    for answer in ["y\n", "Yes\n"] {
        let ran = stage.typed(&["providers", "add", text(&path)], answer).succeeded();
        assert!(ran.stderr.contains("✓ Added acme (Acme Cloud)") && ran.stderr.contains("jeton providers show acme --guide"), "{ran:?}");
        assert_eq!(stage.kept(), [format!("acme.{}.wasm", sha256(&file)), "acme.json".to_owned()]);
        let list = stage.jeton(&["providers", "list"]).succeeded().stdout;
        let line = |id: &str| list.lines().find(|line| line.starts_with(id)).unwrap().to_owned();
        assert!(line("acme ").contains("added") && line("box ").contains("bundled"), "{list}");
        stage.jeton(&["providers", "remove", "acme"]).succeeded();
    }
}

#[tokio::test]
async fn settings_keys_and_other_unusual_permissions_are_shown() {
    let stage = Stage::empty().await;
    let more = r#"
[settings.region]
name = "Region"
pattern = "[a-z]+"

[secrets.app-key]
name = "App Key"

[signs]
app-key = ["RS256"]
"#;
    let manifest = replace(&acme(), "https://api.box.com/2.0/", "https://{region}.box.com/2.0/");
    let manifest = replace(&manifest, "port = \"any\"", "port = \"any\"\nreveals = [\"realm\"]\nstate = \"absent\"");
    let manifest = replace(&manifest, "captures = {}", "captures = {}\nreveals = [\"/team\"]\nheaders = [\"x-team\"]") + more;
    let path = stage.download("acme.wasm", component(&manifest));
    let ran = stage.jeton(&["providers", "add", text(&path)]);
    for words in [
        "region     Region\n             changes the address of api: must match [a-z]+",
        "App Key, if there is one",
        "have Jeton sign with the App Key, by RS256",
        "read of the address that your browser comes back with: realm",
        "take answers of your browser that can't be tied to your sign-in (no state): anybody may have sent them",
        "reads: type, lifetime and scope, error texts, /team",
        "and the headers: x-team",
        "https://{region}.box.com/2.0/ and below",
    ] {
        assert!(ran.stderr.contains(words), "{words:?} is not in:\n{}", ran.stderr);
    }
}

#[tokio::test]
async fn nobody_but_a_person_at_a_terminal_or_a_digest_agrees() {
    let stage = Stage::empty().await;
    let file = component(&acme());
    let (path, digest) = (stage.download("acme.wasm", &file), sha256(&file));
    let add = ["providers", "add", text(&path)];
    stage.jeton_with_input(&add, "y\n").failed(2, &["no terminal to ask", &format!("--yes --digest {digest}")]);
    assert_eq!(stage.jeton(&[&add[..], &["--yes"]].concat()).code, 2);
    let other = sha256(b"another file");
    for more in [&["--digest", &other][..], &["--yes", "--digest", &other]] {
        let ran = stage.jeton(&[&add[..], more].concat()).failed(6, &[&digest, &other, "its author"]);
        assert!(!ran.stderr.contains("It may reach"), "a file that isn't meant isn't shown either");
    }
    for wrong in ["", "abc", &digest[1..]] {
        assert_eq!(stage.jeton(&[&add[..], &["--yes", "--digest", wrong]].concat()).code, 2, "{wrong}");
    }
    assert!(stage.kept().is_empty());
    let prefixed = format!("sha256:{}", digest.to_uppercase());
    let ran = stage.jeton(&[&add[..], &["--yes", "--digest", &prefixed, "--json"]].concat()).succeeded();
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&value["id"], &value["digest"], &value["changed"]), (&"acme".into(), &digest.as_str().into(), &true.into()));
    assert!(
        value["permissions"].as_array().unwrap().iter().any(|it| it == "has the refresh token sent to https://api.box.com/oauth2/token")
    );
}

#[tokio::test]
async fn an_added_provider_works_like_a_bundled_one() {
    let stage = Stage::empty().await;
    stage.jeton(&["connect", "acme"]).failed(2, &["no provider \"acme\"", "box", "jeton providers add"]);
    stage.add_provider(&acme()).succeeded();
    stage.add_client_of("acme").succeeded();
    let connecting = stage.begin_connect_to("acme", &["--name", "work-box"]);
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    assert!(get(back.as_str()).contains("Acme Cloud is connected"));
    connecting.finish().succeeded();
    let before = stage.token();
    stage.jeton(&["refresh", "work-box"]).succeeded();
    assert_ne!(stage.token(), before);
    assert!(stage.jeton(&["test", "work-box"]).succeeded().stdout.contains("ada@example.com"));
    let shown = stage.jeton(&["providers", "show", "acme"]).succeeded().stdout;
    assert!(shown.contains("added from ") && shown.contains("acme.wasm, SHA-256 "), "{shown}");
    assert!(stage.jeton(&["list", "--json"]).succeeded().stdout.contains("\"provider\": \"acme\""));
    stage.jeton(&["revoke", "work-box"]).succeeded();
    assert_eq!(stage.emulator.box_service().live_refresh_tokens(), 0);
}

#[tokio::test]
async fn nothing_takes_the_place_of_a_bundled_provider() {
    let stage = Stage::empty().await;
    let file = component(&replace(&acme(), "id = \"acme\"", "id = \"box\""));
    let path = stage.download("box.wasm", &file);
    let ran = stage.jeton(&["providers", "add", text(&path), "--yes", "--digest", &sha256(&file)]);
    ran.failed(6, &["`box`, which comes with Jeton", "an id of its own"]);
    // Not by the file system either.
    stage.add_provider(&acme()).succeeded();
    let folder = stage.data().join("providers");
    fs::write(folder.join("box.json"), format!("{{\"digest\": \"{0}\", \"from\": \"x\"}}", sha256(&file))).unwrap();
    fs::write(folder.join(format!("box.{}.wasm", sha256(&file))), &file).unwrap();
    let shown = stage.jeton(&["providers", "show", "box", "--json"]).succeeded().stdout;
    assert!(shown.contains("\"name\": \"Box\"") && shown.contains("\"origin\": \"bundled\""), "{shown}");
    assert_eq!(stage.jeton(&["providers", "list"]).succeeded().stdout.matches("\nbox ").count(), 1);
}

#[tokio::test]
async fn a_redirect_path_of_another_provider_is_refused_with_the_line_that_is_right() {
    let stage = Stage::empty().await;
    let coming_back = |to: &str| replace(&acme(), "[callback]", &format!("[callback]\nredirect = \"http://{to}\""));
    for (host, path, whose) in [
        ("127.0.0.1", "/callback", "the path of box"),
        ("localhost", "/callback", "the path of box"),
        ("[::1]", "/x/../Callback/acme", "the path of box"),
        ("localhost", "/", "the path of dropbox"),
        ("127.0.0.1", "/jeton/acme-2/callback", "those that belong to other providers"),
    ] {
        let ran = stage.add_provider(&coming_back(&format!("{host}{path}")));
        let ran = ran.failed(6, &[whose, &format!("redirect = \"http://{host}/jeton/acme/callback\"")]);
        assert!(!ran.stderr.contains("It may reach") && stage.kept().is_empty(), "{ran:?}");
        let line = ran.stderr.lines().find(|line| line.contains("redirect = ")).unwrap().trim();
        stage.add_provider(&replace(&acme(), "[callback]", &format!("[callback]\n{line}"))).succeeded();
        stage.jeton(&["providers", "remove", "acme"]).succeeded();
    }
    stage.add_provider(&coming_back("127.0.0.1/anvils")).succeeded();
    let second = replace(&coming_back("localhost/Anvils/too"), "id = \"acme\"", "id = \"acme-2\"");
    stage.add_provider(&second).failed(6, &["the path of acme or begins with it"]);
}

#[tokio::test]
async fn a_provider_with_the_name_of_another_one_is_pointed_out() {
    let stage = Stage::empty().await;
    let path = stage.download("acme.wasm", component(&replace(&acme(), "name = \"Acme Cloud\"", "name = \"BOX\"")));
    let ran = stage.jeton(&["providers", "add", text(&path)]).failed(2, &["has the name of another provider, box"]);
    assert!(ran.stderr.contains("BOX 0.1.0 (acme)"), "{ran:?}");
}

#[tokio::test]
async fn a_folder_is_added_if_its_manifest_is_the_one_inside_its_component() {
    let stage = Stage::empty().await;
    let (manifest, file) = (padded(&acme()), component(&acme()));
    let toml = stage.download("acme/provider.toml", &manifest);
    let folder = toml.parent().unwrap().to_owned();
    let add = |path: &std::path::Path| stage.jeton(&["providers", "add", text(path), "--yes", "--digest", &sha256(&file)]);
    add(&folder).failed(2, &["there is no .wasm beside", "build the component"]);
    stage.download("acme/acme.wasm", &file);
    fs::write(&toml, replace(&manifest, "[endpoints.api]", "[endpoints.API]")).unwrap();
    for path in [&folder, &toml] {
        add(path).failed(6, &["provider.toml is not the manifest inside", "they differ from line 27 on", "The one inside counts"]);
    }
    fs::write(&toml, manifest.trim_end()).unwrap();
    add(&folder).failed(6, &["they differ from line"]);
    assert!(stage.kept().is_empty());
    fs::write(&toml, &manifest).unwrap();
    stage.download("acme/older.wasm", &file);
    add(&folder).failed(2, &["2 components", "Name the .wasm file"]);
    fs::remove_file(folder.join("older.wasm")).unwrap();
    add(&folder).succeeded();
    assert!(add(&toml).succeeded().stderr.contains("is there already"));
}

#[tokio::test]
async fn a_declarative_manifest_that_does_not_fit_its_protocol_is_refused_with_the_line() {
    let stage = Stage::empty().await;
    let toml = stage.download("acme/provider.toml", format!("component = \"oauth2\"\n{}", acme()));
    for path in [toml.as_path(), toml.parent().unwrap()] {
        stage.jeton(&["providers", "add", text(path)]).failed(1, &["the manifest has a mistake", "doesn't accept the code-verifier"]);
    }
}

#[tokio::test]
async fn what_is_no_provider_is_refused_with_the_reason() {
    let stage = Stage::empty().await;
    let there = |name: &str, content: &[u8]| stage.download(name, content);
    let cases = [
        (stage.home.path().join("nothing.wasm"), 1, "can't read"),
        (there("noise.wasm", b"nothing of the kind"), 1, "not a WebAssembly component"),
        (there("empty/provider.toml", b""), 1, "`id` is missing"),
        (there("latin/provider.toml", b"name = \"K\xf6ln\""), 2, "is not UTF-8"),
        (stage.home.path().join("config"), 1, "can't read"),
        ("/dev/zero".into(), 2, "is no file"),
    ];
    for (path, code, words) in cases {
        stage.jeton(&["providers", "add", text(&path)]).failed(code, &[words]);
    }
    let two = replace(&replace(&acme(), "https://api.box.com/2.0/", "http://api.box.com/2.0/"), "contract = \"0.1\"", "contract = \"7\"");
    let path = stage.download("acme.wasm", component(&two));
    stage.jeton(&["providers", "add", text(&path)]).failed(1, &["line 4: this host speaks contract 0.1", "is not an https URL", "author"]);
    assert!(stage.kept().is_empty());
}

/// A line of the manifest, and what stands there with something hostile in it.
type Place = (&'static str, fn(&str) -> String);

#[tokio::test]
async fn what_a_hostile_file_says_can_not_reach_the_terminal() {
    let stage = Stage::empty().await;
    let escapes = ["\\u001b[2J", "\\u001b]0;x\\u0007", "\\u202e", "\\u2066", "\\u009b31m", "\\u200b", "\\r", "\\u00ad", "\\b"];
    let places: [Place; 12] = [
        ("id = \"acme\"", |it| format!("id = \"a{it}\"")),
        ("name = \"Acme Cloud\"", |it| format!("name = \"Acme{it}Cloud\"")),
        ("version = \"0.1.0\"", |it| format!("version = \"0{it}\"")),
        ("summary = \"", |it| format!("summary = \"{it}")),
        ("[endpoints.api]", |it| format!("[endpoints.\"a{it}\"]")),
        ("[secrets.client-secret]", |it| format!("[secrets.\"a{it}\"]\nname = \"A\"\n[secrets.client-secret]")),
        ("captures = {}", |it| format!("captures = {{ \"a{it}\" = \"/a\" }}")),
        ("captures = {}", |it| format!("captures = {{}}\nreveals = [\"/a{it}\"]")),
        ("captures = {}", |it| format!("captures = {{}}\nheaders = [\"a{it}\"]")),
        ("https://api.box.com/2.0/", |it| format!("https://api.box.com/{it}/")),
        ("port = \"any\"", |it| format!("port = \"any\"\nreveals = [\"a{it}\"]")),
        ("grants = [", |it| format!("\"a{it}\" = 1\ngrants = [\"{it}\", ")),
    ];
    for (line, hostile) in places {
        for escape in escapes {
            let path = stage.download("acme.wasm", component(&replace(&acme(), line, &hostile(escape))));
            for command in ["add", "check"] {
                let mut command = stage.command(&["providers", command, text(&path)]);
                // As at a terminal: nothing is taken out on the way.
                let ran: crate::stage::Ran = command.env("CLICOLOR_FORCE", "1").output().unwrap().into();
                let shown = format!("{}{}", ran.stdout, ran.stderr);
                let ours = anstyle_free(&shown);
                let bad =
                    ours.chars().find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202e}' | '\u{2066}' | '\u{200b}' | '\u{ad}'));
                assert_eq!(bad, None, "{line} {escape}: {ours:?}");
            }
        }
    }
    assert!(stage.kept().is_empty());
}

/// Without the colours that are Jeton's own.
fn anstyle_free(text: &str) -> String {
    let own = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[31m", "\u{1b}[32m"];
    own.iter().fold(text.to_owned(), |text, style| text.replace(style, ""))
}

#[tokio::test]
async fn a_provider_that_is_used_is_not_removed_by_mistake() {
    let stage = Stage::empty().await;
    stage.jeton(&["providers", "remove", "acme"]).failed(2, &["no provider \"acme\""]);
    stage.jeton(&["providers", "remove", "box"]).failed(2, &["box comes with Jeton"]);
    stage.add_provider(&acme()).succeeded();
    stage.add_client_of("acme").succeeded();
    stage.jeton(&["providers", "remove", "acme"]).failed(2, &["the client acme", "--force"]);
    let connecting = stage.begin_connect_to("acme", &["--name", "work-box"]);
    get(stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap().as_str());
    connecting.finish().succeeded();
    stage.jeton(&["providers", "remove", "acme"]).failed(2, &["the client acme and the connection work-box", "--force"]);
    stage.jeton(&["providers", "remove", "acme", "--force"]).succeeded();
    assert!(stage.kept().is_empty());
    stage.token();
    stage.jeton(&["refresh", "work-box"]).failed(6, &["acme", "isn't there any more", "jeton providers add"]);
    assert!(stage.jeton(&["list"]).succeeded().stdout.contains("work-box"));
    // Whoever comes under this id gets what was left, so that is said.
    let path = stage.home.path().join("acme.wasm");
    let ran = stage.jeton(&["providers", "add", text(&path)]).failed(2, &[]);
    assert!(ran.stderr.contains("would be given the clients and connections of an earlier provider of this id: acme, work-box"), "{ran:?}");
    stage.add_provider(&acme()).succeeded();
    stage.jeton(&["refresh", "work-box"]).succeeded();
}
