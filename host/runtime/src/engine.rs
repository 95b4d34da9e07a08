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

/// Most core instances of one component. Those that bring an interpreter have many; those of the SDK have two.
pub(crate) const INSTANCES: u32 = 40;

/// Most tables of one component.
pub(crate) const TABLES: u32 = 8;

/// Most entries of one table.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;

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
        let mut cache = CacheConfig::new();
        cache.with_directory(crate::cache::folder(folder)?);
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
    // There is room for as many calls as there are places, whatever each of them uses.
    pool.total_component_instances(limits.calls)
        .total_core_instances(limits.calls * INSTANCES)
        .total_memories(limits.calls)
        .total_tables(limits.calls * TABLES)
        .total_stacks(limits.calls)
        .max_memory_size(limits.memory)
        .max_memories_per_component(1)
        .max_core_instances_per_component(INSTANCES)
        .max_tables_per_component(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(4096)
        .async_stack_keep_resident(32 << 10)
        .pagemap_scan(Enabled::Auto);
    InstanceAllocationStrategy::Pooling(pool)
}
