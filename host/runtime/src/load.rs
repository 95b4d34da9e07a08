//! From a file's bytes to a provider that can be called.
//!
//! size → digest → structure, manifest, imports and effort by `wasmparser` → compilation, off the async threads and through the cache →
//! `InstancePre` → one instance as a probe, since a wrong export shows only there. Nothing of the file runs before it was read.

mod effort;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, oneshot};
use wasmparser::{Encoding, Parser, Payload};
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, HasSelf, InstancePre, Linker, ResourceType};

use crate::bindings::{ProviderWorld, ProviderWorldIndices};
use crate::call::{Call, Overstepped, Run};
use crate::place::Share;
use crate::runtime::Capabilities;
use crate::{Error, Manifest, Provider};

/// The name of the custom section that holds the manifest.
pub const SECTION: &str = "jeton:manifest";

const CONTRACT: &str = "jeton:provider/";
const VERSION: &str = "@0.1.";
const INTERFACES: [&str; 10] = ["secrets", "client", "http", "callback", "crypto", "storage", "clock", "random", "log", "manifest"];

/// A provider, compiled and linked.
pub(crate) struct Loaded {
    pub(crate) manifest: Manifest,
    pub(crate) digest: [u8; 32],
    pub(crate) pre: InstancePre<Call>,
    pub(crate) exports: Exports,
    pub(crate) share: Arc<Share>,
}

/// Where the functions are that a component exports.
pub(crate) struct Exports {
    pub(crate) begin: ComponentExportIndex,
    pub(crate) resume: ComponentExportIndex,
    pub(crate) refresh: ComponentExportIndex,
    pub(crate) revoke: ComponentExportIndex,
    pub(crate) identify: ComponentExportIndex,
    pub(crate) authenticate: ComponentExportIndex,
    pub(crate) judge: ComponentExportIndex,
}

impl Exports {
    fn find(component: &Component) -> Result<Self, Error> {
        let exports = component.component_type();
        let ours = exports
            .exports(component.engine())
            .map(|(name, _)| name)
            .find(|name| name.starts_with(&format!("{CONTRACT}provider{VERSION}")));
        let interface = ours.and_then(|name| component.get_export_index(None, name));
        let function = |name: &str| {
            let index = interface.as_ref().and_then(|interface| component.get_export_index(Some(interface), name));
            index.ok_or_else(|| misfit(&format!("it exports no provider#{name}")))
        };
        Ok(Self {
            begin: function("begin")?,
            resume: function("resume")?,
            refresh: function("refresh")?,
            revoke: function("revoke")?,
            identify: function("identify")?,
            authenticate: function("authenticate")?,
            judge: function("judge")?,
        })
    }
}

/// What can be known of a file without compiling it.
#[derive(Debug)]
pub struct Inspection {
    /// What it says that it is.
    pub manifest: Manifest,
    /// The manifest's text.
    pub source: String,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    /// The interfaces that it imports.
    pub imports: Vec<String>,
}

fn incompatible<T>(what: impl Into<String>, hint: impl Into<String>) -> Result<T, Error> {
    // What is wrong may quote the file, which may be anybody's.
    Err(Error::Incompatible { what: crate::presentable(&what.into(), 4000), hint: hint.into() })
}

