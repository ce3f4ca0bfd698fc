/// Where calls go and as whom. Scalers with equal places share clients, connections and batches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The region; the SDK's own chain (environment, profile, instance metadata) when absent.
    pub region: Option<String>,
    /// Another endpoint for every service, such as an emulator's.
    pub endpoint_url: Option<String>,
    /// The role to assume with the default credentials.
    pub assume_role: Option<Role>,
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    /// The role's ARN.
    pub arn: String,
    /// The external id its trust policy asks for.
    pub external_id: Option<String>,
    /// The session's name, as `CloudTrail` shows it.
    pub session_name: String,
}
