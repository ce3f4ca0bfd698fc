use super::*;
use crate::daemon::tests::{HeldQueue, engine, holding};
use crate::model::Outcome;
use crate::settings;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// A crew whose rings are far away, so that each loop does its first tick only.
struct Stage {
    crew: Crew,
    settings: Vec<Scaler>,
    stop: CancellationToken,
}

/// A recruit's queue as the test sees it, and whether its engine was built on another.
struct Desk {
    began: mpsc::UnboundedReceiver<()>,
    leave: Arc<Semaphore>,
    inherits: mpsc::UnboundedReceiver<bool>,
}

fn scaler(name: &str, group: &str) -> Scaler {
    let text = format!(
        "[[scaler]]\nname = {name:?}\nschedule = \"0 0 0 1 1 *\"\nsource = [{{ queue = \"a\" }}]\n\
         target = {{ name = {group:?} }}\n\
         policy = {{ kind = \"backlog_per_instance\", acceptable_backlog = 5 }}"
    );
    settings::parse(&[("test.toml".to_owned(), text)]).unwrap().scalers.remove(0)
}

impl Stage {
    async fn set() -> Self {
        let stop = CancellationToken::new();
        let crew = Crew::assemble(Clock::start(), stop.clone()).await.unwrap();
        Self { crew, settings: Vec::new(), stop }
    }

    /// Lets a scaler take up work, in place of that of its name.
    async fn recruit(&mut self, name: &str, group: &str) -> Desk {
        let (tell, began) = mpsc::unbounded_channel();
        let (tell_inherits, inherits) = mpsc::unbounded_channel();
        let leave = Arc::new(Semaphore::new(0));
        let queue = HeldQueue { began: tell, leave: leave.clone(), backlog: Ok(holding(10)) };
        let build = move |before: Option<Engine>, _now| {
            tell_inherits.send(before.is_some()).unwrap_or_default();
            engine(queue, Outcome::Done)
        };
        let scaler = scaler(name, group);
        let patience = Patience::for_period(Duration::from_secs(10));
        self.settings.retain(|known| known.name != name);
        self.settings.push(scaler.clone());
        let recruit = Recruit { scaler, patience, build: Box::new(build) };
        self.crew.change(&self.settings, vec![recruit]).await.unwrap();
        Desk { began, leave, inherits }
    }

    async fn dismiss(&mut self, name: &str) {
        self.settings.retain(|known| known.name != name);
        self.crew.change(&self.settings, Vec::new()).await.unwrap();
    }

    async fn all_end(&self) -> bool {
        timeout(Duration::from_secs(1), self.crew.loops().wait()).await.is_ok()
    }
}

impl Desk {
    /// Whether a tick begins within a second.
    async fn begins(&mut self) -> bool {
        matches!(timeout(Duration::from_secs(1), self.began.recv()).await, Ok(Some(())))
    }

    fn inherited(&mut self) -> Option<bool> {
        self.inherits.try_recv().ok()
    }
}

