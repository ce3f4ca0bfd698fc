/// How the settings name a queue: by name, URL or ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueAddress {
    /// The queue's name, 1 to 80 characters.
    pub name: String,
    /// The account that owns it, 12 digits, when it was told.
    pub owner: Option<String>,
    /// The region its URL or ARN names.
    pub region: Option<String>,
    /// The URL to call it by, when it was given as one.
    pub url: Option<String>,
}
