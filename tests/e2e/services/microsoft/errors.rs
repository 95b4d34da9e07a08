//! The whole of Microsoft's table of errors (`providers.md` 4.5), at every grant: what each number means, and what it says to do.

use jeton_emulator::Decision;
use jeton_emulator::microsoft_service::Refusal;

use super::Scene;
use crate::stage::{Ran, get};

/// What happens, as the command's exit code and first words, for which numbers, with which words of advice.
const TABLE: &[(i32, &str, &[u32], &str)] = &[
    (3, AGAIN, &[70000, 70008, 70043, 50089, 50132, 50133, 50173, 54005, 501_481, 700_005, 50058, 16000, 50013], "Sign in again"),
    (3, AGAIN, &[700_082], "jeton refresh"),
    (3, AGAIN, &[700_084], "Mobile and desktop applications"),
    (3, AGAIN, &[50072, 50074, 50076, 50078, 50079], "second factor"),
    (3, AGAIN, &[70018, 70019, 90120, 50134], "for a new code"),
    (3, AGAIN, &[500_131], "own API"),
    (3, DECLINED, &[53000, 53001, 53003, 50131], "Conditional Access"),
    (3, DECLINED, &[65004], "grant access"),
    (3, DECLINED, &[50020], "an account that the client's tenant has"),
    (5, ADMINISTRATOR, &[65001, 90094, 65005, 650_056], "/adminconsent?client_id="),
    (5, ADMINISTRATOR, &[90095], "when the administrator has allowed the app"),
    (5, ADMINISTRATOR, &[50105], "Users and groups"),
    (5, REDIRECT, &[50011, 500_112, 900_971], "http://localhost/"),
    (5, CLIENT, &[9_002_326, 9_002_327], "Mobile and desktop applications"),
    (5, CLIENT, &[70002, 7_000_215], "not its Secret ID"),
    (5, CLIENT, &[7_000_222], "Make a new secret"),
    (5, CLIENT, &[700_027, 700_030, 50012, 50048], "Certificates & secrets"),
    (5, CLIENT, &[700_024], "clock"),
    (5, CLIENT, &[70021, 700_211, 700_212, 700_213], "Federated credentials"),
    (5, CLIENT, &[700_025], "without secret and certificate"),
    (5, CLIENT, &[7_000_218], "Allow public client flows"),
    (5, CLIENT, &[700_016, 700_011], "setting tenant"),
    (5, CLIENT, &[70001, 7_000_112], "switched off"),
    (5, CLIENT, &[50194, 9_001_023], "--set tenant= and"),
    (5, CLIENT, &[9_002_332], "tenant=organizations"),
    (5, CLIENT, &[9_002_331], "tenant=consumers"),
    (5, CLIENT, &[90002, 50059, 90019], "setting tenant"),
    (5, CLIENT, &[90038], "login-host"),
    (5, CLIENT, &[500_011, 50001, 650_057], "API permissions"),
    (3, SCOPE, &[1_002_012], "ends in /.default"),
    (3, SCOPE, &[70011, 28000, 28002, 28003, 700_022, 700_023], "one resource"),
    (4, LATER, &[90033, 90006, 90024, 70012, 50033, 90090], "nothing was lost"),
    (4, WAIT, &[90055, 50196], "nothing was lost"),
    // Mistakes of whoever wrote the request: nobody else can do anything.
    (1, REFUSED, &[900_144, 90014, 901_002, 9_002_313, 50147, 501_491, 900_561, 90056, 70003, 70005, 700_054], ""),
];

const AGAIN: &str = "the service no longer accepts this sign-in";
const DECLINED: &str = "access was declined";
const ADMINISTRATOR: &str = "an administrator of the service must approve the app first";
const REDIRECT: &str = "the service doesn't know this redirect URI";
const CLIENT: &str = "the service doesn't accept the client registration";
const SCOPE: &str = "the connection lacks a scope";
const LATER: &str = "the service is not available at the moment";
const WAIT: &str = "the service asks to wait";
const REFUSED: &str = "the service refused";

