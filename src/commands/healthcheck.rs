//! `muster healthcheck`: for container images that have no curl.

use crate::{
    context::Context,
    exit::{CommandResult, Exit, Failure},
    settings,
};
use muster_queue::Queue;
use muster_store::Store;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

pub async fn run(context: &Context, worker: bool, seconds: u64) -> CommandResult {
    let check = async { if worker { dependencies(context).await } else { ready(context).await } };
    match timeout(Duration::from_secs(seconds), check).await {
        Ok(result) => result.map(|()| Exit::Ok),
        Err(_) => Err(Failure::new(Exit::Dependency, format!("no answer within {seconds} s"))),
    }
}

/// Whether a worker on this machine can do its work. It has no address to ask; a worker that died is seen by whoever started it.
async fn dependencies(context: &Context) -> Result<(), Failure> {
    Store::connect(&settings::store(&context.config)).await?.ping().await?;
    Ok(Queue::connect(settings::queue(&context.config)).await?.ping().await?)
}

async fn ready(context: &Context) -> Result<(), Failure> {
    let address = reachable(context.config.http.listen);
    let status =
        get_readyz(address).await.map_err(|error| Failure::new(Exit::Dependency, format!("{address} does not answer: {error}")))?;
    if status == 200 { Ok(()) } else { Err(Failure::new(Exit::Dependency, format!("{address} is not ready: /readyz says {status}"))) }
}

async fn get_readyz(address: SocketAddr) -> io::Result<u16> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    let mut head = Vec::new();
    stream.take(256).read_to_end(&mut head).await?;
    let status = String::from_utf8_lossy(&head).split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

/// "Every interface" is an address to listen on, not one to connect to.
fn reachable(mut listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    listen
}
