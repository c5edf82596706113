//! A connection that must move: a write that waits while the other side acknowledges nothing, for too long, fails.
//!
//! What counts is what the kernel hears from the other side, not when the kernel has room for the next write: it waits
//! for a third of its megabytes, which a slow client takes minutes for. The kernel's own `TCP_USER_TIMEOUT` is no help:
//! it takes a window that opens by less than a segment, 64 KiB on loopback, for one that stays shut.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// `SIOCOUTQ` of tcp(7): the bytes of a socket that were not acknowledged yet. The number is that of `TIOCOUTQ` on all
/// architectures that this runs on.
const SIOCOUTQ: rustix::ioctl::Opcode = 0x5411;

/// A TCP connection whose writes fail when it has stood still for too long.
pub struct Moving {
    stream: TcpStream,
    stall: Duration,
    waiting: Option<Waiting>,
    /// Made when a write first waits, and left to run when it no longer does.
    timer: Option<Pin<Box<Sleep>>>,
}

/// Since when a write waits, and for how much.
struct Waiting {
    since: Instant,
    unacknowledged: i32,
}

impl Moving {
    /// This connection; standing still for `stall` is too long.
    pub fn new(stream: TcpStream, stall: Duration) -> Self {
        Moving { stream, stall, waiting: None, timer: None }
    }

    /// Passes on what a write came to, unless it has waited too long.
    fn judge(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        loop {
            let now = Instant::now();
            let waiting = match &mut self.waiting {
                Some(waiting) => waiting,
                None => {
                    let unacknowledged = unacknowledged(&self.stream)?;
                    self.waiting.insert(Waiting { since: now, unacknowledged })
                }
            };
            if now >= waiting.since + self.stall {
                // a write that waits adds nothing, so any other number is progress
                let left = unacknowledged(&self.stream)?;
                if left == waiting.unacknowledged {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                *waiting = Waiting { since: now, unacknowledged: left };
            }
            let until = waiting.since + self.stall;
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
            // one that was set for an earlier wait ends early and is set again then
            ready!(timer.as_mut().poll(cx));
            timer.as_mut().reset(until);
        }
    }
}

#[allow(unsafe_code, reason = "no safe crate asks a socket what was not acknowledged")]
fn unacknowledged(stream: &TcpStream) -> io::Result<i32> {
    // SAFETY: this request of a socket reads nothing and writes one `int`, as tcp(7) says.
    let question = unsafe { rustix::ioctl::Getter::<SIOCOUTQ, i32>::new() };
    // SAFETY: as above; the descriptor is borrowed from an open socket.
    unsafe { rustix::ioctl::ioctl(stream, question) }.map_err(io::Error::from)
}

impl AsyncRead for Moving {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Moving {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.judge(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
