//! Which requests show the client's certificate.

use super::*;

/// It isn't asked for, and can't be asked for: the endpoint's line decides, and the client must have one.
#[test]
fn a_certificate_is_shown_to_the_endpoints_that_say_so_and_to_no_other() {
    let secrets = "[secrets.certificate]\nname = \"Certificate\"\n[secrets.private-key]\nname = \"Key\"\n";
    let source = format!("{}\nclient-certificate = true\n\n{secrets}", ACME.trim_end());
    assert!(source.contains("url = \"https://acme.com/open\"\nclient-certificate = true"));
    let manifest = Manifest::parse(&source).unwrap();
    let secret = |kind: &str| (kind.to_owned(), Secret::new(kind, SECRET));
    let client = crate::Client { secrets: [secret("certificate"), secret("private-key")].into(), ..crate::Client::default() };
    let identity = Identity::of(&manifest, &client).unwrap();
    let settings = BTreeMap::from([("tenant".to_owned(), "eu".to_owned())]);
    let shown = |identity: Option<&Identity>, name| judge(&manifest, &settings, identity, to(name), MEASURE).unwrap().0.identity.is_some();
    assert!(shown(identity.as_ref(), "open") && !shown(identity.as_ref(), "token") && !shown(identity.as_ref(), "api"));
    assert!(!shown(None, "open"));
    // A manifest that shows it to nobody has none of it, and half of one is a mistake that is told.
    assert!(Identity::of(&Manifest::parse(&source.replace("client-certificate = true", "")).unwrap(), &client).unwrap().is_none());
    for half in ["certificate", "private-key"] {
        let client = crate::Client { secrets: [secret(half)].into(), ..crate::Client::default() };
        let error = Identity::of(&manifest, &client).unwrap_err();
        assert!(error.hint().unwrap().contains("--secret certificate=FILE --secret private-key=FILE"), "{error}");
    }
    assert!(Identity::of(&manifest, &crate::Client::default()).unwrap().is_none());
    assert!(!format!("{:?}", judge(&manifest, &settings, identity.as_ref(), to("open"), MEASURE).unwrap().0).contains(SECRET));
}
