/// An event that is explained to whoever reads the journal: each has an entry in
/// `systemd/backlogd.catalog`, which `journalctl -x` shows below the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The group took a higher desired capacity.
    ScaledOut,
    /// The group took a lower one.
    ScaledIn,
    /// The write of the desired capacity failed.
    ScalingFailed,
    /// A reading is missing, though AWS answers.
    ReadingMissing,
    /// AWS does not answer.
    AwsUnreachable,
    /// Capacity that was ordered does not come into service.
    CapacityStalled,
    /// Messages come into a dead-letter queue.
    DeadLetters,
    /// No more capacity may be ordered, and the objective is missed.
    AtMax,
    /// Messages wait, and nobody in service takes any.
    NoneTaken,
    /// Messages take longer than they stay hidden.
    VisibilityTimeout,
    /// The oldest message will soon be deleted unread.
    NearRetention,
    /// One of the last five is over.
    Recovered,
    /// Somebody paused a scaler, or changed its pause.
    Paused,
    /// A pause is over.
    Resumed,
    /// Settings were refused, at the start or on a reload.
    SettingsRefused,
    /// Settings were reloaded.
    SettingsReloaded,
    /// A scaler does not tick in time: the watchdog signal is withheld.
    WatchdogWithheld,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 17] = [
        Self::ScaledOut,
        Self::ScaledIn,
        Self::ScalingFailed,
        Self::ReadingMissing,
        Self::AwsUnreachable,
        Self::CapacityStalled,
        Self::DeadLetters,
        Self::AtMax,
        Self::NoneTaken,
        Self::VisibilityTimeout,
        Self::NearRetention,
        Self::Recovered,
        Self::Paused,
        Self::Resumed,
        Self::SettingsRefused,
        Self::SettingsReloaded,
        Self::WatchdogWithheld,
    ];

    /// The event's name in logs. Never renamed.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ScaledOut => "scaled_out",
            Self::ScaledIn => "scaled_in",
            Self::ScalingFailed => "scaling_failed",
            Self::ReadingMissing => "reading_missing",
            Self::AwsUnreachable => "aws_unreachable",
            Self::CapacityStalled => "capacity_stalled",
            Self::DeadLetters => "dead_letters",
            Self::AtMax => "at_max",
            Self::NoneTaken => "none_taken",
            Self::VisibilityTimeout => "visibility_timeout",
            Self::NearRetention => "near_retention",
            Self::Recovered => "recovered",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::SettingsRefused => "settings_refused",
            Self::SettingsReloaded => "settings_reloaded",
            Self::WatchdogWithheld => "watchdog_withheld",
        }
    }

    /// Its `MESSAGE_ID` in the journal: 128 random bits, made once. Never changed.
    #[must_use]
    pub const fn message_id(self) -> &'static str {
        match self {
            Self::ScaledOut => "9a40b77fb77744a5b4c0152ed9554e8a",
            Self::ScaledIn => "ef853089b28f4abfbf07fef834706977",
            Self::ScalingFailed => "f3e940a5f031421e9f9c7f59e0c99601",
            Self::ReadingMissing => "d95bec5f48aa47819c96ebf6d4e862c6",
            Self::AwsUnreachable => "341f89a60eea4aff962dc138f1673ab1",
            Self::CapacityStalled => "ef2a553728c54d40b173bebc14b367de",
            Self::DeadLetters => "7f6fe33e39574becb2ccf0c305087e47",
            Self::AtMax => "ffa74850c41d43d48ba04643ccb5c5ba",
            Self::NoneTaken => "7218f3a311254176a1f55ede744f14cd",
            Self::VisibilityTimeout => "9845f786e0b54b66a8b00b88f4a350a2",
            Self::NearRetention => "c3bf701c57a64629b719a0b3ba3301af",
            Self::Recovered => "205cd1e487b1416cb6c985ae98441785",
            Self::Paused => "d67cd71434cd40e89a6ff20a8604d529",
            Self::Resumed => "80d3209e7d22470a97cb2512fdc21ddf",
            Self::SettingsRefused => "4aaa343019c74112938d6761375cfe37",
            Self::SettingsReloaded => "fcedab14008f49e18f217ba8761c4fff",
            Self::WatchdogWithheld => "5d4da5cada49460b8fd1d2efd907455f",
        }
    }

    /// The event of this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.code() == code)
    }
}