/// A device's pending is no error.
const PENDING: u32 = 70016;

fn rows() -> impl Iterator<Item = (i32, &'static str, u32, &'static str)> {
    TABLE.iter().flat_map(|(exit, says, numbers, advice)| numbers.iter().map(|number| (*exit, *says, *number, *advice)))
}

#[track_caller]
fn check(ran: &Ran, (exit, says, number, advice): (i32, &str, u32, &str)) {
    assert_eq!(ran.code, exit, "AADSTS{number}: {ran:?}");
    for words in [says, &format!(": AADSTS{number}: "), "[correlation id ", advice] {
        assert!(ran.stderr.contains(words), "AADSTS{number} doesn't say {words:?}: {ran:?}");
    }
    assert!(!ran.stderr.contains("Trace ID") && !ran.stderr.contains('\u{fffd}'), "AADSTS{number}: {ran:?}");
}

#[test]
fn every_number_of_the_table_has_its_row() {
    let mut known: Vec<_> = Refusal::known().filter(|number| *number != PENDING).collect();
    let mut tested: Vec<_> = rows().map(|(_, _, number, _)| number).collect();
    known.sort_unstable();
    tested.sort_unstable();
    assert_eq!(tested, known);
}

#[tokio::test]
async fn at_client_credentials() {
    let scene = Scene::machine().await;
    for row in rows() {
        scene.microsoft().refuse_next(Refusal::aadsts(row.2));
        check(&scene.act(&[]), row);
    }
    assert_eq!(scene.stage.jeton(&["list", "--json"]).succeeded().stdout.trim(), "[]");
}

#[tokio::test]
async fn at_the_exchange_of_a_code() {
    let scene = Scene::native().await;
    for row in rows() {
        let connecting = scene.begin(&[]);
        let back = scene.stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
        scene.microsoft().refuse_next(Refusal::aadsts(row.2));
        get(back.as_str());
        check(&connecting.finish(), row);
    }
    assert_eq!(scene.stage.jeton(&["list", "--json"]).succeeded().stdout.trim(), "[]");
}

#[tokio::test]
async fn at_a_refresh() {
    let scene = Scene::connected().await;
    for row in rows() {
        scene.microsoft().refuse_next(Refusal::aadsts(row.2));
        check(&scene.stage.jeton(&["refresh", "one"]), row);
        // What ends a connection, or lets it wait, is over with the next sign-in.
        let stands = scene.stage.jeton(&["list", "--json"]).succeeded().stdout;
        let ended = row.1 == AGAIN;
        assert_eq!(stands.contains("\"reauthorize\""), ended, "AADSTS{}: {stands}", row.2);
        if ended || row.0 == 4 {
            scene.connect(&["--replace"]).await.succeeded();
        }
    }
}

