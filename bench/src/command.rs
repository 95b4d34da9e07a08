//! The command as whole processes: a valid token beside a program that does nothing, and starts with and without compiled components.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::home::{Home, NAME};
use crate::process::{peak_memory, run};
use crate::table::{Bar, Table};
use crate::timing::Times;

const TOKENS: usize = 500;
const COLD: usize = 10;
const WARM: usize = 50;

/// Measures it.
pub fn measure(jeton: &Path, table: &mut Table) -> Result<()> {
    let home = Home::new(jeton)?;
    valid_token(&home, table)?;
    starts(&home, table)
}

fn valid_token(home: &Home, table: &mut Table) -> Result<()> {
    const GROUP: &str = "`jeton token`, valid token, whole process";
    let mut nothing = Command::new("/bin/true");
    nothing.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut token = home.local_command(&["token", NAME]);
    let (mut nothings, mut tokens) = (Times::default(), Times::default());
    for _ in 0..TOKENS {
        nothings.push(run(&mut nothing)?);
        tokens.push(run(&mut token)?);
    }
    table.times(GROUP, "/bin/true, in turns with it", &nothings, Bar::None);
    table.times(GROUP, "jeton token", &tokens, Bar::AtMost(1500.0));
    let memory = peak_memory(&mut token)? as f64 / f64::from(1 << 20);
    table.figure(GROUP, "jeton token, peak memory", memory, "MiB", Bar::AtMost(8.0));
    Ok(())
}

fn starts(home: &Home, table: &mut Table) -> Result<()> {
    const GROUP: &str = "Starting the command";
    let mut list = home.local_command(&["providers", "list"]);
    let mut refresh = home.command(&["refresh", NAME]);
    let (mut lists, mut cold, mut warm) = (Times::default(), Times::default(), Times::default());
    for _ in 0..WARM {
        lists.push(run(&mut list)?);
    }
    for _ in 0..COLD {
        home.clear_cache()?;
        cold.push(run(&mut refresh)?);
    }
    for _ in 0..WARM {
        warm.push(run(&mut refresh)?);
    }
    table.times(GROUP, "jeton providers list", &lists, Bar::None);
    table.times(GROUP, "jeton refresh, cold: the component is compiled", &cold, Bar::None);
    table.times(GROUP, "jeton refresh, warm: it was compiled before", &warm, Bar::None);
    Ok(())
}
