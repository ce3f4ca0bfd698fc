use croner::Cron;

/// When a scaler samples: a cron pattern with seconds, in UTC.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
}
