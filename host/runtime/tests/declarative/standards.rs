//! What the RFCs ask of a client, where the real command can't show it.

use jeton_runtime::ErrorKind;

use crate::service::Service;
use crate::{acme_at, begin, client, refused};

/// The implicit grant's answer (RFC 6749, 4.2.2), or what somebody made of a stolen token: it isn't what was asked for.
#[tokio::test]
async fn a_token_in_the_browsers_address_is_no_answer() {
    let provider = acme_at(&Service::silent(), "").await;
    let (_, flow) = begin(&provider, &[]).await;
    let returned = flow.returned(&format!("access_token=stolen-1&token_type=bearer&state={}", flow.state.reveal_text().unwrap())).unwrap();
    let error = refused(provider.resume(&client(), &flow, &returned).await);
    assert_eq!((error.kind, error.description.as_deref()), (ErrorKind::Other, Some("The service sent the browser back without a code")));
}
