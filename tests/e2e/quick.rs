//! The small program that people call: it prints a token that is valid, and becomes the whole command for the rest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::{Ran, Stage};

impl Stage {
    /// The small program without the other one beside it.
    fn alone(&self) -> PathBuf {
        let alone = self.home.path().join("jeton-alone");
        // A program that was just written can't be run as long as a process that another test starts has it open.
        let jeton = env!("CARGO_BIN_EXE_jeton");
        fs::hard_link(jeton, &alone).or_else(|_| fs::copy(jeton, &alone).map(drop)).unwrap();
        alone
    }

    /// A command as people type it, run from this file: without the emulator, which nothing here needs.
    fn run_file(&self, program: &Path, arguments: &[&str]) -> Ran {
        let mut command = Command::new(program);
        command.args(arguments).env_clear();
        for (variable, folder) in [("HOME", "."), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache")] {
            command.env(variable, self.home.path().join(folder));
        }
        command.output().unwrap().into()
    }
}

#[tokio::test]
async fn a_valid_token_takes_the_small_program_alone() {
    let stage = Stage::connected().await;
    let alone = stage.alone();
    for arguments in [&["token", "work-box"][..], &["token", "work-box", "--format", "header"]] {
        let (typed, whole) = (stage.run_file(&alone, arguments).succeeded(), stage.jeton(arguments).succeeded());
        assert_eq!((typed.stdout, typed.stderr), (whole.stdout, whole.stderr));
    }
    let ran = stage.run_file(&alone, &["token", "work-box", "--json"]).succeeded();
    assert!(ran.stdout.contains(&stage.token()) && ran.stdout.contains("\"expires_in\":3"), "{ran:?}");
}

#[tokio::test]
async fn the_small_program_says_what_is_missing_beside_it() {
    let stage = Stage::connected().await;
    let alone = stage.alone();
    for arguments in [&["list"][..], &["token", "work-box", "--min-valid", "2h"], &["token", "nobody"]] {
        let ran = stage.run_file(&alone, arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
        assert!(ran.stderr.contains("can't start") && ran.stderr.contains("`jeton-main` belong into one folder"), "{ran:?}");
    }
}

#[tokio::test]
async fn what_the_small_program_can_not_answer_the_whole_command_does_under_its_name() {
    let stage = Stage::connected().await;
    let jeton = Path::new(env!("CARGO_BIN_EXE_jeton"));
    let ran = stage.run_file(jeton, &["token", "work-bax"]);
    assert!(ran.code == 1 && ran.stderr.contains("work-box"), "{ran:?}");
    let ran = stage.run_file(jeton, &["token"]);
    assert!(ran.code == 2 && ran.stderr.contains("Usage: jeton token"), "{ran:?}");
    // A link somewhere on the way to it, as package managers make them.
    #[cfg(unix)]
    {
        let link = stage.home.path().join("link");
        std::os::unix::fs::symlink(jeton, &link).unwrap();
        assert!(stage.run_file(&link, &["list"]).succeeded().stdout.contains("work-box"));
    }
}
