//! Component files that are made for a test.

/// The manifest of components that are made from text.
pub(crate) const MANIFEST: &str = r#"id = "acme"
name = "Acme"
version = "1.0.0"
contract = "0.1"
summary = "Anvils"
grants = ["authorization-code"]

[endpoints.token]
url = "https://acme.com/token"
"#;

/// What the host looks for before it compiles: the export of the contract, with nothing in it.
pub(crate) const EXPORT: &str = r#"(instance $provider) (export "jeton:provider/provider@0.1.0" (instance $provider))"#;

/// A component with these items and the export.
pub(crate) fn exporting(items: &str) -> Vec<u8> {
    carrying(MANIFEST, &component(&format!("{items} {EXPORT}")))
}

/// A component with these items that exports the contract's functions by name, all of them of a wrong shape: that shows only in an instance.
pub(crate) fn seeming(items: &str) -> Vec<u8> {
    let functions = ["begin", "resume", "refresh", "revoke", "identify", "authenticate", "judge"];
    let exports: String = functions.iter().map(|name| format!("(export \"{name}\" (func $nothing))")).collect();
    let lifted = r#"(core module $nothing (func (export "nothing"))) (core instance $nothing (instantiate $nothing))
        (func $nothing (canon lift (core func $nothing "nothing")))"#;
    let instance = EXPORT.replacen("(instance $provider)", &format!("(instance $provider {exports})"), 1);
    carrying(MANIFEST, &component(&format!("{items} {lifted} {instance}")))
}

pub(crate) fn component(items: &str) -> Vec<u8> {
    wat::parse_str(format!("(component {items})")).unwrap()
}

/// A file with a manifest behind it.
pub(crate) fn carrying(manifest: impl AsRef<[u8]>, file: &[u8]) -> Vec<u8> {
    let mut content = text(jeton_runtime::SECTION);
    content.extend_from_slice(manifest.as_ref());
    with_section(file, 0, &content)
}

/// The bundled Box component.
pub(crate) fn box_component() -> &'static [u8] {
    jeton_bundle::find("box").unwrap().component
}

/// Box with other words of the same length in its manifest.
pub(crate) fn box_with(words: &str, instead: &str) -> Vec<u8> {
    let mut file = box_component().to_vec();
    let at = file.windows(words.len()).rposition(|window| window == words.as_bytes()).unwrap();
    let padded = format!("{instead:width$}", width = words.len());
    assert_eq!(padded.len(), words.len(), "{instead} is too long");
    file[at..at + words.len()].copy_from_slice(padded.as_bytes());
    file
}

/// A component that also imports an interface with one function, `run`.
pub(crate) fn importing(name: &str, component: &[u8]) -> Vec<u8> {
    let types = wasmparser::Validator::new().validate_all(component).unwrap().as_ref().component_type_count();
    // An instance type (0x42) of two declarations: a function type without parameters or result, and the export of such a function.
    let mut interface = vec![1, 0x42, 2, 0x01, 0x40, 0x00, 0x01, 0x00, 0x04, 0x00];
    interface.extend(text("run"));
    interface.extend([0x01, 0x00]);
    // One import of an instance (0x05) of that type.
    let mut import = vec![1, 0x00];
    import.extend(text(name));
    import.push(0x05);
    import.extend(leb(types as usize));
    with_section(&with_section(component, 7, &interface), 10, &import)
}

fn with_section(file: &[u8], id: u8, content: &[u8]) -> Vec<u8> {
    [file, &[id], &leb(content.len()), content].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&leb(text.len()), text.as_bytes()].concat()
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
