//! A provider that knows secrets it must not know, through the whole command: what it puts into a terminal, the sign-in's page, the trace and
//! the files of the home. Its service hands it every text backwards (`tests/hostile/attempts/command`), and orders where it is to stand.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jeton_emulator::{Decision, Fault, Faults, Matcher};

use crate::providers::{sha256, text};
use crate::stage::{CLIENT_SECRET, Ran, Stage, get};

#[allow(dead_code, clippy::print_stdout, reason = "build scripts use more of it")]
#[path = "../../host/bundle/build/wasm.rs"]
mod wasm;

const ACCESS: &str = "access-0f9e8d7c6b5a4";
const REFRESH: &str = "refresh-4a5b6c7d8e9f0";

/// What every order says: where it is shown, the provider was heard.
const HEARD: &str = "harmless";

/// All that a terminal or a page might obey, and a line that Jeton didn't write.
const OBEYED: &str = "harmless\u{1b}[31m\u{1b}]0;x\u{7}\u{1b}]8;;https://evil.example\u{1b}\\\u{9b}2J\u{8}\u{7f}\r\u{202e}\u{2066}\u{200f}\u{ad}\n✓ Forged\r\nerror: forged\u{2028}<script>alert('x')</script>";

/// The component, built as `tests/hostile` builds the others.
static SMUGGLER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("components");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let built = target.join(wasm::TARGET).join("release/examples/smuggles_through_the_command.wasm");
    let folders = wasm::Folders { root, out: target.clone(), target };
    let mut cargo = folders.cargo("tests/hostile/attempts").unwrap();
    cargo.args(["--quiet", "--examples", "--package", "attempts-command"]);
    wasm::run(cargo).unwrap();
    std::fs::read(built).unwrap()
});

/// A stage with the smuggler and its client, whose tokens are [`ACCESS`] and [`REFRESH`].
async fn smuggling() -> Stage {
    let stage = Stage::empty().await;
    let path = stage.download("smuggler.wasm", &*SMUGGLER);
    stage.jeton(&["providers", "add", text(&path), "--yes", "--digest", &sha256(&SMUGGLER)]).succeeded();
    stage.add_client_of("smuggler").succeeded();
    stage
}

