//! Texts that reach a person: they are shown, not obeyed.

use jeton_hostile::{client, component, current};
use jeton_runtime::{Error, GrantKind, Step};

use crate::{MANIFEST, asking, breach, file, hostile, refusal, telling, text};

/// What a terminal obeys, what hides or reorders text, and what begins a line of its own.
const OBEYED: [&str; 12] = [
    "\u{1b}[2J\u{1b}[1;1H",
    "\u{1b}]8;;https://evil.example\u{7}here\u{1b}]8;;\u{7}",
    "\u{1b}]52;c;ZXZpbA==\u{7}",
    "\u{1b}P+q\u{1b}\\",
    "\u{9b}31m",
    "fine\r\nError: none",
    "fine\nfine",
    "\u{8}\u{8}\u{8}\u{7f}",
    "\u{202e}evil\u{2066}\u{2069}",
    "\u{200e}\u{200f}\u{61c}",
    "\u{2028}\u{2029}\u{85}",
    "\u{feff}\0\u{e0001}",
];

/// Nothing of that is left, and a person sees that there was something.
fn assert_plain(shown: &str, of: &str) {
    let obeyed =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    let obeyed = |c: char| obeyed(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{e0001}');
    assert!(!shown.chars().any(obeyed), "{of:?} is shown as {shown:?}");
    assert!(shown.contains('\u{fffd}'), "{of:?} is shown as {shown:?}");
}

#[tokio::test]
pub(crate) async fn writes_to_the_terminal() {
    let provider = hostile(component!("contract", "writes_to_the_terminal")).await;
    let begin =
        async |said: &[(&str, &str)], kind| provider.begin(&client(), &asking(kind, said), &"http://127.0.0.1/callback".to_owned()).await;
    for text in OBEYED {
        let words = [("text", text)];
        let account = provider.identify(&client(), &telling(&words)).await.unwrap();
        let (name, value) = account.extras.into_iter().next().unwrap();
        for shown in [account.id, account.login.unwrap(), account.name.unwrap(), name, value] {
            assert_plain(&shown, text);
        }
        let tokens = provider.refresh(&client(), &telling(&words)).await.unwrap();
        let (name, value) = tokens.extras.into_iter().next().unwrap();
        for shown in [tokens.scope.unwrap(), name, value] {
            assert_plain(&shown, text);
        }
        let error = provider.revoke(&client(), &telling(&words)).await.unwrap_err();
        assert_plain(&error.to_string(), text);
        let Error::Service(error) = error else { panic!("{error:?}") };
        assert_plain(&error.code.unwrap(), text);
        assert_plain(&error.description.unwrap(), text);
        // The words of a panic, which go through the log.
        let last_words = breach(provider.authenticate(&client(), &telling(&words), &vec![]).await);
        assert!(last_words.starts_with("broke off: "), "{last_words}");
        assert_plain(&last_words, text);
        let Step::EnterCode(prompt) = begin(&words, GrantKind::DeviceCode).await.unwrap() else { panic!() };
        assert_plain(&prompt.user_code, text);
        for place in ["endpoint", "parameter"] {
            let error = begin(&[("as", place), ("text", text)], GrantKind::AuthorizationCode).await.unwrap_err();
            assert!(matches!(error, Error::Denied(_)), "{error:?}");
            assert_plain(&error.to_string(), text);
            assert!(!error.hint().unwrap().chars().any(char::is_control), "{error:?}");
        }
    }
    // Long is cut, too.
    let long = "x".repeat(100_000);
    let account = provider.identify(&client(), &telling(&[("text", &long)])).await.unwrap();
    assert_eq!(account.name.unwrap(), format!("{}…", "x".repeat(500)));
    let shown = provider.identify(&client(), &telling(&[("text", "Zoë 👩\u{200d}🚀")])).await.unwrap().name;
    assert_eq!(shown.as_deref(), Some("Zoë 👩\u{200d}🚀"));
    assert!(provider.refresh(&client(), &current()).await.is_ok());
}

/// A file's names are shown before anything of it is checked.
#[tokio::test]
pub(crate) async fn names_things_with_escapes() {
    let component = wat::parse_str(text!("names_things_with_escapes")).unwrap();
    let (what, _) = refusal(file::carrying(MANIFEST, &component)).await;
    assert_plain(&what, "the names of imports");
    assert!(what.contains("The provider is fine.") && what.contains("ilc/tixe"), "{what}");
    // And deep inside, where the compiler quotes them.
    let inner = r#"(core module $m (import "\1b[2J" "\07" (func)) (export "\1b]0;x\07" (func 0))) (core instance (instantiate $m))"#;
    // Two steps, since the text form's own checks aren't what is tried here.
    let (what, _) = refusal(file::exporting(inner)).await;
    assert!(!what.chars().any(char::is_control), "{what:?}");
    assert!(what.contains("[2J"), "{what:?}");
}
