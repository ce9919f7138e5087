use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

/// Tells each of a group how large it was and where it was done, as soon as the gate lets it.
#[derive(Clone)]
struct Telling<const PLACES: usize> {
    gate: Arc<Semaphore>,
    begun: Arc<Semaphore>,
    places: Arc<AtomicUsize>,
}

struct Numbered(usize);

impl Place for Numbered {
    fn is_kept(&self) -> bool {
        false
    }

    fn rest(&mut self) {}
}

const PANICS: u32 = 13;
/// After that, a test has failed.
const LONG: Duration = Duration::from_mins(1);

impl<const PLACES: usize> Together for Telling<PLACES> {
    const NAME: &'static str = "telling";
    const GROUP: usize = 10;
    const SIDE_BY_SIDE: usize = PLACES;
    // As long as it takes: what is waited for comes.
    const PATIENCE: Duration = LONG;
    type Item = u32;
    type Outcome = (u32, usize, usize);
    type Place = Numbered;

    fn place(&self) -> Numbered {
        Numbered(self.places.fetch_add(1, Ordering::Relaxed))
    }

    async fn go(&self, place: &mut Numbered, group: Vec<u32>) -> Vec<(u32, usize, usize)> {
        self.begun.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        assert!(!group.contains(&PANICS), "as asked");
        let size = group.len();
        group.into_iter().map(|item| (item, size, place.0)).collect()
    }
}

/// A queue that somebody works on, and who may stop that.
struct Desk<const PLACES: usize> {
    queue: Arc<Queue<Telling<PLACES>>>,
    work: Telling<PLACES>,
    /// How many have asked.
    asked: Arc<AtomicUsize>,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

type Told = JoinHandle<Result<(u32, usize, usize), Error>>;

impl<const PLACES: usize> Desk<PLACES> {
    async fn open() -> Self {
        let work = Telling {
            gate: Arc::new(Semaphore::new(0)),
            begun: Arc::new(Semaphore::new(0)),
            places: Arc::default(),
        };
        let (queue, groups) = queue::<Telling<PLACES>>();
        let stop = CancellationToken::new();
        let running = tokio::spawn(groups.run(work.clone(), stop.clone()));
        // It has put its places there when it waits.
        while work.places.load(Ordering::Relaxed) < PLACES {
            tokio::task::yield_now().await;
        }
        Self {
            queue: Arc::new(queue),
            work,
            asked: Arc::default(),
            stop,
            running,
        }
    }

    fn ask(&self, item: u32) -> Told {
        let (queue, work, asked) = (
            Arc::clone(&self.queue),
            self.work.clone(),
            Arc::clone(&self.asked),
        );
        tokio::spawn(async move {
            asked.fetch_add(1, Ordering::Relaxed);
            queue.wait(&work, item).await
        })
    }

    /// Has `items` wait while a first one, 0, is worked on.
    async fn crowd(&self, items: impl Iterator<Item = u32>) -> (Told, Vec<Told>) {
        let first = self.ask(0);
        self.has_begun().await;
        let told: Vec<_> = items.map(|item| self.ask(item)).collect();
        // In the queue is who has asked, for all share one thread.
        while self.asked.load(Ordering::Relaxed) <= told.len() {
            tokio::task::yield_now().await;
        }
        (first, told)
    }

    async fn has_begun(&self) {
        let begun = timeout(LONG, self.work.begun.acquire()).await;
        begun.expect("a group begins").unwrap().forget();
    }

    fn let_go(&self, groups: usize) {
        self.work.gate.add_permits(groups);
    }
}

async fn outcome(told: Told) -> Result<(u32, usize, usize), String> {
    let told = timeout(LONG, told).await.expect("an outcome");
    told.unwrap().map_err(|error| error.to_string())
}

#[tokio::test]
async fn what_comes_while_a_group_is_worked_on_is_the_next_group() {
    let desk = Desk::<1>::open().await;
    let (first, told) = desk.crowd(101..=125).await;
    desk.let_go(4);
    assert_eq!(
        outcome(first).await,
        Ok((0, 1, 0)),
        "one that comes alone is a group alone"
    );
    let mut sizes = HashSet::new();
    for (told, item) in told.into_iter().zip(101..) {
        let (told, size, place) = outcome(told).await.unwrap();
        assert_eq!((told, place), (item, 0));
        sizes.insert(size);
    }
    assert_eq!(sizes, HashSet::from([10, 5]));
}

/// A small group costs the database nearly as much as a large one.
#[tokio::test]
async fn a_group_waits_for_as_many_as_are_worked_on_beside_it() {
    let desk = Desk::<2>::open().await;
    // The first has one place, and these three the other.
    let (first, three) = desk.crowd(1..=3).await;
    desk.has_begun().await;
    desk.let_go(1);
    assert_eq!(
        outcome(first).await.map(|(item, size, _)| (item, size)),
        Ok((0, 1))
    );
    let one = desk.ask(4);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let others = [desk.ask(5), desk.ask(6)];
    desk.has_begun().await;
    desk.let_go(2);
    for told in three.into_iter().chain([one]).chain(others) {
        assert_eq!(outcome(told).await.map(|(_, size, _)| size), Ok(3));
    }
}

#[tokio::test]
async fn a_group_that_panics_costs_only_itself() {
    let desk = Desk::<1>::open().await;
    let (first, told) = desk.crowd([1, PANICS, 2].into_iter()).await;
    desk.let_go(3);
    assert_eq!(outcome(first).await, Ok((0, 1, 0)));
    for told in told {
        // Nobody knows what became of it: it comes again under its key.
        assert!(matches!(told.await.unwrap(), Err(Error::NotNow(_))));
    }
    // The place is not used again, for nobody knows what is left of it.
    assert_eq!(outcome(desk.ask(3)).await, Ok((3, 1, 1)));
}

#[tokio::test]
async fn one_that_comes_alone_and_panics_leaves_a_new_place() {
    let desk = Desk::<1>::open().await;
    desk.let_go(2);
    assert!(matches!(desk.ask(PANICS).await.unwrap(), Err(Error::NotNow(_))));
    assert_eq!(outcome(desk.ask(1)).await, Ok((1, 1, 1)));
}

#[tokio::test]
async fn what_is_begun_is_finished_and_what_waits_is_put_off_when_it_stops() {
    let desk = Desk::<1>::open().await;
    let (first, told) = desk.crowd(1..=3).await;
    desk.let_go(1);
    assert_eq!(outcome(first).await, Ok((0, 1, 0)));
    // These three are a group now, and this one is not of it.
    desk.has_begun().await;
    let late = desk.ask(4);
    desk.stop.cancel();
    desk.let_go(1);
    desk.running.await.unwrap();
    for (told, item) in told.into_iter().zip(1..) {
        assert_eq!(outcome(told).await, Ok((item, 3, 0)));
    }
    assert!(matches!(late.await.unwrap(), Err(Error::NotNow(_))));
    let later = desk.queue.wait(&desk.work, 5).await;
    assert!(matches!(later, Err(Error::NotNow(_))));
}
