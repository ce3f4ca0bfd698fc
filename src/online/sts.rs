use super::facts::Identity;
use crate::aws::{Failure, Session, Skew};
use aws_sdk_sts::Client;
use aws_sdk_sts::config::Builder;

const WHO: &str = "sts:GetCallerIdentity";

/// Whose credentials `session` has. Needs no permission.
pub(super) async fn identity(session: &Session, skew: &Skew) -> Result<Identity, Failure> {
    let client = Client::from_conf(Builder::from(&session.config).interceptor(skew.clone()).build());
    let answer = client.get_caller_identity().send().await.map_err(|error| Failure::of(WHO, &error))?;
    match (answer.account, answer.arn) {
        (Some(account), Some(arn)) => Ok(Identity { account, arn }),
        _ => Err(Failure::malformed(WHO, "no Account or no Arn in the answer")),
    }
}
