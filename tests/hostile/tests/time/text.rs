//! Components in text form. They do their harm when they are started, so what they export needs no more than the contract's names.

use jeton_hostile::Service;
use jeton_runtime::{Error, Limits, Provider, SECTION};

const MANIFEST: &str = include_str!("../../attempts/hostile.toml");

/// A component file. `PROVIDER` in its text stands for an export that looks like a provider.
pub(crate) fn component(text: &str) -> Vec<u8> {
    let names = ["begin", "resume", "refresh", "revoke", "identify", "authenticate", "judge"];
    let exports: String = names.iter().map(|name| format!("(export \"{name}\" (func $nothing))")).collect();
    let provider = format!(
        r#"(core module $nothing (func (export "nothing"))) (core instance $nothing (instantiate $nothing))
        (func $nothing (canon lift (core func $nothing "nothing")))
        (instance $provider {exports}) (export "jeton:provider/provider@0.1.0" (instance $provider))"#
    );
    let mut file = wat::parse_str(text.replace("PROVIDER", &provider)).unwrap();
    let section = [&leb(SECTION.len()), SECTION.as_bytes(), MANIFEST.as_bytes()].concat();
    file.push(0);
    file.extend(leb(section.len()));
    file.extend(section);
    file
}

/// Loads it, with limits that it meets soon.
pub(crate) async fn load(text: &str, limits: Limits) -> Result<Provider, Error> {
    jeton_hostile::runtime_with(&Service::silent(), Limits { calls: 2, ..limits }).load(component(text)).await
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = vec![];
    while number > 0x7f {
        bytes.push(number as u8 & 0x7f | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
