//! Taking a request's body in, within its bounds.

use crate::refusal::Refusal;
use axum::{body::HttpBody, http::HeaderMap};
use bytes::{Bytes, BytesMut};
use muster_scim::ScimError;
use std::{future::poll_fn, pin::Pin, time::Duration};

/// Reads all of it: at most so many bytes, within this time.
///
/// # Errors
/// 413 when it is too large, 408 when it takes too long, 400 when it breaks off.
pub(crate) async fn read<B>(body: &mut B, most: usize, wait: Duration) -> Result<Bytes, Refusal>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > most as u64 {
        return Err(too_large(most));
    }
    match tokio::time::timeout(wait, collect(body, most)).await {
        Ok(read) => read,
        Err(_) => Err(ScimError::status(408, format!("the body did not arrive within {} s", wait.as_secs())).into()),
    }
}

async fn collect<B>(body: &mut B, most: usize) -> Result<Bytes, Refusal>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    // Nearly every body is one frame and is then never copied.
    let Some(first) = next(body).await? else { return Ok(Bytes::new()) };
    let mut all = BytesMut::new();
    let mut last = first;
    while let Some(frame) = next(body).await? {
        if all.is_empty() {
            all.reserve(usize::try_from(body.size_hint().lower()).unwrap_or(0).min(most) + last.len() + frame.len());
        }
        all.extend_from_slice(&last);
        if all.len() + frame.len() > most {
            return Err(too_large(most));
        }
        last = frame;
    }
    if all.is_empty() {
        return if last.len() > most { Err(too_large(most)) } else { Ok(last) };
    }
    all.extend_from_slice(&last);
    Ok(all.freeze())
}

async fn next<B>(body: &mut B) -> Result<Option<Bytes>, Refusal>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    loop {
        match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            None => return Ok(None),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => return Ok(Some(data)),
                // Trailers say nothing we need.
                Err(_) => continue,
            },
            Some(Err(_)) => return Err(ScimError::invalid_syntax("the request body broke off or is not framed as HTTP says").into()),
        }
    }
}

/// Takes in the rest of a refused body and throws it away, up to a bound: a connection closed with unread data is reset, and the
/// client would never see why it was refused.
pub(crate) async fn discard_rest<B>(body: &mut B, headers: &HeaderMap, bound: usize)
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    // A client that waits for "100 Continue" has not sent anything, and must not be told to.
    if body.is_end_stream() || headers.contains_key("expect") {
        return;
    }
    let discard = async {
        let mut seen = 0;
        while let Ok(Some(frame)) = next(body).await {
            seen += frame.len();
            if seen > bound {
                break;
            }
        }
    };
    // Too slow, and the connection is reset after all.
    let _elapsed = tokio::time::timeout(Duration::from_secs(1), discard).await;
}

fn too_large(most: usize) -> Refusal {
    ScimError::payload_too_large(format!("the body is larger than {most} bytes")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures::stream;

    fn chunks(parts: &[&'static str]) -> Body {
        Body::from_stream(stream::iter(
            parts.iter().map(|part| Ok::<_, std::io::Error>(Bytes::from_static(part.as_bytes()))).collect::<Vec<_>>(),
        ))
    }

    async fn status(mut body: Body) -> Result<Bytes, u16> {
        read(&mut body, 10, Duration::from_millis(50)).await.map_err(|refusal| match refusal {
            Refusal::Scim(error) => error.status,
            other => panic!("{other:?}"),
        })
    }

    #[tokio::test]
    async fn the_bound_holds_exactly_with_and_without_a_length() {
        assert_eq!(status(Body::from("0123456789")).await, Ok(Bytes::from_static(b"0123456789")));
        assert_eq!(status(Body::from("0123456789a")).await, Err(413));
        assert_eq!(status(chunks(&["01234", "56", "789"])).await, Ok(Bytes::from_static(b"0123456789")));
        assert_eq!(status(chunks(&["01234", "56", "789", "a"])).await, Err(413));
        assert_eq!(status(chunks(&["0123456789a"])).await, Err(413));
        assert_eq!(status(Body::empty()).await, Ok(Bytes::new()));
    }

    #[tokio::test]
    async fn a_body_that_stalls_or_breaks_off_is_refused() {
        assert_eq!(status(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>())).await, Err(408));
        let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("reset"))]);
        assert_eq!(status(Body::from_stream(broken)).await, Err(400));
    }
}
