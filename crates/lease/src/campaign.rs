//! Taking a lease, keeping it while one acts, and giving it back.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use postgres::Db;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{LeaseError, Term, store};

/// Extended so many times within its length: one failed attempt costs nobody the lead.
const EXTENSIONS: u32 = 3;

/// How a lease is held.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long a copy that has died keeps the others out; one that hangs inside a transaction, about twice as long.
    pub length: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            length: Duration::from_secs(5),
        }
    }
}

/// One thing that one copy of a service does at a time, as this copy sees it.
#[derive(Debug, Clone)]
pub struct Lease {
    db: Db,
    name: &'static str,
    holder: Uuid,
    options: Options,
}

impl Lease {
    /// The lease `name` in the database of the service.
    pub fn new(db: Db, name: &'static str, options: Options) -> Self {
        Self {
            db,
            name,
            holder: Uuid::new_v4(),
            options,
        }
    }

    /// Takes the lease where nobody else has it, or extends it.
    ///
    /// # Errors
    /// If the database fails; then nothing is known, and the caller has no term.
    pub async fn take(&self) -> Result<Option<Term>, LeaseError> {
        let mut transaction = self.db.begin().await?;
        let token = store::take(&mut transaction, self.name, self.holder, self.options.length).await?;
        transaction.commit().await?;
        Ok(token.map(|token| Term {
            name: self.name,
            holder: self.holder,
            token,
            length: self.options.length,
        }))
    }

    /// Gives it back, so that another copy need not wait until it runs out.
    ///
    /// # Errors
    /// If the database fails; then it runs out by itself.
    pub async fn release(&self, term: &Term) -> Result<(), LeaseError> {
        let mut transaction = self.db.begin().await?;
        store::release(&mut transaction, term.name, term.holder, term.token).await?;
        Ok(transaction.commit().await?)
    }

    /// Does `work` whenever this copy has the lease, until `stop`. `work` gets the term and a signal to end, which also
    /// comes when the term is over, or may be. Then it has the lease's length to end; the clock judges nothing: what
    /// it still writes passes [`Term::check`] or is refused. Returning by itself, it is begun anew.
    pub async fn lead<F, Fut>(self, stop: CancellationToken, work: F)
    where
        F: Fn(Term, CancellationToken) -> Fut + Send,
        Fut: Future<Output = ()> + Send,
    {
        let pause = self.options.length / EXTENSIONS;
        while !stop.is_cancelled() {
            match self.take().await {
                Ok(Some(term)) => self.serve(term, &stop, &work).await,
                Ok(None) => {}
                Err(error) => self.complain(&error),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(pause) => {}
            }
        }
    }

    async fn serve<F, Fut>(&self, term: Term, stop: &CancellationToken, work: &F)
    where
        F: Fn(Term, CancellationToken) -> Fut + Send,
        Fut: Future<Output = ()> + Send,
    {
        tracing::info!(lease = self.name, token = term.token, "this copy leads");
        metrics::gauge!("jeongsan_lease_held", "lease" => self.name).set(1);
        let end = stop.child_token();
        let mut working = pin!(work(term, end.clone()));
        let is_kept = tokio::select! {
            () = &mut working => true,
            () = self.keep(&term) => false,
        };
        metrics::gauge!("jeongsan_lease_held", "lease" => self.name).set(0);
        if !is_kept {
            tracing::warn!(
                lease = self.name,
                token = term.token,
                "another copy leads, or may lead"
            );
            end.cancel();
            if timeout(self.options.length, working).await.is_err() {
                tracing::warn!(
                    lease = self.name,
                    token = term.token,
                    "what was done as leader is broken off"
                );
            }
        } else if let Err(error) = self.release(&term).await {
            self.complain(&error);
        }
    }

    /// Extends the lease; returns when it is lost, or may be.
    async fn keep(&self, term: &Term) {
        let mut until = Instant::now() + self.options.length;
        loop {
            sleep(self.options.length / EXTENSIONS).await;
            let asked = Instant::now();
            match timeout_at(until, self.take()).await {
                Ok(Ok(Some(extended))) if extended == *term => until = asked + self.options.length,
                Ok(Ok(_)) => return,
                Ok(Err(error)) => self.complain(&error),
                Err(_) => {}
            }
            if Instant::now() >= until {
                return;
            }
        }
    }

    fn complain(&self, error: &LeaseError) {
        let error: &dyn std::error::Error = error;
        tracing::warn!(
            lease = self.name,
            error,
            "a lease could not be taken, extended or given back"
        );
    }
}
