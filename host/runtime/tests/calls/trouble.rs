//! No answer, or none that may be had: the reason reaches the caller as it is, whatever the component makes of it.

use jeton_runtime::{Denial, Error, Limits, Remedy, TransportError};

use crate::service::Service;
use crate::{box_at, client, current, load};

#[tokio::test]
async fn a_service_that_can_not_be_reached_is_told_as_what_it_is() {
    for (why, said) in [
        ((|| TransportError::Timeout) as fn() -> TransportError, "the service didn't answer in time"),
        (|| TransportError::TooLarge, "the service's answer is too large"),
        (|| TransportError::Unreachable("can't connect to api.box.com: refused".to_owned()), "can't connect to api.box.com: refused"),
    ] {
        let provider = box_at(&Service::failing(why)).await;
        let errors = [
            provider.refresh(&client(), &current()).await.unwrap_err(),
            provider.revoke(&client(), &current()).await.unwrap_err(),
            provider.identify(&client(), &current()).await.unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
            assert_eq!((error.to_string().as_str(), error.remedy()), (said, Remedy::Retry));
            assert!(error.hint().unwrap().contains("nothing was lost"));
        }
    }
}

#[tokio::test]
async fn a_denied_address_is_told_with_the_rule_and_what_would_allow_it() {
    let denial = || Denial::new("10.0.0.1 is no public address", "not here", "--resolve");
    let error = box_at(&Service::failing(move || denial().into())).await.refresh(&client(), &current()).await.unwrap_err();
    assert_eq!((error.to_string().as_str(), error.hint().as_deref()), ("10.0.0.1 is no public address: not here", Some("--resolve")));
    assert_eq!(error.remedy(), Remedy::Denied);
}

/// Box whose token endpoint doesn't accept the client's secret: a line of the manifest is replaced by one as long.
fn box_without_client_secret() -> Vec<u8> {
    let (line, instead) =
        (r#"accepts = ["client-secret", "code", "refresh-token", "assertion", "access-token"]"#, r#"accepts = ["code", "refresh-token"]"#);
    let mut file = jeton_bundle::find("box").unwrap().component.to_vec();
    let at = file.windows(line.len()).rposition(|window| window == line.as_bytes()).unwrap();
    file[at..at + line.len()].copy_from_slice(format!("{instead:width$}", width = line.len()).as_bytes());
    file
}

#[tokio::test]
async fn a_secret_that_the_manifest_does_not_accept_is_not_sent_and_the_component_can_not_hide_it() {
    let service = Service::silent();
    let provider = load(&service, Limits { calls: 2, ..Limits::default() }, &box_without_client_secret()).await;
    let error = provider.refresh(&client(), &current()).await.unwrap_err();
    assert!(matches!(error, Error::Denied(_)), "{error:?}");
    assert_eq!(error.to_string(), "sending the client-secret to `token` in the field `client_secret`: the endpoint doesn't accept it");
    assert_eq!(error.hint().unwrap(), r#"accepts = ["code", "refresh-token", "client-secret"] in [endpoints.token] would allow it"#);
    assert!(service.sent().is_empty());
}
