use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, SizeHint};

use super::{BoxError, ReplayError};

/// The largest number of frames that are kept. Without it, a body of tiny frames would take many times its size.
pub(super) const MOST_FRAMES: usize = 1_024;

/// The original body and the part that was read, shared by the attempts.
#[derive(Debug)]
pub(super) struct Source<B> {
    /// `None` after the end, and after an error.
    pub(super) body: Option<B>,
    /// An error of the first poll, for the first attempt.
    pub(super) error: Option<BoxError>,
    pub(super) frames: Vec<Bytes>,
    /// The length of `frames` in bytes.
    pub(super) size: u64,
    pub(super) trailers: Option<HeaderMap>,
    limit: u64,
    /// The reason why no further attempt is possible.
    lost: Option<ReplayError>,
    /// The attempt that continues over the limit.
    heir: Option<u32>,
    /// Whether there may be further attempts.
    has_replay: bool,
    /// The live attempts, the newest last.
    readers: Vec<(u32, Option<Waker>)>,
    next: u32,
}

impl<B> Source<B> {
    pub(super) const fn new(body: B, limit: u64) -> Self {
        Self {
            body: Some(body),
            error: None,
            frames: Vec::new(),
            size: 0,
            trailers: None,
            limit,
            lost: None,
            heir: None,
            has_replay: true,
            readers: Vec::new(),
            next: 0,
        }
    }

    pub(super) const fn lost(&self) -> Option<ReplayError> {
        self.lost
    }

    /// Adds an attempt, and returns its number.
    pub(super) fn attach(&mut self) -> u32 {
        let id = self.next;
        self.next += 1;
        self.readers.push((id, None));
        id
    }

    /// Removes an attempt. Returns the wakers of the others: the body may have the waker of the attempt alone.
    pub(super) fn detach(&mut self, id: u32) -> Vec<Waker> {
        let wakers = self.others(id);
        self.readers.retain(|(other, _)| *other != id);
        wakers
    }

    /// Ends the keeping for further attempts.
    pub(super) const fn release(&mut self) {
        self.has_replay = false;
    }

    /// Stores the waker of an attempt that waits for the body.
    pub(super) fn wait(&mut self, id: u32, waker: &Waker) {
        if let Some((_, slot)) = self.readers.iter_mut().find(|(other, _)| *other == id) {
            match slot {
                Some(stored) => stored.clone_from(waker),
                None => *slot = Some(waker.clone()),
            }
        }
    }

    /// Takes the wakers of the other attempts, which wait for what the attempt `id` has read.
    pub(super) fn others(&mut self, id: u32) -> Vec<Waker> {
        let others = self.readers.iter_mut().filter(|(other, _)| *other != id);
        others.filter_map(|(_, waker)| waker.take()).collect()
    }

    /// Returns an error if the attempt cannot continue with the body, since another one does, or since the body failed.
    pub(super) fn check(&self, id: u32) -> Result<(), ReplayError> {
        match self.lost {
            Some(lost) if self.heir != Some(id) => Err(lost),
            _ => Ok(()),
        }
    }

    /// Records a frame that the attempt `id` has read from the body. Returns whether the frame was kept, and an error if
    /// the frame is for another attempt.
    pub(super) fn keep(&mut self, id: u32, data: &Bytes) -> Result<bool, ReplayError> {
        if !self.is_keeping() {
            self.discard();
            return Ok(false);
        }
        let size = self.size + data.len() as u64;
        if size <= self.limit && self.frames.len() < MOST_FRAMES {
            self.push(data.clone());
            return Ok(true);
        }
        self.lost = Some(ReplayError::TooLarge);
        self.heir = self.readers.last().map(|(newest, _)| *newest);
        if self.heir == Some(id) {
            self.discard();
            return Ok(false);
        }
        // The newest attempt may be behind, and still needs the frames and this one.
        self.push(data.clone());
        Err(ReplayError::TooLarge)
    }

    /// Records that the body failed.
    pub(super) fn fail(&mut self) {
        self.body = None;
        self.lost.get_or_insert(ReplayError::Failed);
        self.heir = None;
    }

    /// Records that the body has ended.
    pub(super) fn end(&mut self, trailers: Option<HeaderMap>) {
        self.body = None;
        self.trailers = trailers;
    }

    /// Adds the frame of the first poll, which the first attempt has not read.
    pub(super) fn push_first(&mut self, data: Bytes) {
        self.push(data);
        if self.size > self.limit {
            self.lost = Some(ReplayError::TooLarge);
            self.heir = Some(0);
        }
    }

    /// Adds the error of the first poll, which the first attempt has not read.
    pub(super) fn push_error(&mut self, error: impl Into<BoxError>) {
        self.fail();
        self.error = Some(error.into());
    }

    /// Returns whether another attempt may need the frames.
    fn is_keeping(&self) -> bool {
        self.lost.is_none() && (self.has_replay || self.readers.len() > 1)
    }

    fn push(&mut self, data: Bytes) {
        self.size += data.len() as u64;
        self.frames.push(data);
    }

    fn discard(&mut self) {
        self.frames = Vec::new();
        self.size = 0;
    }
}

impl<B: Body> Source<B> {
    /// Returns whether the body has nothing more to read.
    pub(super) fn is_end(&self) -> bool {
        self.body.as_ref().is_some_and(Body::is_end_stream)
    }

    /// Returns whether the body is known to be within the limit.
    pub(super) fn fits(&self) -> bool {
        let size = self.rest().upper().and_then(|rest| rest.checked_add(self.size));
        self.lost.is_none() && size.is_some_and(|size| size <= self.limit)
    }

    /// Returns whether the body was read to its end.
    pub(super) fn has_ended(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    /// Returns the length of the rest of the body.
    pub(super) fn rest(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

pub(super) fn lock<B>(source: &Mutex<Source<B>>) -> MutexGuard<'_, Source<B>> {
    source.lock().unwrap_or_else(PoisonError::into_inner)
}
