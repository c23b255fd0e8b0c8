//! Lists as CSV files, sent while they are read: a million lines need no more memory than a thousand.

use crate::{app::App, console::problem::Answer, refusal::Refusal, reply};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
};
use bytes::Bytes;
use futures::{StreamExt, future, stream};
use std::{io, sync::Arc};

/// Some lines, and what the ones after them are asked for with; none after the last.
pub(super) type Chunk<S> = (String, Option<S>);

/// A file of this name: its heading, then what `read` gives, from `first` on. When the database fails on the way, the transfer breaks off: a file
/// that is whole ends.
pub(super) fn csv<S, F>(
    app: &Arc<App>,
    name: &'static str,
    heading: String,
    first: S,
    read: impl Fn(Arc<App>, S) -> F + Send + Sync + 'static,
) -> Answer
where
    S: Send + 'static,
    F: Future<Output = Result<Chunk<S>, Refusal>> + Send + 'static,
{
    let app = Arc::clone(app);
    let lines = stream::try_unfold(Some(first), move |state| {
        let chunk = state.map(|state| read(Arc::clone(&app), state));
        async move {
            let Some(chunk) = chunk else { return Ok(None) };
            match chunk.await {
                Ok((lines, next)) => Ok(Some((Bytes::from(lines), next))),
                Err(_) => Err(io::Error::other("the rest of the list could not be read")),
            }
        }
    });
    let heading = stream::once(future::ready(Ok(Bytes::from(heading))));
    let mut response = reply::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    *response.body_mut() = Body::from_stream(heading.chain(lines));
    Ok(response)
}