#[tokio::test]
async fn at_a_devices_poll() {
    // A service in trouble is asked again: that has a test of its own. The others run side by side, since each waits a second.
    let rows: Vec<_> = rows().filter(|row| row.0 != 4).collect();
    let mut under_way = tokio::task::JoinSet::new();
    for part in rows.chunks(rows.len().div_ceil(8)) {
        let part = part.to_vec();
        under_way.spawn(async move {
            let scene = Scene::native().await;
            for row in part {
                scene.code("common").await;
                scene.microsoft().refuse_next(Refusal::aadsts(row.2));
                let child = scene.stage.command(&["connect", "microsoft", "--device"]).spawn().unwrap();
                let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
                check(&output.into(), row);
            }
        });
    }
    while let Some(done) = under_way.join_next().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn a_number_that_comes_with_another_error_means_the_same() {
    let scene = Scene::machine().await;
    for (number, error) in [
        (50076, "invalid_grant"),
        (53003, "invalid_grant"),
        (65001, "invalid_grant"),
        (90094, "consent_required"),
        (50058, "login_required"),
    ] {
        scene.microsoft().refuse_next(Refusal::aadsts(number).with_error(error).suberror("basic_action"));
        let row = rows().find(|row| row.2 == number).unwrap();
        check(&scene.act(&[]), row);
    }
}

#[tokio::test]
async fn a_number_that_nobody_knows_means_what_its_error_means() {
    let scene = Scene::machine().await;
    for (error, suberror, exit, says) in [
        ("invalid_grant", None, 3, AGAIN),
        ("interaction_required", None, 3, AGAIN),
        ("login_required", None, 3, AGAIN),
        ("interaction_required", Some("additional_action"), 3, AGAIN),
        ("interaction_required", Some("message_only"), 3, AGAIN),
        ("invalid_grant", Some("user_password_expired"), 3, AGAIN),
        ("invalid_grant", Some("bad_token"), 3, AGAIN),
        ("invalid_grant", Some("token_expired"), 3, AGAIN),
        ("invalid_grant", Some("device_authentication_failed"), 3, AGAIN),
        ("invalid_grant", Some("protection_policy_required"), 3, AGAIN),
        ("invalid_grant", Some("client_mismatch"), 3, AGAIN),
        ("interaction_required", Some("basic_action"), 3, AGAIN),
        ("interaction_required", Some("consent_required"), 5, ADMINISTRATOR),
        ("invalid_grant", Some("consent_required"), 5, ADMINISTRATOR),
        ("consent_required", None, 5, ADMINISTRATOR),
        ("invalid_client", None, 5, CLIENT),
        ("unauthorized_client", None, 5, CLIENT),
        ("invalid_resource", None, 5, CLIENT),
        ("invalid_scope", None, 3, SCOPE),
        ("access_denied", None, 3, DECLINED),
        ("temporarily_unavailable", None, 4, LATER),
        ("server_error", None, 4, LATER),
        ("invalid_request", None, 1, REFUSED),
    ] {
        let refusal = Refusal::aadsts(999_999).with_error(error);
        scene.microsoft().refuse_next(match suberror {
            Some(suberror) => refusal.suberror(suberror),
            None => refusal,
        });
        let ran = scene.act(&[]);
        assert_eq!(ran.code, exit, "{error} {suberror:?}: {ran:?}");
        for words in [says, "AADSTS999999: ", error, "[correlation id "] {
            assert!(ran.stderr.contains(words), "{error} {suberror:?} doesn't say {words:?}: {ran:?}");
        }
    }
}

/// Those that Microsoft's own libraries tell their apps about, and those that they keep to themselves.
#[tokio::test]
async fn what_a_suberror_asks_of_the_person_is_said_and_the_others_are_not() {
    let scene = Scene::machine().await;
    for (suberror, says) in [
        ("user_password_expired", "Change the account's password"),
        ("additional_action", "outside of the sign-in"),
        ("message_only", "nothing here can change it"),
    ] {
        scene.microsoft().refuse_next(Refusal::aadsts(999_999).with_error("interaction_required").suberror(suberror));
        scene.act(&[]).failed(3, &["The request failed. ", says, "[correlation id "]);
    }
    for suberror in ["bad_token", "token_expired", "protection_policy_required", "client_mismatch", "device_authentication_failed"] {
        scene.microsoft().refuse_next(Refusal::aadsts(999_999).with_error("invalid_grant").suberror(suberror));
        scene.act(&[]).failed(3, &["The request failed. [correlation id "]);
    }
}

#[tokio::test]
async fn a_number_that_stands_in_the_list_alone_counts() {
    let scene = Scene::machine().await;
    for (exit, says, number, advice) in rows() {
        scene.microsoft().refuse_next(Refusal::aadsts(number).listed_only());
        let ran = scene.act(&[]);
        assert!(ran.code == exit && !ran.stderr.contains("AADSTS"), "{number}: {ran:?}");
        for words in [says, advice, "[correlation id "] {
            assert!(ran.stderr.contains(words), "{number} doesn't say {words:?}: {ran:?}");
        }
    }
}