#[tokio::test(start_paused = true)]
async fn those_that_a_change_does_not_concern_go_on_undisturbed() {
    let mut stage = Stage::set().await;
    let mut first = stage.recruit("a", "one").await;
    assert!(first.begins().await);
    let pulse = stage.crew.pulses().remove(0);
    let mut second = stage.recruit("b", "two").await;
    assert!(second.begins().await, "it waits for nobody");
    stage.dismiss("b").await;
    first.leave.add_permits(10);
    assert!(!first.begins().await, "a second tick that nobody rang for");
    assert!(Arc::ptr_eq(&pulse, &stage.crew.pulses()[0]) && pulse.has_ticked());
    assert_eq!(stage.crew.pulses().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_changed_scaler_begins_when_its_old_tick_is_done_with_the_old_engine() {
    let mut stage = Stage::set().await;
    let mut old = stage.recruit("a", "one").await;
    assert!(old.begins().await);
    assert_eq!(old.inherited(), Some(false));
    let mut new = stage.recruit("a", "one").await;
    assert!(!new.begins().await, "two ticks at once");
    assert_eq!((stage.crew.changing(), new.inherited()), (vec!["a"], None));
    old.leave.add_permits(10);
    assert!(new.begins().await);
    assert_eq!(new.inherited(), Some(true));
    new.leave.add_permits(10);
    assert!(!old.begins().await && !new.begins().await);
    assert!(stage.crew.changing().is_empty());
}

#[tokio::test(start_paused = true)]
async fn changed_twice_during_one_tick_it_does_no_tick_in_between_and_loses_no_memory() {
    let mut stage = Stage::set().await;
    let mut old = stage.recruit("a", "one").await;
    assert!(old.begins().await);
    let mut middle = stage.recruit("a", "one").await;
    let mut new = stage.recruit("a", "one").await;
    old.leave.add_permits(10);
    assert!(new.begins().await);
    assert!(!middle.begins().await);
    assert_eq!((middle.inherited(), new.inherited()), (Some(true), Some(true)));
}

#[tokio::test(start_paused = true)]
async fn a_group_has_a_single_driver_while_it_passes_from_one_scaler_to_another() {
    let mut stage = Stage::set().await;
    let mut old = stage.recruit("a", "one").await;
    assert!(old.begins().await);
    stage.dismiss("a").await;
    let mut other = stage.recruit("b", "two").await;
    assert!(other.begins().await, "another group is none of its business");
    let mut new = stage.recruit("c", "one").await;
    assert!(!new.begins().await);
    old.leave.add_permits(10);
    assert!(new.begins().await);
    assert_eq!(new.inherited(), Some(false), "the memory is another scaler's");
}

#[tokio::test(start_paused = true)]
async fn a_removed_scaler_finishes_its_tick_and_is_named_until_then() {
    let mut stage = Stage::set().await;
    let mut stays = stage.recruit("b", "two").await;
    stays.leave.add_permits(10);
    let mut goes = stage.recruit("a", "one").await;
    assert!(stays.begins().await && goes.begins().await);
    stage.dismiss("a").await;
    assert!(!stays.begins().await);
    assert_eq!(stage.crew.changing(), ["a"]);
    goes.leave.add_permits(10);
    assert!(!goes.begins().await, "no tick more");
    assert!(stage.crew.changing().is_empty());
    assert!(!stage.all_end().await, "the other is still at work");
    stage.stop.cancel();
    assert!(stage.all_end().await);
}

#[tokio::test(start_paused = true)]
async fn removed_and_added_again_within_a_tick_it_goes_on_with_what_it_knew() {
    let mut stage = Stage::set().await;
    let mut old = stage.recruit("a", "one").await;
    let mut stays = stage.recruit("b", "two").await;
    assert!(old.begins().await && stays.begins().await);
    stage.dismiss("a").await;
    let mut new = stage.recruit("a", "one").await;
    old.leave.add_permits(10);
    assert!(new.begins().await);
    assert_eq!(new.inherited(), Some(true));
}

/// The watchdog must not bark at a scaler that waits for its predecessor.
#[tokio::test(start_paused = true)]
async fn who_has_to_wait_for_a_tick_is_given_the_time_that_may_take() {
    let mut stage = Stage::set().await;
    let mut old = stage.recruit("a", "one").await;
    assert!(old.begins().await);
    let _new = stage.recruit("a", "one").await;
    let now = stage.crew.clock.now();
    let member = &stage.crew.members[0];
    let deadlines = Deadlines { schedule: member.scaler.schedule.clone(), patience: member.patience };
    let latest = deadlines.after(now) + longest_tick(member.patience);
    assert!(!member.pulse.overdue(latest.shifted(-1000)));
    assert!(member.pulse.overdue(latest.shifted(1000)));
}

#[tokio::test(start_paused = true)]
async fn the_order_is_that_of_the_settings() {
    let mut stage = Stage::set().await;
    for name in ["a", "b", "c"] {
        stage.recruit(name, name).await;
    }
    stage.recruit("a", "a").await;
    let names: Vec<_> = stage.crew.scalers().map(|scaler| scaler.name.as_str()).collect();
    assert_eq!(names, ["b", "c", "a"]);
}