/// Reads a component file: its structure, its manifest, its imports.
///
/// # Errors
/// It isn't a component, carries no manifest or several, its manifest has mistakes, or it imports what this host doesn't lend.
pub fn inspect(file: &[u8], largest: usize) -> Result<Inspection, Error> {
    if file.len() > largest {
        let limit = if largest < 1 << 20 { format!("{} KiB", largest >> 10) } else { format!("{} MiB", largest >> 20) };
        return incompatible(format!("the file is larger than {limit}"), "Build it in release mode and strip it");
    }
    let (mut manifests, mut imports, mut exported) = (vec![], vec![], false);
    let (mut depth, mut effort) = (0usize, effort::Effort::default());
    for payload in Parser::new(0).parse_all(file) {
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => return incompatible(format!("the file is not a WebAssembly component: {error}"), HOW_TO_BUILD),
        };
        effort.add(&payload).or_else(|why| match why {
            effort::Refused::Unreadable(error) => incompatible(format!("the file is not a WebAssembly component: {error}"), HOW_TO_BUILD),
            effort::Refused::TooMuch(_) => incompatible(why.to_string(), "Build it in release mode, and split what is large"),
        })?;
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return incompatible("the file is a WebAssembly module, not a component", HOW_TO_BUILD);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if section.name() == SECTION => manifests.push(section.data()),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import.or_else(|error| incompatible(error.to_string(), HOW_TO_BUILD))?;
                    imports.push(crate::presentable(import.name.name, 200));
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section.into_iter().flatten() {
                    exported |= export.name.name.starts_with(&format!("{CONTRACT}provider{VERSION}"));
                }
            }
            _ => {}
        }
    }
    let source = match manifests.as_slice() {
        [one] => std::str::from_utf8(one).or_else(|_| incompatible("its manifest is not UTF-8", "Save provider.toml as UTF-8"))?,
        [] => return incompatible("the file carries no manifest", "With the SDK: jeton_provider::export!(Provider, \"../provider.toml\")"),
        _ => return incompatible("the file carries several manifests", "A component carries one, in one custom section"),
    };
    let manifest = Manifest::parse(source)?;
    audit(&imports, manifest.stub_wasi)?;
    if !exported {
        let export = format!("{CONTRACT}provider{VERSION}0");
        return incompatible(format!("the component doesn't export {export}"), "Build it against wit/ of this version");
    }
    Ok(Inspection { manifest, source: source.to_owned(), digest: Sha256::digest(file).into(), imports })
}

const HOW_TO_BUILD: &str = "With the SDK, for wasm32-unknown-unknown with linker = \"wasm-component-ld\": see CONTRIBUTING.md";

/// Refuses whatever this host doesn't lend, all of it at once.
fn audit(imports: &[String], stub_wasi: bool) -> Result<(), Error> {
    let ours = |import: &str| {
        import.strip_prefix(CONTRACT).and_then(|rest| rest.split_once('@')).map(|(name, version)| (name.to_owned(), version.to_owned()))
    };
    let lent = |import: &String| match ours(import) {
        Some((name, version)) => INTERFACES.contains(&name.as_str()) && format!("@{version}").starts_with(VERSION),
        None => stub_wasi && import.starts_with("wasi:"),
    };
    let foreign: Vec<_> = imports.iter().filter(|import| !lent(import)).map(String::as_str).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let list = foreign.join(", ");
    if foreign.iter().all(|import| ours(import).is_some()) {
        return incompatible(
            format!("the component wants another version of the contract: {list}"),
            format!("This host lends {CONTRACT}*{VERSION}x"),
        );
    }
    let hint = if foreign.iter().all(|import| import.starts_with("wasi:")) {
        "Rust: build for wasm32-unknown-unknown. JavaScript: disableFeatures. Python: --stub-wasi. Or wasi = \"stubbed\" in the manifest: every call of them then fails"
    } else {
        "A provider imports jeton:provider/* and nothing else"
    };
    incompatible(format!("the component wants what this host doesn't lend: {list}"), hint)
}

/// A file without the manifest that stands behind its code. What is compiled is looked for in the cache by its bytes, and all declarative
/// providers have the same code.
pub fn code(file: &[u8]) -> &[u8] {
    let (mut depth, mut manifest) = (0usize, None);
    for payload in Parser::new(0).parse_all(file) {
        match payload {
            Ok(Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth = depth.saturating_sub(1),
            Ok(Payload::CustomSection(section)) if depth == 0 && section.name() == SECTION => manifest = Some(section.range()),
            Ok(_) => {}
            Err(_) => return file,
        }
    }
    let Some(content) = manifest.filter(|content| content.end == file.len()) else { return file };
    // Before the content: a byte for what kind of section it is, and its length in LEB128.
    let header = 1 + (content.len().max(1).ilog2() / 7 + 1) as usize;
    content.start.checked_sub(header).and_then(|start| file.get(..start)).unwrap_or(file)
}

/// The whole pipeline.
pub(crate) async fn load(engine: &Engine, lent: Arc<Capabilities>, file: Vec<u8>) -> Result<Provider, Error> {
    let engine = engine.clone();
    let largest = lent.limits.component;
    let compile = move || {
        let Inspection { manifest, digest, .. } = inspect(&file, largest)?;
        let component = Component::from_binary(&engine, code(&file))
            .or_else(|error| incompatible(format!("the file is not a WebAssembly component: {error:#}"), HOW_TO_BUILD))?;
        let unfit = |error: wasmtime::Error| misfit(&format!("{error:#}"));
        let pre = link(&engine, &component, manifest.stub_wasi).map_err(unfit)?;
        let exports = Exports::find(&component)?;
        Ok((manifest, digest, pre, exports))
    };
    let (manifest, digest, pre, exports) = at_workbench(&lent, compile).await?;
    let share = lent.places.of(&manifest.id);
    let loaded = Arc::new(Loaded { manifest, digest, pre, exports, share });
    match probe(Call::new(loaded.clone(), lent.clone())).await {
        Ok(()) => Ok(Provider { loaded, lent }),
        Err(Error::Provider { what, .. }) => {
            incompatible(format!("the component doesn't start: it {what}"), "Build it against wit/ of this version")
        }
        Err(error) => Err(error),
    }
}

/// Two components are compiled at a time: one that takes long leaves room for another.
pub(crate) fn workbenches() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(2))
}