impl Stage {
    /// From now on this function of the smuggler is to say this in this place.
    fn order(&self, function: &str, place: &str, said: &str) {
        self.emulator.faults().clear();
        let backwards: String = said.chars().rev().collect();
        let order = serde_json::json!({ "function": function, "place": place, "text": backwards, said: "is there" });
        let tokens = serde_json::json!({ "access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 3600 });
        for (path, body) in [("/2.0/order", order), ("/oauth2/token", tokens)] {
            let answer = Fault::Body { status: 200, content_type: "application/json".to_owned(), bytes: body.to_string().into() };
            self.emulator.faults().inject(answer, Matcher::any().path(path), Faults::FOREVER);
        }
    }

    /// As at a terminal: nothing is taken out on the way.
    fn seen(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).env("CLICOLOR_FORCE", "1").output().unwrap().into()
    }

    /// The page at the end of the sign-in, and what was printed. Without a page where the command ends before it.
    async fn sign_in(&self, more: &[&str]) -> (String, Ran) {
        let connect = ["connect", "smuggler", "--name", "work-box", "--replace", "--no-browser", "-vv"];
        let mut command = self.command(&[&connect[..], more].concat());
        let mut child = command.env("CLICOLOR_FORCE", "1").spawn().unwrap();
        let mut lines = std::io::BufReader::new(child.stderr.take().unwrap());
        let (mut said, mut page) = (String::new(), String::new());
        while std::io::BufRead::read_line(&mut lines, &mut said).unwrap() > 0 {
            let line = said.lines().last().unwrap().trim();
            if page.is_empty() && line.starts_with("https://account.box.com/") {
                let back = self.emulator.consent(line, Decision::Grant).await.unwrap();
                page = tokio::task::spawn_blocking(move || get(back.as_str())).await.unwrap();
            }
        }
        let mut ran: Ran = child.wait_with_output().unwrap().into();
        ran.stderr = said;
        (page, ran)
    }

    /// Everything that a person or a program sees while this function misbehaves.
    async fn said_while(&self, function: &str, place: &str) -> (String, Vec<Ran>) {
        let (mut page, mut all) = (String::new(), vec![]);
        match function {
            "begin" | "resume" => {
                let (shown, ran) = self.sign_in(&[]).await;
                all.push(ran);
                let (_, ran) = self.sign_in(&["--json"]).await;
                all.push(ran);
                page = shown;
            }
            "identify" => {
                let (shown, ran) = self.sign_in(&[]).await;
                all.push(ran);
                page = shown;
                all.extend([&["test", "work-box", "-vv"][..], &["test", "work-box", "--json"]].map(|it| self.seen(it)));
            }
            "refresh" => all.extend([&["refresh", "work-box", "-vv"][..], &["refresh", "work-box", "--json"]].map(|it| self.seen(it))),
            _ => all.extend([&["revoke", "work-box", "-vv"][..], &["revoke", "work-box", "--json"]].map(|it| self.seen(it))),
        }
        if !matches!(place, "error" | "endpoint" | "scope" | "extras" | "account") {
            return (page, all);
        }
        // What was kept of it.
        for after in [&["list"][..], &["list", "--json"], &["show", "work-box", "-vv"], &["show", "work-box", "--json"]] {
            all.push(self.seen(after));
        }
        (page, all)
    }
}

/// The places that each function has, and whether a person sees there what stands in them.
const PLACES: [(&str, bool); 9] = [
    ("log", true),
    ("storage", false),
    ("error", true),
    ("panic", true),
    ("endpoint", true),
    ("header", true),
    ("field", true),
    ("path", true),
    ("pointer", true),
];
const OWN: [(&str, &str, bool); 8] = [
    ("begin", "visit", true),
    ("begin", "page", true),
    ("resume", "scope", true),
    ("resume", "extras", false),
    ("refresh", "scope", true),
    ("refresh", "extras", false),
    ("identify", "account", true),
    // One that nobody orders anything of.
    ("judge", "log", false),
];

/// Every place of every function, with the secrets that a call of it has.
fn places() -> Vec<(&'static str, &'static str, bool, Vec<&'static str>)> {
    let functions = ["begin", "resume", "identify", "refresh", "revoke"];
    let common = functions.iter().flat_map(|function| PLACES.map(|(place, seen)| (*function, place, seen)));
    let secrets = |function| match function {
        // The tokens come later.
        "begin" | "resume" => vec![CLIENT_SECRET],
        _ => vec![CLIENT_SECRET, ACCESS, REFRESH],
    };
    common.chain(OWN).map(|(function, place, seen)| (function, place, seen, secrets(function))).collect()
}

/// In the spellings that somebody would still recognise.
fn spellings(secret: &str) -> [String; 4] {
    let hex = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    [secret.to_owned(), secret.chars().rev().collect(), hex, STANDARD_NO_PAD.encode(&secret[..secret.len() / 3 * 3])]
}

fn all(page: &str, ran: &[Ran]) -> String {
    let ran = ran.iter().map(|ran| format!("{}\n{}", ran.stdout, ran.stderr));
    ran.chain([page.to_owned()]).collect::<Vec<_>>().join("\n")
}

/// A secret that the provider knows stands in nothing that is printed, served or kept, wherever it puts it. What stops it: the scrubbing of
/// every text of a component on its way out, and the sealing of what is kept.
#[tokio::test]
async fn a_secret_that_a_provider_knows_gets_out_nowhere() {
    let stage = smuggling().await;
    for (function, place, seen, secrets) in places() {
        stage.order("nothing", "", "");
        if !matches!(function, "begin" | "resume") {
            stage.sign_in(&[]).await.1.succeeded();
        }
        stage.order(function, place, &format!("{HEARD}-{}", secrets.join("-")));
        let (page, ran) = stage.said_while(function, place).await;
        let said = all(&page, &ran);
        // A visit with a secret isn't made, and its denial doesn't quote it.
        let heard = said.contains(HEARD) || (place == "visit" && said.contains("with a secret in its query"));
        assert_eq!(heard, seen, "{place} of {function}:\n{said}");
        for spelling in secrets.iter().flat_map(|secret| spellings(secret)) {
            assert!(!said.contains(&spelling), "{spelling} in {place} of {function}:\n{said}");
        }
        files_hold_none(stage.home.path());
    }
    stage.order("nothing", "", "");
    stage.sign_in(&[]).await.1.succeeded();
    assert_eq!(stage.jeton(&["token", "work-box"]).succeeded().stdout.trim(), ACCESS, "who asks for it gets it");
}

/// Neither an escape sequence nor a line of its own gets into a terminal, nor markup into the page. What stops it: `presentable` on every text
/// of a component, and the page's escaping.
#[tokio::test]
async fn nothing_that_a_terminal_or_a_page_would_obey_gets_there() {
    let stage = smuggling().await;
    for (function, place, seen, _) in places() {
        stage.order("nothing", "", "");
        if !matches!(function, "begin" | "resume") {
            stage.sign_in(&[]).await.1.succeeded();
        }
        stage.order(function, place, OBEYED);
        let (page, ran) = stage.said_while(function, place).await;
        let said = all("", &ran);
        assert_eq!(said.contains(HEARD), seen, "{place} of {function}:\n{said}");
        let ours = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[1m\u{1b}[31m", "\u{1b}[2m", "\u{1b}[31m", "\u{1b}[32m"];
        let ours = ours.iter().fold(said, |said, style| said.replace(style, ""));
        assert_eq!(ours.chars().find(|c| *c != '\n' && is_obeyed(*c)), None, "{place} of {function}:\n{ours:?}");
        let forged = ours.lines().find(|line| line.trim_start().starts_with("✓ Forged") || line.trim_start().starts_with("error: forged"));
        assert_eq!(forged, None, "{place} of {function}:\n{ours}");
        for ran in ran.iter().filter(|ran| ran.stdout.starts_with(['{', '['])) {
            serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap();
        }
        if let Some((_, body)) = page.split_once("\r\n\r\n") {
            assert_eq!(body.matches("<script").count(), 1, "the page's own: {body}");
            assert_eq!(body.chars().find(|c| *c != '\n' && is_obeyed(*c)), None, "{body:?}");
            let whole = matches!((function, place), ("resume", "error" | "panic") | (_, "account"));
            let cut = matches!((function, place), ("resume", "endpoint" | "header" | "field" | "path"));
            assert!(!(whole || cut) || body.contains(HEARD), "{place} of {function} is shown: {body}");
            assert!(!whole || body.contains("&lt;script"), "{place} of {function} is shown as text: {body}");
        }
    }
}

/// A token is printed as it is, so one that a terminal would obey is none: the connection isn't made.
#[tokio::test]
async fn a_token_that_reorders_a_line_is_not_kept() {
    let stage = smuggling().await;
    for (token, kept) in [("a\u{202e}b", false), ("a\u{2066}b", false), ("a\u{1b}[2Jb", false), ("ab", true)] {
        stage.order("nothing", "", "");
        stage.emulator.faults().clear();
        let bytes = serde_json::json!({ "access_token": token }).to_string().into();
        let answer = Fault::Body { status: 200, content_type: "application/json".to_owned(), bytes };
        stage.emulator.faults().inject(answer, Matcher::any().path("/oauth2/token"), Faults::FOREVER);
        let (_, ran) = stage.sign_in(&[]).await;
        assert_eq!(ran.code == 0, kept, "{token:?}: {ran:?}");
        let printed = stage.jeton(&["token", "work-box"]);
        assert_eq!((printed.code == 0, printed.stdout.trim() == token), (kept, kept), "{token:?}: {printed:?}");
    }
}

/// The name of a file is of its author's making too, and is shown in errors.
#[tokio::test]
async fn a_files_name_can_not_reach_the_terminal() {
    let stage = Stage::empty().await;
    let name = OBEYED.replace('/', "\u{9b}") + ".wasm";
    let file = stage.download(&format!("pack/{name}"), &*SMUGGLER);
    let toml = stage.download("pack/provider.toml", "id = \"other\"\n");
    let digest = sha256(&SMUGGLER);
    let mut said = vec![];
    for arguments in [
        &["providers", "add", text(&toml)][..],
        &["providers", "check", text(&toml)],
        &["providers", "add", text(&file)],
        &["providers", "add", text(&file), "--yes", "--digest", &sha256(b"another")],
        &["providers", "add", text(&file), "--yes", "--digest", &digest],
        &["providers", "show", "smuggler"],
    ] {
        said.push(stage.seen(arguments));
    }
    let kept = stage.data().join(format!("providers/smuggler.{digest}.wasm"));
    std::fs::write(kept, "changed").unwrap();
    said.push(stage.seen(&["providers", "show", "smuggler"]));
    for (number, ran) in said.iter().enumerate() {
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(number == 4 || said.contains(HEARD), "{number}: {said}");
        let ours = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[31m", "\u{1b}[32m"];
        let ours = ours.iter().fold(said, |said, style| said.replace(style, ""));
        assert_eq!(ours.chars().find(|c| *c != '\n' && is_obeyed(*c)), None, "{number}: {ours:?}");
        assert!(!ours.lines().any(|line| line.starts_with("✓ Forged") || line.starts_with("error: forged")), "{number}: {ours}");
    }
}

fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// None of the secrets stands in any file of the home; what is no secret does, so a secret would be found.
fn files_hold_none(folder: &Path) {
    let (mut folders, mut found) = (vec![folder.to_owned()], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let content = String::from_utf8_lossy(&bytes);
            let holds = |text: &str| content.contains(text);
            for spelling in [CLIENT_SECRET, ACCESS, REFRESH].iter().flat_map(|secret| spellings(secret)) {
                assert!(!holds(&spelling), "{spelling} is in {}", path.display());
            }
            found.extend(["smuggler", "work-box"].into_iter().filter(|text| holds(text)));
        }
    }
    assert!(found.contains("smuggler"), "{found:?}");
}
