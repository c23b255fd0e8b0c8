//! Bytes on a socket, for requests no client library would send.

use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Sends bytes and reads until the server closes or says no more for a while: the status of the first answer, and all text.
/// No status when it closed without an answer.
pub async fn raw(address: SocketAddr, bytes: &[u8]) -> (Option<u16>, String) {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut received = Vec::new();
    let mut buffer = vec![0_u8; 16 * 1024];
    while let Ok(Ok(count)) = timeout(Duration::from_secs(2), stream.read(&mut buffer)).await {
        if count == 0 {
            break;
        }
        received.extend_from_slice(&buffer[..count]);
        if whole(&received) {
            break;
        }
    }
    let text = String::from_utf8_lossy(&received).into_owned();
    (text.split(' ').nth(1).and_then(|status| status.parse().ok()), text)
}

/// Whether head and body of one answer are there.
fn whole(received: &[u8]) -> bool {
    let text = String::from_utf8_lossy(received);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.and_then(|(_, value)| value.trim().parse::<usize>().ok()).is_some_and(|length| body.len() >= length)
}
