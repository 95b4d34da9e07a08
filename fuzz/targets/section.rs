//! A component file and the custom section in it: read twice, once as a whole file of anybody's, once as the section of a good one.

#![no_main]

use jeton_fuzz::{assert_presentable, contains};
use jeton_runtime::{Error, Inspection, Manifest, SECTION, inspect};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

const LARGEST: usize = 1 << 20;
const INTERFACES: [&str; 9] = ["secrets", "client", "http", "callback", "crypto", "storage", "clock", "random", "log"];

fuzz_target!(|bytes: &[u8]| {
    match inspect(bytes, LARGEST) {
        Ok(inspection) => accepted(bytes, &inspection),
        Err(error) => refused(&error),
    }
    as_a_section(bytes);
});

fn accepted(file: &[u8], inspection: &Inspection) {
    let Inspection { manifest, source, digest, imports } = inspection;
    assert_eq!(*digest, <[u8; 32]>::from(Sha256::digest(file)));
    assert!(contains(file, SECTION.as_bytes()) && contains(file, source.as_bytes()));
    assert_eq!(format!("{:?}", Manifest::parse(source).unwrap()), format!("{manifest:?}"));
    for import in imports {
        assert_presentable(import);
        let ours = import
            .strip_prefix("jeton:provider/")
            .and_then(|rest| rest.split_once("@0.1."))
            .is_some_and(|(name, _)| INTERFACES.contains(&name));
        assert!(ours || manifest.stub_wasi && import.starts_with("wasi:"), "{import:?} is not lent");
    }
    assert!(inspect(file, file.len() - 1).is_err(), "a file above the limit is taken");
    // A second manifest could be another one: the file is then nobody's.
    refused(&inspect(&[file, &section(SECTION, source.as_bytes())].concat(), LARGEST << 2).unwrap_err());
}

fn refused(error: &Error) {
    assert_presentable(&error.to_string());
    assert_presentable(&error.hint().unwrap_or_default());
}

/// In a good file the section decides: it is taken exactly if it is a manifest.
fn as_a_section(bytes: &[u8]) {
    let whole = [good(), section("another", b"nothing"), section(SECTION, bytes)].concat();
    let parsed = std::str::from_utf8(bytes).ok().map(Manifest::parse);
    match (inspect(&whole, LARGEST << 1), parsed) {
        (Ok(inspection), Some(Ok(manifest))) => {
            assert_eq!(format!("{manifest:?}"), format!("{:?}", inspection.manifest));
            assert_eq!(inspection.source.as_bytes(), bytes);
            assert_eq!(inspection.imports, ["jeton:provider/clock@0.1.0"]);
        }
        (Err(error), None | Some(Err(_))) => refused(&error),
        (Ok(_), _) => panic!("a section is taken that is no manifest"),
        (Err(error), _) => panic!("a manifest is refused: {error}"),
    }
}

/// A component that imports `clock` and exports an empty `provider`: what can be seen of one without compiling it.
fn good() -> Vec<u8> {
    let name = |text: &str| [&[0, text.len() as u8], text.as_bytes()].concat();
    let types = raw(7, &[1, 0x42, 0]);
    let imports = raw(10, &[&[1][..], &name("jeton:provider/clock@0.1.0"), &[5, 0]].concat());
    let exports = raw(11, &[&[1][..], &name("jeton:provider/provider@0.1.0"), &[5, 0, 0]].concat());
    [&b"\0asm\x0d\0\x01\0"[..], &types, &imports, &exports].concat()
}

fn section(name: &str, content: &[u8]) -> Vec<u8> {
    raw(0, &[&[name.len() as u8][..], name.as_bytes(), content].concat())
}

fn raw(id: u8, content: &[u8]) -> Vec<u8> {
    let mut all = vec![id];
    let mut length = content.len();
    while length >= 0x80 {
        all.push(length as u8 | 0x80);
        length >>= 7;
    }
    all.push(length as u8);
    all.extend_from_slice(content);
    all
}
