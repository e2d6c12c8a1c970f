//! What happens to the builds of a project, for pages that look on: as server-sent
//! events (WHATWG HTML, 9.2), which only say that something changed. What changed
//! the page asks for itself.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

use super::AppError;
use crate::model::CommitSha;
use crate::store::ProjectId;

/// Most pages that look on at once; each holds a connection.
const MAX_LISTENERS: usize = 256;

/// Happenings that a slow listener may fall behind. One that misses some is told
/// that something changed, and needs no more.
const BACKLOG: usize = 1_024;

/// How long after something happened a page is told: what comes meanwhile is told
/// along, so that 250 uploads in a burst are not 250 requests for the page.
const CALM: Duration = Duration::from_millis(500);

/// How long a page that fell silent waits before it connects anew.
const RETRY: Duration = Duration::from_secs(5);

/// Something that happened to the builds of a commit: one came, or all are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    pub(super) project: ProjectId,
    pub(super) commit: CommitSha,
    /// The pull request that the build is of.
    pub(super) pull_request: Option<u32>,
    /// Whether all builds of the commit are there.
    pub(super) is_last: bool,
}

/// A happening, or the end of all.
#[derive(Clone, Debug)]
enum Message {
    Happened(Happening),
    Stopping,
}

/// Tells listeners what happens. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Events {
    sender: broadcast::Sender<Message>,
    seats: Arc<Semaphore>,
}

impl Default for Events {
    fn default() -> Self {
        let (sender, _) = broadcast::channel(BACKLOG);
        Self { sender, seats: Arc::new(Semaphore::new(MAX_LISTENERS)) }
    }
}

/// Somebody who looks on.
struct Listener {
    messages: broadcast::Receiver<Message>,
    _seat: OwnedSemaphorePermit,
}

impl Events {
    /// Tells whoever looks on. Nobody may.
    pub(super) fn tell(&self, happening: Happening) {
        let _ = self.sender.send(Message::Happened(happening));
    }

    /// Everything that happens from now on.
    pub(super) fn follow(&self) -> Happenings {
        Happenings(self.sender.subscribe())
    }

    /// Ends all streams, so that their connections end, too.
    pub(super) fn stop(&self) {
        let _ = self.sender.send(Message::Stopping);
    }

    /// A stream with an event `change` whenever something happened that
    /// `is_wanted`.
    ///
    /// # Errors
    /// 503 when too many look on already.
    pub(super) fn listen<F>(
        &self,
        is_wanted: F,
    ) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + use<F>>, AppError>
    where
        F: Fn(&Happening) -> bool + Clone + Send + 'static,
    {
        let seat = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| {
            AppError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too-many-listeners",
                format!("{MAX_LISTENERS} pages are followed live already: load this one again to see what is new"),
            )
        })?;
        let listener = Listener { messages: self.sender.subscribe(), _seat: seat };
        let stream = unfold(listener, move |mut listener| {
            let is_wanted = is_wanted.clone();
            async move {
                listener.wait(is_wanted).await?;
                // A browser passes on no event without data.
                let event = Event::default().event("change").data("news").retry(RETRY);
                Some((Ok(event), listener))
            }
        });
        Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
    }
}

/// Everything that happens, for the server itself.
pub(super) struct Happenings(broadcast::Receiver<Message>);

impl Happenings {
    /// The next happening; `None` when nothing will happen any more. Some are missed
    /// where more come than are waited for.
    pub(super) async fn next(&mut self) -> Option<Happening> {
        loop {
            match self.0.recv().await {
                Ok(Message::Happened(happening)) => return Some(happening),
                Ok(Message::Stopping) | Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(_)) => {}
            }
        }
    }
}

impl Listener {
    /// Waits until something wanted happened, and then until it is calm; `None` when
    /// nothing will happen any more.
    async fn wait(&mut self, is_wanted: impl Fn(&Happening) -> bool) -> Option<()> {
        loop {
            match self.messages.recv().await {
                Ok(Message::Happened(happening)) if is_wanted(&happening) => break,
                Ok(Message::Happened(_)) => {}
                Ok(Message::Stopping) | Err(RecvError::Closed) => return None,
                // Whatever was missed may have been wanted.
                Err(RecvError::Lagged(_)) => break,
            }
        }
        let calm = tokio::time::sleep(CALM);
        let mut calm = std::pin::pin!(calm);
        loop {
            tokio::select! {
                () = &mut calm => return Some(()),
                message = self.messages.recv() => match message {
                    Ok(Message::Stopping) | Err(RecvError::Closed) => return None,
                    Ok(Message::Happened(_)) | Err(RecvError::Lagged(_)) => {}
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happening(number: u32) -> Happening {
        let commit = format!("{number:08x}").repeat(5).parse().unwrap();
        Happening { project: ProjectId(1), commit, pull_request: Some(number), is_last: false }
    }

    fn listener(events: &Events) -> Listener {
        let seat = Arc::clone(&events.seats).try_acquire_owned().unwrap();
        Listener { messages: events.sender.subscribe(), _seat: seat }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_told_once_and_what_others_do_not_at_all() {
        let events = Events::default();
        let mut listener = listener(&events);
        let wanted = |happening: &Happening| happening.pull_request == Some(7);
        for _ in 0..20 {
            events.tell(happening(7));
            events.tell(happening(8));
        }
        assert_eq!(listener.wait(wanted).await, Some(()));
        events.tell(happening(8));
        let more = tokio::time::timeout(Duration::from_mins(1), listener.wait(wanted));
        assert!(more.await.is_err(), "only another pull request was built");
    }

    #[tokio::test(start_paused = true)]
    async fn who_fell_behind_is_told_that_something_changed() {
        let events = Events::default();
        let mut listener = listener(&events);
        for _ in 0..2 * BACKLOG {
            events.tell(happening(8));
        }
        assert_eq!(listener.wait(|happening| happening.pull_request == Some(7)).await, Some(()));
    }

    #[tokio::test]
    async fn a_server_that_stops_ends_the_streams() {
        let events = Events::default();
        let mut listener = listener(&events);
        events.stop();
        assert_eq!(listener.wait(|_| true).await, None);
    }

    #[tokio::test]
    async fn only_so_many_may_look_on() {
        let events = Events::default();
        let all: Vec<_> = (0..MAX_LISTENERS).map(|_| events.listen(|_| true)).collect();
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(
            events.listen(|_| true).err().map(|error| error.status()),
            Some(StatusCode::SERVICE_UNAVAILABLE)
        );
        drop(all);
        assert!(events.listen(|_| true).is_ok());
    }
}
