//! An HTTP proxy that sends every tunnel to the emulator, for programs that can't be told other addresses for names.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The longest head of a request, in lines.
const LINES: usize = 100;

/// See the module. It stops when this is dropped.
pub struct Proxy {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts one that leads to this address.
    pub async fn start(to: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that breaks off is its own affair.
                tokio::spawn(async move { tunnel(stream, to).await.ok() });
            }
        });
        Ok(Self { addr, task })
    }

    /// For `HTTPS_PROXY`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn tunnel(stream: TcpStream, to: SocketAddr) -> Result<()> {
    let mut client = BufReader::new(stream);
    let mut first = String::new();
    client.read_line(&mut first).await?;
    ensure!(first.starts_with("CONNECT "), "only tunnels");
    for _ in 0..LINES {
        let mut line = String::new();
        client.read_line(&mut line).await?;
        if line.trim().is_empty() {
            break;
        }
    }
    client.get_mut().write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    let mut service = TcpStream::connect(to).await?;
    // What the client sent after the head is still in the buffer, which is read from first.
    copy_bidirectional(&mut client, &mut service).await?;
    Ok(())
}
