//! What disks and other processes do to a store in a file: nothing is lost, and what is wrong is said.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use jeton_runtime::Remedy;
use jeton_vault::{Error, KeySource, Options, Vault};
use sqlx::{Connection as _, Row as _};

use crate::home::{Home, client, save, tokens, work};
use crate::service::{Service, refresh_token, shared};

const MINUTE: Duration = Duration::from_secs(60);

/// Tells the test which was started again by itself where its store is.
const FOLDER: &str = "JETON_TEST_DISK";

/// This test alone, as a process of its own, with this in front of it.
fn again(test: &str, before: &[&str], folder: &Path) -> Command {
    let exe = std::env::current_exe().unwrap();
    let mut words: Vec<_> = before.iter().map(|word| (*word).into()).collect();
    words.extend([exe.into_os_string(), "--exact".into(), format!("disk::{test}").into(), "--nocapture".into()]);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env(FOLDER, folder);
    command
}

/// Runs it on a disk of half a megabyte, which nobody else sees.
fn on_a_small_disk(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o size=512k,mode=700 tmpfs {} && exec \"$@\"", folder.path().display());
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let unshare: &[&str] = if root { &["unshare", "--mount"] } else { &["unshare", "--map-root-user", "--mount"] };
    let output = again(test, &[unshare, &["sh", "-c", &mount, "sh"]].concat(), folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

fn small_disk() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

fn key(folder: &Path) -> KeySource {
    KeySource::File(folder.join("key"))
}

/// Takes all the room there is.
fn fill(folder: &Path) {
    let mut filler = File::create(folder.join("filler")).unwrap();
    for size in [4096, 1] {
        while filler.write_all(&vec![0; size]).is_ok() {}
    }
}

async fn connected(options: &Options, folder: &Path) -> Vault {
    let vault = options.open(&folder.join("jeton.db"), key(folder)).await.unwrap();
    vault.add_client(&"mine".parse().unwrap(), "box", &client()).await.unwrap();
    save(&vault, "work", &tokens(0, Some(3600)), false).await.unwrap();
    vault
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_the_tokens_that_are_there_stay_and_the_error_says_what_to_do() {
    let Some(folder) = small_disk() else {
        return on_a_small_disk("on_a_full_disk_the_tokens_that_are_there_stay_and_the_error_says_what_to_do");
    };
    let mut options = Options::default();
    options.write_patience = Duration::ZERO;
    let vault = connected(&options, &folder).await;
    let full = folder.clone();
    let service = Service::new(move |call, _| {
        fill(&full);
        async move { Ok(tokens(call, Some(3600))) }
    });
    let error = vault.refresh(&work(), &shared(&service)).await.unwrap_err();
    assert!(error.to_string().contains("the disk is full") && error.hint().unwrap().contains("Make room"), "{error}");
    assert!(error.to_string().contains("jeton.db"), "{error}");
    let error = vault.backup(&folder.join("backup")).await.unwrap_err();
    assert!(error.to_string().contains("full") && !folder.join("backup").exists(), "{error}");
    // Read and handed out without any room, by a process that has just come, too.
    for vault in [vault, Vault::open_existing(&folder.join("jeton.db"), key(&folder)).await.unwrap()] {
        assert_eq!(vault.access_token(&work(), MINUTE, &shared(&Service::never())).await.unwrap().secret.reveal(), b"a0");
        assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r0");
    }
    fs::remove_file(folder.join("filler")).unwrap();
    options.lease = Duration::from_millis(300);
    let vault = options.open_existing(&folder.join("jeton.db"), key(&folder)).await.unwrap();
    let service = Service::new(|_, current| async move {
        assert_eq!(refresh_token(&current), "r0");
        Ok(tokens(9, Some(3600)))
    });
    vault.refresh(&work(), &shared(&service)).await.unwrap();
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r9");
}

/// Tells of every warning.
struct Warnings(Sender<()>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, about: &tracing::Metadata<'_>) -> bool {
        *about.level() == tracing::Level::WARN && about.target().starts_with("jeton_vault")
    }

    fn event(&self, _: &tracing::Event<'_>) {
        let _ = self.0.send(());
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn new_tokens_are_kept_until_the_disk_has_room_again() {
    let Some(folder) = small_disk() else { return on_a_small_disk("new_tokens_are_kept_until_the_disk_has_room_again") };
    let (warned, warnings) = channel();
    tracing::subscriber::set_global_default(Warnings(warned)).unwrap();
    let vault = connected(&Options::default(), &folder).await;
    let full = folder.clone();
    let service = Service::new(move |call, _| {
        fill(&full);
        async move { Ok(tokens(call, Some(3600))) }
    });
    let room = std::thread::spawn(move || {
        for _ in 0..3 {
            warnings.recv().unwrap();
        }
        fs::remove_file(folder.join("filler")).unwrap();
        folder
    });
    assert_eq!(vault.refresh(&work(), &shared(&service)).await.unwrap().secret.reveal(), b"a1");
    let folder = room.join().unwrap();
    let vault = Vault::open_existing(&folder.join("jeton.db"), key(&folder)).await.unwrap();
    assert_eq!((refresh_token(&vault.tokens(&work()).await.unwrap()), service.calls()), ("r1".to_owned(), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_disk_is_named_and_no_service_is_asked() {
    let Some(folder) = small_disk() else { return on_a_small_disk("a_read_only_disk_is_named_and_no_service_is_asked") };
    let vault = connected(&Options::default(), &folder).await;
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(&folder).status().unwrap();
    assert!(!remounted.success(), "a file that is open for writing keeps the disk writable");
    drop(vault);
    let closed = async {
        while !Command::new("mount").args(["-o", "remount,ro"]).arg(&folder).status().unwrap().success() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(MINUTE, closed).await.unwrap();
    let store = folder.join("jeton.db");
    let error = match Vault::open_existing(&store, key(&folder)).await {
        Ok(vault) => vault.refresh(&work(), &shared(&Service::never())).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(error.to_string().contains("jeton.db can't be") || error.to_string().contains("jeton.db: can't be"), "{error}");
    assert!(error.hint().unwrap().contains("writable"), "{error}");
    let error = Vault::open(&folder.join("new/jeton.db"), key(&folder)).await.err().unwrap();
    assert!(error.to_string().contains("Read-only") && error.hint().unwrap().contains("JETON_HOME"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_another_process_doesnt_give_back_means_try_again() {
    let (home, other) = (Home::new(), Home::new());
    let vault = home.connected(3600).await;
    let mut writer = home.sql().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut writer).await.unwrap();
    // Readers go on.
    assert_eq!(vault.access_token(&work(), MINUTE, &shared(&Service::never())).await.unwrap().secret.reveal(), b"a0");
    // The whole file, as a program does that copies or repairs it.
    drop(other.connected(3600).await);
    let mut whole = other.sql().await;
    let lock = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; SELECT COUNT(*) FROM connections";
    sqlx::raw_sql(lock).execute(&mut whole).await.unwrap();
    let (written, opened, work, never) = (vault.clone(), other.open(), work(), shared(&Service::never()));
    let (written, opened) = tokio::join!(written.refresh(&work, &never), opened);
    for error in [written.unwrap_err(), opened.err().unwrap()] {
        assert_eq!(error.remedy(), Remedy::Retry, "{error}");
        assert!(error.to_string().contains("in use by another process") && error.hint().unwrap().contains("Try again"), "{error}");
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut writer).await.unwrap();
    vault.refresh(&work, &shared(&Service::strict(Duration::ZERO))).await.unwrap();
    whole.close().await.unwrap();
    other.open().await.unwrap().connection(&work).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_killed_in_a_transaction_leaves_what_was_before() {
    const TEST: &str = "a_writer_that_is_killed_in_a_transaction_leaves_what_was_before";
    if let Some(folder) = small_disk() {
        let mut sql = sqlx::SqliteConnection::connect(&folder.join("jeton.db").display().to_string()).await.unwrap();
        let all = "PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE connections SET name = 'killed', scopes = hex(randomblob(200000)); \
            DELETE FROM clients WHERE name = 'spare'";
        sqlx::raw_sql(all).execute(&mut sql).await.unwrap();
        println!("in the middle");
        std::io::stdin().lines().for_each(drop);
        return;
    }
    let home = Home::new();
    let vault = home.connected(5).await;
    vault.add_client(&"spare".parse().unwrap(), "box", &client()).await.unwrap();
    for round in 1..=3 {
        let mut child = again(TEST, &["env"], home.store().parent().unwrap()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("in the middle")));
        child.kill().unwrap();
        child.wait().unwrap();
        // Its log is longer than before and ends without a commit.
        let service = Service::always(Ok(tokens(round, Some(5))));
        vault.refresh(&work(), &shared(&service)).await.unwrap();
        let newcomer = home.open().await.unwrap();
        assert_eq!(refresh_token(&newcomer.tokens(&work()).await.unwrap()), format!("r{round}"));
        assert_eq!(newcomer.clients().await.unwrap().len(), 2);
    }
    assert_eq!(home.row("PRAGMA integrity_check").await.get::<String, _>(0), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_may_be_vacuumed_while_it_is_in_use() {
    let home = Home::new();
    let vault = home.vault().await;
    for number in 0..4 {
        save(&vault, &format!("c{number}"), &tokens(0, Some(3600)), false).await.unwrap();
    }
    let service = Service::new(|call, _| async move { Ok(tokens(call, Some(3600))) });
    let tasks: Vec<_> = (0..4)
        .map(|number| {
            let (vault, providers) = (vault.clone(), shared(&service));
            tokio::spawn(async move {
                for _ in 0..10 {
                    vault.refresh(&format!("c{number}").parse().unwrap(), &providers).await.unwrap();
                }
            })
        })
        .collect();
    let mut sql = home.sql().await;
    while !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
        sqlx::raw_sql("VACUUM").execute(&mut sql).await.unwrap();
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(service.calls(), 40);
    let newcomer = home.open().await.unwrap();
    for number in 0..4 {
        let now = newcomer.tokens(&format!("c{number}").parse().unwrap()).await.unwrap();
        assert_eq!(refresh_token(&now).trim_start_matches('r'), now.access.unwrap().reveal_text().unwrap().trim_start_matches('a'));
    }
    let row = home.row("SELECT COUNT(*), MIN(generation), MAX(generation) FROM connections").await;
    assert_eq!((row.get(0), row.get(1), row.get(2)), (4_i64, 11_i64, 11_i64));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_others_could_read_are_closed_to_them() {
    let home = Home::new();
    let _alive = home.connected(5).await;
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    let (store, folder) = (home.store(), home.store().parent().unwrap().to_owned());
    let files = ["jeton.db", "jeton.db-wal", "jeton.db-shm"].map(|name| store.with_file_name(name));
    files.iter().for_each(|file| set(file, 0o644));
    set(&folder, 0o755);
    home.open().await.unwrap().connection(&work()).await.unwrap();
    assert_eq!(files.each_ref().map(|file| mode(file)), [0o600; 3]);
    assert_eq!(mode(&folder), 0o700);

    // A folder in which somebody keeps other things, too, isn't Jeton's to close.
    fs::write(folder.join("letter.txt"), "").unwrap();
    set(&folder, 0o755);
    set(&store, 0o640);
    home.open().await.unwrap();
    assert_eq!((mode(&store), mode(&folder)), (0o600, 0o755));
    // Nor is a key that others may have read: it is refused as it is.
    set(&home.key(), 0o644);
    assert!(matches!(home.open().await, Err(Error::Key { .. })));
    assert_eq!(mode(&home.key()), 0o644);
}

/// The provider is asked once, however many processes there are.
#[tokio::test(flavor = "multi_thread")]
async fn several_processes_write_beside_each_other() {
    const TEST: &str = "several_processes_write_beside_each_other";
    if let Some(folder) = small_disk() {
        let vault = Vault::open_existing(&folder.join("data/jeton.db"), KeySource::File(folder.join("config/jeton.key"))).await.unwrap();
        let service = Service::always(Ok(tokens(1, Some(3600))));
        for number in 0..10 {
            let name = format!("p{}-{number}", std::process::id());
            save(&vault, &name, &tokens(0, Some(0)), false).await.unwrap();
            vault.refresh(&name.parse().unwrap(), &shared(&service)).await.unwrap();
        }
        return;
    }
    let home = Home::new();
    let vault = home.vault().await;
    let children: Vec<_> =
        (0..4).map(|_| again(TEST, &["env"], &home.path("")).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let all = vault.connections().await.unwrap();
    assert_eq!(all.len(), 40);
    assert_eq!(vault.whole_log(1000).await.unwrap().len(), 81);
}
