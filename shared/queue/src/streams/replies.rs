//! Reads the reply stream of a gateway.

use super::{
    keys::{REPLIES, reply_key},
    link::{Backoff, Link, LinkError},
    server::RedisQueue,
};
use muster_domain::{GatewayId, Reply};
use redis::streams::{StreamId, StreamInfoStreamReply, StreamReadReply};
use std::{sync::Arc, time::Duration};

/// One read waits this long; after an empty one it is checked that the stream has not been replaced.
const BLOCK: Duration = Duration::from_secs(1);

/// Replies read together at most.
const TOGETHER: usize = 256;

/// Hands every reply to `deliver`, until it is dropped. Goes on after the last one seen when the connection was lost, so nothing
/// that was sent meanwhile is missed.
pub(crate) async fn read_replies(queue: Arc<RedisQueue>, gateway: GatewayId, mut deliver: impl FnMut(Reply)) {
    let link = queue.address.link(BLOCK + Duration::from_secs(5));
    let key = reply_key(&queue.settings.prefix, gateway);
    let mut last = "0-0".to_owned();
    let mut backoff = Backoff::new();
    let mut away = false;
    loop {
        match read_once(&link, &key, &last).await {
            Ok(entries) => {
                if std::mem::take(&mut away) {
                    tracing::info!("reading replies again");
                }
                backoff.reset();
                if entries.is_empty() {
                    start_over_if_replaced(&link, &key, &mut last).await;
                }
                for entry in entries {
                    let body: Vec<u8> = entry.get(REPLIES).unwrap_or_default();
                    last = entry.id;
                    match serde_json::from_slice::<Vec<Reply>>(&body) {
                        Ok(replies) => replies.into_iter().for_each(&mut deliver),
                        Err(error) => tracing::error!(%error, "replies that cannot be read; their callers will look the outcome up"),
                    }
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut away, true) {
                    tracing::warn!(%error, "reading replies failed, trying until it works");
                }
                backoff.wait().await;
                start_over_if_replaced(&link, &key, &mut last).await;
            }
        }
    }
}

async fn read_once(link: &Link, key: &str, last: &str) -> Result<Vec<StreamId>, LinkError> {
    let mut read = redis::cmd("XREAD");
    let block = u64::try_from(BLOCK.as_millis()).unwrap_or(u64::MAX);
    read.arg("COUNT").arg(TOGETHER).arg("BLOCK").arg(block).arg("STREAMS").arg(key).arg(last);
    let reply = link.cmd::<Option<StreamReadReply>>(&read).await?.unwrap_or_default();
    Ok(reply.keys.into_iter().flat_map(|stream| stream.ids).collect())
}

/// Ids are times. A stream made anew by a server whose clock is behind the old one's would stay "already seen" for as long as
/// that: such a stream is read from its start.
async fn start_over_if_replaced(link: &Link, key: &str, last: &mut String) {
    let info: Result<StreamInfoStreamReply, _> = link.cmd(redis::cmd("XINFO").arg("STREAM").arg(key)).await;
    if let Ok(info) = info
        && parts(&info.last_generated_id) < parts(last)
    {
        "0-0".clone_into(last);
    }
}

fn parts(id: &str) -> (u64, u64) {
    let (time, number) = id.split_once('-').unwrap_or((id, "0"));
    (time.parse().unwrap_or(0), number.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn ids_compare_as_numbers() {
        assert!(parts("9-10") < parts("10-1"));
        assert!(parts("10-9") < parts("10-10"));
    }
}
