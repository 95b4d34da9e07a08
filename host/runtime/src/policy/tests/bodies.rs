//! How the fields of a body are written.

use super::*;

#[test]
fn a_form_is_encoded_byte_for_byte() {
    let fields =
        vec![("a b".to_owned(), text("c&d=€")), ("refresh_token".to_owned(), secret("refresh-token")), ("empty".to_owned(), text(""))];
    let sent = allowed(Asked { body: Body::Form(fields), ..to("token") });
    assert_eq!(sent.body, "a+b=c%26d%3D%E2%82%AC&refresh_token=r%2Ft%2B1+secret&empty=");
    assert_eq!(sent.headers["content-type"], "application/x-www-form-urlencoded");
    let bytes = Value::Secret(Secret::new("refresh-token", [0xff, 0x00]));
    assert_eq!(allowed(with_form("token", "raw", bytes)).body, "raw=%FF%00");
}

#[test]
fn json_is_one_flat_object_encoded_byte_for_byte() {
    let fields = vec![("a\"b".to_owned(), text("c\\d\n€")), ("refresh_token".to_owned(), secret("refresh-token"))];
    let sent = allowed(Asked { body: Body::Json(fields), ..to("token") });
    assert_eq!(sent.body, r#"{"a\"b":"c\\d\n€","refresh_token":"r/t+1 secret"}"#);
    assert_eq!(sent.headers["content-type"], "application/json");
    assert_eq!(allowed(Asked { body: Body::Json(vec![]), ..to("token") }).body, "{}");
    let bytes = Value::Secret(Secret::new("refresh-token", [0xff]));
    assert_eq!(denied(with_json("token", "raw", bytes)).rule, "JSON holds text alone");
}

#[test]
fn a_json_field_with_brackets_is_an_item_of_a_list() {
    let fields = [("scope[]", "a"), ("life", "1"), ("scope[]", "b\""), ("one[]", "c")];
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
    let sent = allowed(Asked { body: Body::Json(fields), ..to("token") });
    assert_eq!(sent.body, r#"{"scope":["a","b\""],"life":"1","one":["c"]}"#);
    let bytes = Value::Secret(Secret::new("refresh-token", [0xff]));
    assert_eq!(denied(with_json("token", "raw[]", bytes)).rule, "JSON holds text alone");
    assert_eq!(denied(with_json("token", "field[]", credential("Bearer", "refresh-token"))).rule, "they belong into a header");
}

#[test]
fn credentials_belong_into_a_header() {
    for request in [with_form as fn(&str, &str, Value) -> Asked, with_json] {
        for value in [credential("Bearer", "refresh-token"), basic("u", "client-secret", SECRET)] {
            assert_eq!(denied(request("token", "field", value)).to_string(), "credentials in the field `field`: they belong into a header");
        }
    }
}
