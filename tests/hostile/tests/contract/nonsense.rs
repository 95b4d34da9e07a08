//! Values that fit the contract's types and mean nothing.

use std::time::Duration;

use jeton_hostile::{client, component, current};
use jeton_runtime::{ApiAnswer, Error, GrantKind, Step, Verdict};

use crate::{asking, breach, hostile, telling};

const TEN_YEARS: u64 = 10 * 365 * 24 * 60 * 60;

/// Negative numbers, 2^64 and their neighbours: ten years is the longest that anything lasts, and a second the shortest wait.
#[tokio::test]
pub(crate) async fn returns_nonsense_lifetimes() {
    let provider = hostile(component!("contract", "returns_nonsense_lifetimes")).await;
    for (seconds, lasts) in [
        (u64::MAX, TEN_YEARS),
        (-1_i64 as u64, TEN_YEARS),
        (-3600_i64 as u64, TEN_YEARS),
        (i64::MAX as u64, TEN_YEARS),
        (i64::MIN as u64, TEN_YEARS),
        (u64::MAX / 1000, TEN_YEARS),
        (TEN_YEARS + 1, TEN_YEARS),
        (TEN_YEARS, TEN_YEARS),
        (1, 1),
        (0, 0),
    ] {
        let (said, lasts) = (seconds.to_string(), Duration::from_secs(lasts));
        let wait = lasts.max(Duration::from_secs(1));
        let tokens = provider.refresh(&client(), &telling(&[("seconds", &said)])).await.unwrap();
        assert_eq!((tokens.expires_in, tokens.refresh_expires_in), (Some(lasts), Some(lasts)), "{said}");
        let grant = asking(GrantKind::DeviceCode, &[("seconds", &said)]);
        let step = provider.begin(&client(), &grant, &"http://127.0.0.1/callback".to_owned()).await.unwrap();
        let Step::EnterCode(prompt) = step else { panic!("{step:?}") };
        assert_eq!((prompt.expires_in, prompt.interval), (lasts, Some(wait)), "{said}");
        let step = provider.poll(&client(), &grant, &prompt.device_code).await.unwrap();
        assert!(matches!(step, Step::Pending(Some(next)) if next == wait), "{said}: {step:?}");
        let error = provider.revoke(&client(), &telling(&[("seconds", &said)])).await.unwrap_err();
        let Error::Service(error) = error else { panic!("{error:?}") };
        assert_eq!(error.retry_after, Some(lasts), "{said}");
        // Whatever it is, a clock can be asked for the time then.
        for lasts in [lasts, wait] {
            assert!(std::time::SystemTime::now().checked_add(lasts).is_some() && std::time::Instant::now().checked_add(lasts).is_some());
        }
    }
    let answer = ApiAnswer { endpoint: "token".to_owned(), status: 429, headers: http::HeaderMap::new(), body: vec![] };
    let verdict = provider.judge(answer, &current()).await.unwrap();
    assert_eq!(verdict, Verdict::RateLimited(Some(Duration::from_secs(TEN_YEARS))));
}

/// A secret is what the host took it for, whatever a component calls it: what isn't an access token goes to no API.
#[tokio::test]
pub(crate) async fn returns_other_secrets() {
    let provider = hostile(component!("contract", "returns_other_secrets")).await;
    for (said, what) in [
        ("client secret as access token", "returned the client-secret as access-token"),
        ("client secret as refresh token", "returned the client-secret as refresh-token"),
        ("client secret as id token", "returned the client-secret as id-token"),
        ("refresh token as access token", "returned the refresh-token as access-token"),
        ("access token as refresh token", "returned the access-token as refresh-token"),
        ("many extras", "returned more than 32 extras"),
    ] {
        assert_eq!(breach(provider.refresh(&client(), &telling(&[("as", said)])).await), what);
    }
    assert_eq!(breach(provider.identify(&client(), &current()).await), "returned more than 32 extras");
    let begun = provider.begin(&client(), &asking(GrantKind::DeviceCode, &[]), &"http://127.0.0.1/callback".to_owned()).await;
    assert_eq!(breach(begun), "returned the access-token as device-code");
    let tokens = provider.refresh(&client(), &current()).await.unwrap();
    assert_eq!((tokens.access.reveal(), tokens.refresh.unwrap().reveal()), (&b"issued-access"[..], &b"issued-refresh"[..]));
}
