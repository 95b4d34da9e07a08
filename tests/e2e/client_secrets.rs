//! A client's secret is replaced at the service and here, without an outage and without burning a code.

use std::io::Write as _;
use std::process::{Command, Stdio};

use jeton_emulator::{App, Decision};

use crate::stage::{CLIENT_ID, CLIENT_SECRET, Stage, get};

impl Stage {
    /// From now on the service accepts this secret alone.
    fn service_accepts(&self, secret: &str) {
        let app = App::new(CLIENT_ID, secret).redirect_uri("http://127.0.0.1/callback").scopes(&["root_readwrite", "root_readonly"]);
        self.emulator.box_service().register_app(app).unwrap();
    }

    /// Runs a command with a terminal of its own, for what is read from there and not from stdin. Returns what stands on it in the end.
    fn at_a_terminal(&self, arguments: &[&str], typed: &str) -> String {
        let command = self.command(arguments);
        let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap());
        let line: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &line.join(" "), "/dev/null"]).env_clear();
        script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("SHELL", "/bin/sh");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let ran = child.wait_with_output().unwrap();
        let shown = String::from_utf8(ran.stdout).unwrap();
        assert!(ran.status.success(), "{shown}");
        shown
    }

    fn codes(&self) -> usize {
        self.emulator.journal().count(|entry| entry.grant_type.as_deref() == Some("authorization_code"))
    }
}

const ADD: [&str; 6] = ["clients", "secret", "add", "box", "--secret-file", "-"];

#[tokio::test]
async fn a_secret_is_replaced_while_connections_go_on() {
    let stage = Stage::connected().await;
    stage.jeton_with_input(&ADD, "not-accepted-by-it").failed(5, &["doesn't accept this secret", "--untested"]);
    let shown = stage.jeton(&["clients", "show", "box", "--json"]).succeeded().stdout;
    assert_eq!(shown.matches("client-secret").count(), 1, "{shown}");
    // Kept beforehand, it takes over as soon as the service knows it alone.
    stage.jeton_with_input(&[&ADD[..], &["--untested"]].concat(), "the-next-secret").succeeded();
    stage.jeton(&["refresh", "work-box"]).succeeded();
    stage.service_accepts("the-next-secret");
    stage.jeton(&["refresh", "work-box"]).succeeded();
    let ran = stage.jeton(&["clients", "secret", "drop-old", "box"]).succeeded();
    assert!(ran.stderr.contains("Dropped a secret"), "{ran:?}");
    stage.jeton(&["refresh", "work-box"]).succeeded();
    let ran = stage.jeton(&["clients", "secret", "drop-old", "box"]).succeeded();
    assert!(ran.stderr.contains("nothing was dropped"), "{ran:?}");

    // Without a word to Jeton: it says so, and is told the new one.
    stage.service_accepts("another-secret");
    stage.jeton(&["refresh", "work-box"]).failed(5, &["work-box"]);
    let ran = stage.jeton_with_input(&ADD, "another-secret").succeeded();
    assert!(ran.stderr.contains("the one in use now"), "{ran:?}");
    stage.jeton(&["refresh", "work-box"]).succeeded();
}

#[tokio::test]
async fn a_code_is_exchanged_once_with_the_right_secret() {
    let stage = Stage::with_client().await;
    stage.jeton_with_input(&[&ADD[..], &["--untested"]].concat(), "the-next-secret").succeeded();
    stage.service_accepts("the-next-secret");
    stage.connect(&["--name", "work-box"]).await.succeeded();
    assert_eq!(stage.codes(), 1);
    stage.jeton(&["refresh", "work-box"]).succeeded();

    stage.service_accepts("neither");
    stage.jeton(&["connect", "box", "--name", "other", "--no-browser"]).failed(5, &["none of the secrets", "clients secret add box"]);
    stage.jeton(&["clients", "secret", "drop-old", "box"]).failed(5, &["none of the secrets", "Nothing was dropped"]);
    assert_eq!(stage.codes(), 1);
    stage.service_accepts(CLIENT_SECRET);
    let connecting = stage.begin_connect(&["--name", "other"]);
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    get(back.as_str());
    connecting.finish().succeeded();
    assert_eq!(stage.codes(), 2);
}

/// Some clients of GitHub have a secret, and some none.
#[tokio::test]
async fn a_secret_that_not_every_client_has_is_asked_for_at_a_terminal() {
    let stage = Stage::empty().await;
    for (name, typed, kept) in [("with", "typed-client-secret\n", "client-secret"), ("without", "\n", "none")] {
        let shown = stage.at_a_terminal(&["clients", "add", "github", "--id", "an-id", "--name", name], typed);
        assert!(shown.contains("Enter if there is none") && shown.contains("Kept the client"), "{shown}");
        let client = stage.jeton(&["clients", "show", name]).succeeded().stdout;
        assert!(client.lines().any(|line| line.contains("secrets") && line.ends_with(kept)), "{client}");
    }
    // Where nobody can be asked it goes without.
    stage.jeton(&["clients", "add", "github", "--id", "an-id", "--name", "nobody"]).succeeded();
}
