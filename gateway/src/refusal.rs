//! Why a request is not answered as asked, and the one place where that becomes a response.
//!
//! A client learns what it did wrong, never how the inside looks: the body of a 5xx holds the request id and nothing else, the
//! cause goes to the log, once, here.

use crate::{
    context::{Context, PUT_OFF},
    reply,
};
use axum::{
    http::{HeaderValue, header},
    response::Response,
};
use muster_queue::CallError;
use muster_scim::ScimError;
use muster_store::{StoreError, resources::ListError};
use std::{fmt::Display, time::Duration};

/// A request that is not answered as asked.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The client's request cannot be carried out.
    Scim(ScimError),
    /// No key, or none that counts. One answer for every reason.
    Unauthorized,
    /// No token of the JSON API, or none that counts.
    NoToken,
    /// Another wrong key from a peer that has sent many.
    TooManyWrongKeys {
        /// How long further wrong ones get this answer.
        retry_after: Duration,
    },
    /// The path exists, the method does not.
    MethodNotAllowed {
        /// The methods that do.
        allow: &'static str,
    },
    /// The service cannot do it now and will later. Nothing was changed.
    Later {
        /// 429 or 503.
        status: u16,
        /// What to wait.
        retry_after: Duration,
        /// For the log.
        cause: String,
    },
    /// It may have been carried out, and nobody can tell. Not a response: the connection ends.
    Unknown {
        /// For the log.
        cause: String,
    },
    /// Our fault.
    Internal {
        /// For the log.
        cause: String,
    },
}

/// What a client waits after an outage of the database or the queue: long enough not to add to it.
const OUTAGE_WAIT: Duration = Duration::from_secs(5);

impl Refusal {
    pub(crate) fn internal(cause: impl Display) -> Self {
        Self::Internal { cause: cause.to_string() }
    }

    pub(crate) fn unavailable(cause: impl Display) -> Self {
        Self::Later { status: 503, retry_after: OUTAGE_WAIT, cause: cause.to_string() }
    }

    /// The response; logs what is ours to mend.
    pub(crate) fn into_response(self, context: &Context) -> Response {
        match self {
            Self::Scim(error) if error.status >= 500 => Self::Internal { cause: error.to_string() }.into_response(context),
            Self::Scim(error) => reply::error(&error, context),
            Self::Unauthorized => unauthorized(
                "Bearer realm=\"SCIM\"",
                "the secret key is missing, wrong or no longer valid: send it as Authorization: Bearer",
                context,
            ),
            Self::NoToken => unauthorized(
                "Bearer realm=\"API\"",
                "the API token is missing, wrong or no longer valid: send it as Authorization: Bearer",
                context,
            ),
            Self::TooManyWrongKeys { retry_after } => with_retry_after(
                reply::error(&ScimError::too_many_requests("too many wrong secret keys from this address"), context),
                retry_after,
            ),
            Self::MethodNotAllowed { allow } => {
                let mut response = reply::error(&ScimError::status(405, format!("this address takes {allow}")), context);
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
                response
            }
            Self::Later { status, retry_after, cause } => later(status, retry_after, &cause, context),
            // Where it could be told from a response, it is closed instead (see `front`).
            Self::Unknown { cause } | Self::Internal { cause } => {
                tracing::error!(request.id = %context.request_id, cause, "request failed");
                let detail = format!("internal error, request id {}", context.request_id);
                reply::error(&ScimError::internal(detail), context)
            }
        }
    }
}

/// A client that can ask again gets told when; during an outage that is every request, so the log line is a throttled one.
fn later(status: u16, retry_after: Duration, cause: &str, context: &Context) -> Response {
    if let Some(skipped) = PUT_OFF.admit() {
        tracing::warn!(request.id = %context.request_id, status, cause, skipped, "request put off");
    }
    let detail = if status == 429 {
        "too many requests in flight for this account: wait as Retry-After says".to_owned()
    } else {
        format!("temporarily unavailable: wait as Retry-After says, request id {}", context.request_id)
    };
    with_retry_after(reply::error(&ScimError::status(status, detail), context), retry_after)
}

fn unauthorized(challenge: &'static str, detail: &str, context: &Context) -> Response {
    let mut response = reply::error(&ScimError::unauthorized(detail), context);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// Whole seconds, rounded up: a client that comes back early is refused again.
fn with_retry_after(mut response: Response, wait: Duration) -> Response {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}

impl From<ScimError> for Refusal {
    fn from(error: ScimError) -> Self {
        Self::Scim(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Locked(_) | StoreError::Raced(_) => Self::unavailable(error),
            StoreError::Conflict(_) | StoreError::Other(_) => Self::internal(error),
        }
    }
}

impl From<ListError> for Refusal {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Refused(error) => error.into(),
            ListError::Store(error) => error.into(),
        }
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        let (status, retry_after) = match &error {
            CallError::Overloaded { retry_after } => (503, *retry_after),
            CallError::AccountBusy { retry_after } => (429, *retry_after),
            CallError::Unavailable(_) | CallError::NoReply => (503, OUTAGE_WAIT),
        };
        Self::Later { status, retry_after, cause: error.to_string() }
    }
}
