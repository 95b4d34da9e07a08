//! Lifetimes, in every form that services write them.

use std::time::Duration;

use crate::service::Service;
use crate::{box_at, client, current};

const TEN_YEARS: u64 = 10 * 365 * 24 * 60 * 60;

#[tokio::test]
async fn expires_in_is_read_in_every_form_and_nonsense_is_no_lifetime() {
    for (written, seconds) in [
        ("3600", Some(3600)),
        ("\"3600\"", Some(3600)),
        ("3600.5", Some(3600)),
        ("\"3599.9\"", Some(3599)),
        ("3.6e3", Some(3600)),
        ("1", Some(1)),
        ("315360001", Some(TEN_YEARS)),
        ("18446744073709551615", Some(TEN_YEARS)),
        ("null", None),
        ("0", None),
        ("0.5", None),
        ("\"\"", None),
        ("-1", None),
        ("-0", None),
        ("\"-3600\"", None),
        ("18446744073709551616", None),
        ("\"18446744073709551616\"", None),
        ("1e300", None),
        ("1.5e-7", None),
        ("\"soon\"", None),
        ("\"3600 seconds\"", None),
        ("true", None),
        ("[3600]", None),
        ("{\"seconds\":3600}", None),
    ] {
        let service =
            Service::always(200, &[], format!(r#"{{"access_token":"a","expires_in":{written},"refresh_token_expires_in":{written}}}"#));
        let tokens = box_at(&service).await.refresh(&client(), &current()).await.unwrap();
        let expected = seconds.map(Duration::from_secs);
        assert_eq!((tokens.expires_in, tokens.refresh_expires_in), (expected, expected), "{written}");
    }
    let absent = Service::always(200, &[], r#"{"access_token":"a"}"#);
    assert_eq!(box_at(&absent).await.refresh(&client(), &current()).await.unwrap().expires_in, None);
}
