//! Whether a client fits a manifest.

use std::collections::BTreeMap;

use jeton_runtime::{Client, Error, Manifest, Secret};

use crate::ACME;

fn client(settings: &[(&str, &str)], secrets: &[&str]) -> Client {
    Client {
        id: "app-1".to_owned(),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        secrets: secrets.iter().map(|kind| ((*kind).to_owned(), Secret::new(*kind, "hunter2-secret"))).collect(),
    }
}

fn refusal(manifest: &str, client: &Client) -> (String, String) {
    let error = Manifest::parse(manifest).unwrap().settings_of(client).unwrap_err();
    assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
    (error.to_string(), error.hint().unwrap())
}

#[test]
fn a_client_that_fits_has_its_settings_and_the_defaults_of_the_others() {
    let manifest = Manifest::parse(ACME).unwrap();
    let tenant = |value: &str| BTreeMap::from([("tenant".to_owned(), value.to_owned())]);
    assert_eq!(manifest.settings_of(&client(&[], &["client-secret"])).unwrap(), tenant("main"));
    assert_eq!(manifest.settings_of(&client(&[("tenant", "acme")], &["client-secret", "app-key"])).unwrap(), tenant("acme"));
}

#[test]
fn what_does_not_fit_is_named_with_what_would() {
    let no_default = ACME.replace("default = \"main\"\n", "");
    for (manifest, client, what, hint) in [
        (&*no_default, client(&[], &["client-secret"]), "Acme needs the setting `tenant`", "--set tenant="),
        (ACME, client(&[("region", "eu")], &["client-secret"]), "Acme has no setting `region`", "tenant"),
        (ACME, client(&[("tenant", "ACME")], &["client-secret"]), "the setting `tenant` doesn't match", "Tenant"),
        (ACME, client(&[("tenant", "")], &["client-secret"]), "the setting `tenant` doesn't match", "Tenant"),
        (ACME, client(&[("tenant", "acme\n")], &["client-secret"]), "the setting `tenant` doesn't match", "Tenant"),
        (ACME, client(&[("tenant", "acme/x")], &["client-secret"]), "the setting `tenant` doesn't match", "Tenant"),
        (ACME, client(&[], &[]), "Acme needs the Client Secret of the client", "client-secret"),
        (ACME, client(&[], &["app-key"]), "Acme needs the Client Secret of the client", "client-secret"),
        (ACME, client(&[], &["client-secret", "password"]), "Acme has no secret `password`", "app-key, client-secret"),
    ] {
        let (said, hinted) = refusal(manifest, &client);
        assert!(said.contains(what), "{said:?} doesn't say {what:?}");
        assert!(hinted.contains(hint), "{hinted:?} doesn't say {hint:?}");
    }
}

#[test]
fn a_pattern_means_the_whole_value_even_with_alternatives() {
    let manifest = ACME.replace("pattern = \"[a-z]+\"", "pattern = \"main|eu\"");
    for value in ["mainx", "xeu", "main.evil.example"] {
        let (said, _) = refusal(&manifest, &client(&[("tenant", value)], &["client-secret"]));
        assert!(said.contains("doesn't match"), "{value}: {said}");
    }
}

#[test]
fn a_setting_with_values_is_one_of_them_and_what_stands_for_it_is_put_in() {
    let manifest = ACME.replace("pattern = \"[a-z]+\"", "values = { main = \"eu.acme\", other = \"us.acme\" }");
    assert_ne!(manifest, ACME);
    let manifest = Manifest::parse(&manifest).unwrap_or_else(|problems| panic!("{problems}"));
    let settings = |client: Client| manifest.settings_of(&client).map(|settings| settings["tenant"].clone());
    assert_eq!(settings(client(&[], &["client-secret"])).unwrap(), "eu.acme");
    assert_eq!(settings(client(&[("tenant", "other")], &["client-secret"])).unwrap(), "us.acme");
    for value in ["us.acme", "Main", "main\n", "", "ma.n"] {
        let said = settings(client(&[("tenant", value)], &["client-secret"])).unwrap_err().to_string();
        assert_eq!(said, "the setting `tenant` must be one of main (as eu.acme), other (as us.acme)", "{value:?}");
    }
    for (line, says) in [
        ("values = { main = \"a\" }\npattern = \"[a-z]+\"", "values and a pattern"),
        ("values = { other = \"a\" }", "the default of `tenant` doesn't match"),
        ("values = [1]", "is a"),
    ] {
        let problems = Manifest::parse(&ACME.replace("pattern = \"[a-z]+\"", line)).unwrap_err().to_string();
        assert!(problems.contains(says), "{line}: {problems}");
    }
}
