//! Runs the emulator for people: starts Box with one app, says how to reach it, and stays until Ctrl-C.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use jeton_emulator::control::CONTROL_HOST;
use jeton_emulator::{App, Emulator, Options};

/// A local stand-in for Box: its sign-in pages, token endpoint and a bit of its API, over TLS under Box's own host names.
#[derive(Parser)]
#[command(name = "jeton-emulator", version)]
struct Arguments {
    /// Port on 127.0.0.1; any free one if left out
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Client id of the app that is registered from the start
    #[arg(long, default_value = "emulated-client")]
    client_id: String,
    /// File with the app's client secret; `emulated-client-secret` if left out
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// Redirect URI of the app; may be given several times. The port of a loopback address is free
    #[arg(long, value_name = "URI", default_values = ["http://127.0.0.1/callback", "http://localhost/callback", "http://127.0.0.1/", "http://localhost/"])]
    redirect_uri: Vec<String>,
    /// Where to write the certificate to trust; emulator-ca.pem in the temporary directory if left out
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// Stop after this many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let lifetime = arguments.seconds.map_or(Duration::MAX, Duration::from_secs);
    let secret = match &arguments.client_secret_file {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("can't read the client secret from {}", file.display()))?;
            text.trim().to_owned()
        }
        None => "emulated-client-secret".to_owned(),
    };
    let ca_file = arguments.ca_out.unwrap_or_else(|| std::env::temp_dir().join("emulator-ca.pem"));

    let emulator = Emulator::start(Options { port: arguments.port, max_lifetime: lifetime, ..Options::default() }).await?;
    let mut app = App::new(&arguments.client_id, &secret);
    app.redirect_uris.clone_from(&arguments.redirect_uri);
    emulator.box_service().register_app(app).context("the app can't be registered")?;
    std::fs::write(&ca_file, emulator.ca_pem()).with_context(|| format!("can't write the certificate to {}", ca_file.display()))?;

    let secret_shown = if arguments.client_secret_file.is_some() { "(from the file)" } else { &secret };
    let text = introduction(&emulator, (&arguments.client_id, secret_shown, &arguments.redirect_uri), &ca_file.display().to_string());
    // Standard output may be closed; the emulator is of use all the same.
    let _ = std::io::stdout().write_all(text.as_bytes());

    tokio::select! {
        stopped = tokio::signal::ctrl_c() => stopped.context("can't wait for Ctrl-C")?,
        () = tokio::time::sleep(lifetime) => {}
    }
    Ok(())
}

fn introduction(emulator: &Emulator, (client_id, secret, redirect_uris): (&str, &str, &[String]), ca_file: &str) -> String {
    let (addr, user) = (emulator.addr(), emulator.box_service().default_user());
    let mut flags = String::new();
    for argument in emulator.resolve_arguments() {
        // Writing into a string can't fail.
        let _ = write!(flags, "--resolve {argument} ");
    }
    format!(
        "The emulator of Box listens on {addr}. Nothing of it is Box; all secrets are made up.\n\n\
         Put these behind a jeton command:\n\n  {flags}--ca-file {ca_file}\n\n\
         Client id      {client_id}\nClient secret  {secret}\nRedirect URIs  {uris}\n\
         Sign in as     {login}\nPassword       {password}\n\n\
         Control it, from another terminal:\n\n  \
         curl --cacert {ca_file} --connect-to {CONTROL_HOST}:443:{addr} https://{CONTROL_HOST}/journal\n\n\
         Ctrl-C ends it.\n",
        uris = redirect_uris.join("\n               "),
        login = user.login,
        password = user.password,
    )
}
