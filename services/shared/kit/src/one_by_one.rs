//! A reply's body whose large frames are asked for one at a time: the next when the one before was written, or dropped.
//!
//! A connection asks for more as soon as any of a frame is written. Of a client that takes nothing it would then hold two,
//! and there may be a thousand such clients. Nothing waits for the second: the kernel has megabytes of what was written
//! to send meanwhile.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use futures_util::task::AtomicWaker;
use http_body::{Frame, SizeHint};

/// Frames below this cost too little to be worth holding back.
const LARGE: usize = 16 << 10;

/// A body of which one large frame is out at a time.
pub struct OneByOne {
    body: Body,
    out: Arc<Out>,
}

/// Whether a frame is out, and whom to wake when it is back.
#[derive(Default)]
struct Out {
    any: AtomicBool,
    waker: AtomicWaker,
}

/// A frame that is out.
struct Lent {
    bytes: Bytes,
    out: Arc<Out>,
}

impl OneByOne {
    /// The frames of this body.
    pub fn new(body: Body) -> Self {
        OneByOne { body, out: Arc::default() }
    }

    fn lend(&self, bytes: Bytes) -> Bytes {
        if bytes.len() < LARGE {
            return bytes;
        }
        self.out.any.store(true, Ordering::Release);
        Bytes::from_owner(Lent { bytes, out: Arc::clone(&self.out) })
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // the memory first: who is woken takes a buffer
        self.bytes = Bytes::new();
        self.out.any.store(false, Ordering::Release);
        self.out.waker.wake();
    }
}

impl HttpBody for OneByOne {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        if this.out.any.load(Ordering::Acquire) {
            this.out.waker.register(cx.waker());
            // it may have come back before there was somebody to wake
            if this.out.any.load(Ordering::Acquire) {
                return Poll::Pending;
            }
        }
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(|bytes| this.lend(bytes)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, stream};
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_large_frame_waits_until_the_one_before_is_gone() {
        let frames = [LARGE, LARGE, 3, LARGE].map(|length| Ok::<_, Error>(Bytes::from(vec![7; length])));
        let mut body = OneByOne::new(Body::from_stream(stream::iter(frames)));
        let first = body.frame().await.unwrap().unwrap();
        assert!(body.frame().now_or_never().is_none());
        let woken = tokio::spawn(async move {
            let second = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!(second, [7; LARGE][..]);
            drop(second);
            let small = body.frame().await;
            let last = body.frame().await;
            assert!(small.is_some() && last.is_some(), "a small one holds nothing up");
            drop(last);
            body.frame().await.is_none()
        });
        drop(first);
        assert!(woken.await.unwrap());
    }
}
