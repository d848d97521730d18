use std::{io::IoSlice, sync::Arc};

use hyper::body::{Buf, Bytes};

use crate::{Protocol, state::State};

/// The data of a response body, counted while the connection holds it.
///
/// HTTP/2 takes data from a body before the peer's window allows to send it. The socket does not show that the peer
/// reads nothing then.
#[derive(Debug)]
pub struct HeldData<D> {
    data: D,
    /// The connection, if it may hold data. HTTP/1 does not: it takes data only while the socket takes it.
    held_by: Option<Arc<State>>,
}

impl<D: Buf> HeldData<D> {
    /// Wraps `data`, and counts it if the connection may hold it.
    #[inline]
    pub(crate) fn new(data: D, state: Option<&Arc<State>>) -> Self {
        let holds =
            |state: &&Arc<State>| state.protocol() == Some(Protocol::Http2) && data.has_remaining();
        let held_by = state.filter(holds).cloned();
        if let Some(state) = &held_by {
            state.marks.hold();
        }
        Self { data, held_by }
    }
}

impl<D: Buf> Buf for HeldData<D> {
    #[inline]
    fn remaining(&self) -> usize {
        self.data.remaining()
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        self.data.chunk()
    }

    #[inline]
    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.data.chunks_vectored(slices)
    }

    #[inline]
    fn advance(&mut self, count: usize) {
        self.data.advance(count);
        if let Some(state) = &self.held_by {
            state.marks.progress();
        }
    }

    #[inline]
    fn copy_to_bytes(&mut self, len: usize) -> Bytes {
        if let Some(state) = &self.held_by {
            state.marks.progress();
        }
        self.data.copy_to_bytes(len)
    }
}

impl<D> Drop for HeldData<D> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = &self.held_by {
            state.marks.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_read_in_parts_as_if_it_were_not_counted() {
        let mut held = HeldData::new(Bytes::from_static(b"a body"), None);
        assert_eq!(held.copy_to_bytes(2), "a ");
        held.advance(1);
        assert_eq!((held.chunk(), held.remaining()), (&b"ody"[..], 3));
    }
}