/// Runs a compilation on a thread of its own, and waits for it in measure. What takes too long goes on without anybody who waits, holds its
/// workbench, and keeps no process from ending.
async fn at_workbench<T: Send + 'static>(
    lent: &Capabilities,
    compile: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let workbenches = lent.workbenches.clone();
    let compiled = async move {
        let workbench = workbenches.acquire_owned().await.map_err(|error| Error::Host(error.to_string()))?;
        let (done, outcome) = oneshot::channel();
        let work = move || {
            let _ = done.send(compile());
            drop(workbench);
        };
        let started = std::thread::Builder::new().name("jeton-compile".into()).spawn(work);
        started.map_err(|error| Error::Host(format!("can't start a thread: {error}")))?;
        outcome.await.unwrap_or_else(|_| incompatible("the compiler broke off", HOW_TO_BUILD))
    };
    let most = lent.limits.compiling;
    tokio::time::timeout(most, compiled).await.unwrap_or_else(|_| {
        incompatible(
            format!("the component wasn't compiled within {most:?}"),
            "A smaller one compiles faster; so does a machine with less to do",
        )
    })
}

/// Starts the component once, and looks at the types of all that it exports.
async fn probe(call: Call) -> Result<(), Error> {
    let mut run = Run::start(call).await?;
    let pre = run.store.data().loaded.pre.clone();
    let fits = ProviderWorldIndices::new(&pre).and_then(|indices| indices.load(&mut run.store, &run.instance));
    fits.map(drop).map_err(|error| misfit(&format!("{error:#}")))
}

fn misfit(what: &str) -> Error {
    let hint = "Build it against wit/ of this version".to_owned();
    Error::Incompatible { what: crate::presentable(&format!("the component doesn't fit the contract: {what}"), 1000), hint }
}

fn link(engine: &Engine, component: &Component, stub_wasi: bool) -> wasmtime::Result<InstancePre<Call>> {
    let mut linker = Linker::new(engine);
    ProviderWorld::add_to_linker::<_, HasSelf<_>>(&mut linker, |call| call)?;
    if stub_wasi {
        stub(engine, &mut linker, component)?;
    }
    linker.instantiate_pre(component)
}

/// Makes every `wasi:*` function that the component imports one that stops it and names itself.
fn stub(engine: &Engine, linker: &mut Linker<Call>, component: &Component) -> wasmtime::Result<()> {
    for (name, import) in component.component_type().imports(engine) {
        let (true, ComponentItem::ComponentInstance(interface)) = (name.starts_with("wasi:"), import.ty) else { continue };
        let mut stubs = linker.instance(name)?;
        for (item, export) in interface.exports(engine) {
            let function = format!("{name}#{item}");
            match export.ty {
                ComponentItem::ComponentFunc(_) => {
                    stubs.func_new(item, move |_, _, _, _| Err(Overstepped(format!("{function} is not lent to providers")).into()))?;
                }
                ComponentItem::Resource(_) => stubs.resource(item, ResourceType::host::<()>(), |_, _| Ok(()))?,
                _ => {}
            }
        }
    }
    Ok(())
}
