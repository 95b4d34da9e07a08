//! Files that are no component, or carry no manifest.

use jeton_runtime::{Error, Limits, inspect};

use crate::file::{EXPORT, MANIFEST, box_component, box_with, carrying, component, exporting, seeming};
use crate::{refusal, runtime, runtime_with, told};

#[tokio::test]
async fn what_is_no_component_is_called_so_with_how_to_build_one() {
    let core = wat::parse_str("(module)").unwrap();
    for (name, file) in [
        ("an empty file", vec![]),
        ("noise", (0..4096_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect()),
        ("a text", b"#!/bin/sh\necho component\n".to_vec()),
        ("its source", b"(component)".to_vec()),
        ("a magic number alone", b"\0asm".to_vec()),
        ("half of a component", box_component()[..box_component().len() / 2].to_vec()),
        ("a component without its last byte", box_component()[..box_component().len() - 1].to_vec()),
        ("a component of another encoding", [b"\0asm\x0a\0\x01\0", &box_component()[8..]].concat()),
    ] {
        let (what, hint) = refusal(file).await;
        assert!(what.starts_with("the file is not a WebAssembly component: "), "{name}: {what}");
        assert!(hint.contains("wasm32-unknown-unknown"), "{name}: {hint}");
    }
    for module in [core.clone(), carrying(MANIFEST, &core)] {
        let (what, hint) = refusal(module).await;
        assert_eq!(what, "the file is a WebAssembly module, not a component");
        assert!(hint.contains("wasm-component-ld"), "{hint}");
    }
}

#[tokio::test]
async fn a_component_that_is_not_valid_inside_is_refused_when_it_is_compiled() {
    let mut file = exporting("(core module (func (result i32) i32.const 7))");
    let at = file.windows(2).position(|window| window == [0x41, 7]).unwrap();
    file[at] = 0xff;
    let (what, _) = refusal(file).await;
    assert!(what.starts_with("the file is not a WebAssembly component: "), "{what}");
}

#[tokio::test]
async fn a_component_carries_exactly_one_manifest() {
    let (what, hint) = refusal(component(EXPORT)).await;
    assert_eq!(what, "the file carries no manifest");
    assert!(hint.contains("jeton_provider::export!"), "{hint}");
    let (what, _) = refusal(carrying(MANIFEST, &exporting(""))).await;
    assert_eq!(what, "the file carries several manifests");
    let (what, _) = refusal(carrying(MANIFEST, box_component())).await;
    assert_eq!(what, "the file carries several manifests");
}

#[tokio::test]
async fn a_manifest_that_is_not_utf_8_is_refused() {
    let (what, hint) = refusal(carrying(b"name = \"K\xf6ln\"", &component(EXPORT))).await;
    assert_eq!(what, "its manifest is not UTF-8");
    assert!(hint.contains("UTF-8"), "{hint}");
}

#[tokio::test]
async fn the_mistakes_of_a_manifest_are_told_with_their_lines_before_anything_is_compiled() {
    let manifest = MANIFEST.replace("\"0.1\"", "\"0.2\"").replace("https:", "http:");
    let error = runtime().load(carrying(manifest, &component(EXPORT))).await.unwrap_err();
    let Error::Manifest(problems) = &error else { panic!("{error:?}") };
    assert_eq!(problems.0.iter().map(|problem| problem.line).collect::<Vec<_>>(), [4, 9], "{error}");
    assert!(error.to_string().contains("line 4: this host speaks contract 0.1, not 0.2"), "{error}");
    let error = runtime().load(box_with("id = \"box\"", "id = \"BOX\"")).await.unwrap_err();
    assert!(matches!(&error, Error::Manifest(problems) if problems.0[0].line == 1), "{error}");
}

#[tokio::test]
async fn a_component_without_the_contracts_export_is_refused() {
    for file in
        [component(""), component(&EXPORT.replace("0.1.0", "0.2.0")), component(&EXPORT.replace("provider/provider", "provider/other"))]
    {
        let (what, hint) = refusal(carrying(MANIFEST, &file)).await;
        assert_eq!(what, "the component doesn't export jeton:provider/provider@0.1.0");
        assert!(hint.contains("wit/"), "{hint}");
    }
}

#[tokio::test]
async fn an_export_of_another_shape_is_refused_when_it_is_loaded() {
    let (what, hint) = refusal(exporting("")).await;
    assert!(what.starts_with("the component doesn't fit the contract: ") && what.contains("provider"), "{what}");
    assert!(hint.contains("wit/"), "{hint}");
    let (what, hint) = refusal(seeming("")).await;
    assert!(what.starts_with("the component doesn't fit the contract: "), "{what}");
    assert!(hint.contains("wit/"), "{hint}");
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_unread() {
    let limited = |component| runtime_with(Limits { component, ..Limits::default() });
    let (what, hint) = told(limited(1 << 20).load(vec![0; (1 << 20) + 1]).await);
    assert_eq!(what, "the file is larger than 1 MiB");
    assert!(hint.contains("strip"), "{hint}");
    let (what, _) = told(limited(60 << 10).load(vec![0; (60 << 10) + 1]).await);
    assert_eq!(what, "the file is larger than 60 KiB");
    let size = box_component().len();
    assert!(inspect(box_component(), size).is_ok() && inspect(box_component(), size - 1).is_err());
}
