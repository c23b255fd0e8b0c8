//! A TCP stream whose peer must not dawdle.
//!
//! Three bounds: the headers of a request, the silence between two requests, and an answer nobody takes. One timer serves all,
//! and it is touched only when the stream would wait anyway: a busy connection never pays for it.

use super::activity::Activity;
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};

/// How long each wait may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// From the first byte of a request to the end of its headers.
    pub(super) head: Duration,
    /// Without a request.
    pub(super) idle: Duration,
    /// Without the peer taking a byte of what is to be sent.
    pub(super) write_stall: Duration,
}

/// The stream.
#[derive(Debug)]
pub(super) struct TimedStream {
    stream: TcpStream,
    bounds: Bounds,
    activity: Arc<Activity>,
    timer: Option<Pin<Box<Sleep>>>,
    stalled_since: Option<Instant>,
}

impl TimedStream {
    pub(super) fn new(stream: TcpStream, bounds: Bounds, activity: Arc<Activity>) -> Self {
        Self { stream, bounds, activity, timer: None, stalled_since: None }
    }

    /// The earliest moment at which some wait has been long enough.
    fn deadline(&self) -> Option<Instant> {
        let write = self.stalled_since.map(|since| since + self.bounds.write_stall);
        let read = self.activity.deadline(self.bounds.head, self.bounds.idle);
        write.into_iter().chain(read).min()
    }

    /// Pending, with a wake-up at the deadline; an error once it is over. The timer is left where it is when the deadline moves
    /// back, and looked at again when it fires: that costs one wake-up now and then instead of one reset a request.
    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            let Some(deadline) = self.deadline() else { return Poll::Pending };
            if deadline <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
            if timer.is_elapsed() || timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
            }
            ready!(timer.as_mut().poll(cx));
        }
    }

    fn after_write<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled_since = None;
            self.activity.wrote();
            return written;
        }
        self.stalled_since.get_or_insert_with(Instant::now);
        self.wait(cx)
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(cx, buf) {
            this.activity.read();
            return Poll::Ready(read);
        }
        this.wait(cx)
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let written = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.after_write(cx, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.after_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // An answer is out. hyper still waits for the read it began before, so nobody would wake it when the idle time is over.
        match self.wait(cx) {
            Poll::Ready(error) => Poll::Ready(error),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
