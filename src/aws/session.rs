use super::{Calls, Place};
use aws_config::default_provider::region::DefaultRegionChain;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// What all clients of one [`Place`] share.
#[derive(Clone, Debug)]
pub struct Session {
    /// Region, credentials, endpoint and timeouts, for any service's client.
    pub config: SdkConfig,
    /// The region that was found.
    pub region: String,
    /// Leave to read a queue: bounds the calls under way at once, so that a thousand queues due in
    /// the same second neither exhaust the account's rate nor this host's connections.
    pub permits: Arc<Semaphore>,
    /// How long its calls may take.
    pub patience: Patience,
    /// Counts what is asked of AWS, where it is an interceptor of the client.
    pub calls: Calls,
    /// The account of its credentials, once an answer has told it.
    pub account: Arc<OnceLock<String>>,
}

/// Queue readings under way at once in one session.
const READINGS_AT_ONCE: usize = 64;

/// How long calls may take. The SDK sets no such limits by itself and has waited for ever in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one attempt.
    pub attempt: Duration,
    /// For a call with all its attempts and the pauses between them.
    pub call: Duration,
}

/// No region is named anywhere.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no AWS region: set `region` under [aws], or AWS_REGION, or a region in the AWS profile")]
pub struct NoRegion;

impl Patience {
    /// Where no next tick waits for the answer.
    pub const LONGEST: Self = Self { attempt: Duration::from_secs(5), call: Duration::from_secs(15) };

    /// The limits for scalers of which the busiest samples once a `period`: no call outlasts it, nor
    /// the longest, and a first attempt without an answer leaves time for a second.
    #[must_use]
    pub fn for_period(period: Duration) -> Self {
        let call = (period * 9 / 10).min(Self::LONGEST.call);
        Self { attempt: (call * 2 / 3).min(Self::LONGEST.attempt), call }
    }
}

/// Opens `place`: finds the region and prepares credentials; calls nothing but, where no region is
/// named, the instance metadata service.
pub async fn open(place: &Place, patience: Patience) -> Result<Session, NoRegion> {
    let region = match &place.region {
        Some(region) => Region::new(region.clone()),
        None => DefaultRegionChain::builder().build().region().await.ok_or(NoRegion)?,
    };
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(patience.attempt)
        .operation_timeout(patience.call)
        .build();
    let mut loader =
        aws_config::defaults(BehaviorVersion::v2026_01_12()).region(region.clone()).timeout_config(timeouts);
    if let Ok(name) = AppName::new("backlogd") {
        loader = loader.app_name(name);
    }
    if let Some(url) = &place.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let config = assume(hurried(loader.load().await, patience), place).await;
    let permits = Arc::new(Semaphore::new(READINGS_AT_ONCE));
    let (calls, account) = Default::default();
    Ok(Session { config, region: region.to_string(), permits, patience, calls, account })
}

/// The same configuration with pauses between attempts that leave time for the attempts. The SDK's own
/// begin at up to a second: under a brisk schedule the call would end in the midst of one, and be
/// reported as a timeout whatever the service had said.
fn hurried(base: SdkConfig, patience: Patience) -> SdkConfig {
    let Some(retries) = base.retry_config() else { return base };
    let first = retries.initial_backoff().min(patience.call / 8);
    let retries = retries.clone().with_initial_backoff(first);
    base.into_builder().retry_config(retries).build()
}

/// The same configuration with the credentials of the place's role, if it has one.
async fn assume(base: SdkConfig, place: &Place) -> SdkConfig {
    let Some(role) = &place.assume_role else { return base };
    let mut provider =
        AssumeRoleProvider::builder(&role.arn).session_name(&role.session_name).configure(&base);
    if let Some(id) = &role.external_id {
        provider = provider.external_id(id);
    }
    let credentials = RoleCredentials { provider: provider.build().await, role: role.arn.clone() };
    base.into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}

/// A role's credentials, whose failures name the call and the role: what STS answers may not.
#[derive(Debug)]
struct RoleCredentials {
    provider: AssumeRoleProvider,
    role: String,
}

/// A role that could not be assumed.
#[derive(Debug, thiserror::Error)]
#[error("sts:AssumeRole on {role}")]
struct NotAssumed {
    role: String,
    source: CredentialsError,
}

impl RoleCredentials {
    async fn assumed(&self) -> provider::Result {
        let credentials = self.provider.provide_credentials().await;
        credentials.map_err(|source| {
            CredentialsError::provider_error(NotAssumed { role: self.role.clone(), source })
        })
    }
}

impl ProvideCredentials for RoleCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assumed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_outlasts_the_period_and_every_one_leaves_time_for_a_second_attempt() {
        for secs in [1, 2, 10, 30, 60, 3600] {
            let period = Duration::from_secs(secs);
            let patience = Patience::for_period(period);
            assert!(patience.call < period);
            assert!(patience.attempt < patience.call);
        }
    }
}
