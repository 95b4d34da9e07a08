//! The one engine and its ticker.
//!
//! Instances come from a pool, live for one call, and their pages are reset where they were touched (`PAGEMAP_SCAN`, where the kernel has it).
//! The ticker advances the epoch every [`TICK`]; a call counts the ticks in which its component computed.

use std::path::Path;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::runtime::HostMemory;
use crate::{Error, Limits};

/// How often a component that computes is looked at.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Builds the engine. `cache` is a folder of this user's own: what lies there is run.
pub(crate) fn engine(limits: &Limits, cache: Option<&Path>, memory: Option<HostMemory>) -> Result<Engine, Error> {
    let host = |error: wasmtime::Error| Error::Host(format!("can't set up WebAssembly: {error:#}"));
    let mut config = Config::new();
    config.epoch_interruption(true).concurrency_support(false);
    match memory {
        None => {
            config.allocation_strategy(pool(limits)).memory_reservation(limits.memory as u64).memory_guard_size(1 << 20);
        }
        Some(memory) => {
            config.with_host_memory(memory).memory_reservation(0).memory_reservation_for_growth(0).memory_guard_size(0);
            config.memory_init_cow(false);
        }
    }
    config.max_wasm_stack(512 << 10).async_stack_size(1 << 20);
    if let Some(folder) = cache {
        own_folder(folder)?;
        let mut cache = CacheConfig::new();
        cache.with_directory(folder);
        config.cache(Some(Cache::new(cache).map_err(host)?));
    }
    let engine = Engine::new(&config).map_err(host)?;
    let weak = engine.weak();
    let ticker = move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    std::thread::Builder::new()
        .name("jeton-ticker".into())
        .spawn(ticker)
        .map_err(|error| Error::Host(format!("can't start a thread: {error}")))?;
    Ok(engine)
}

fn pool(limits: &Limits) -> InstanceAllocationStrategy {
    let mut pool = PoolingAllocationConfig::new();
    // Components that bring an interpreter have many core instances and tables; those of the SDK have two.
    pool.total_component_instances(limits.calls)
        .total_core_instances(limits.calls * 32)
        .total_memories(limits.calls)
        .total_tables(limits.calls * 8)
        .total_stacks(limits.calls)
        .max_memory_size(limits.memory)
        .max_memories_per_component(1)
        .max_tables_per_component(8)
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(4096)
        .async_stack_keep_resident(32 << 10)
        .pagemap_scan(Enabled::Auto);
    InstanceAllocationStrategy::Pooling(pool)
}

/// Makes the cache folder, for this user alone.
#[cfg(unix)]
fn own_folder(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    let trouble = |error: std::io::Error| Error::Host(format!("can't use the cache folder {}: {error}", folder.display()));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(trouble)?;
    let mode = std::fs::metadata(folder).map_err(trouble)?.mode();
    if mode & 0o022 != 0 {
        let path = folder.display();
        return Err(Error::Host(format!("others can write to the cache folder {path}, and what lies there is run: chmod 700 {path}")));
    }
    Ok(())
}

#[cfg(not(unix))]
fn own_folder(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|error| Error::Host(format!("can't use the cache folder {}: {error}", folder.display())))
}
