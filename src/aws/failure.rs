use crate::model::{Cause, Missing};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::RequestId;
use std::error::Error;
use std::fmt;

/// Why a call failed, in the terms that operators treat differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of failure.
    pub cause: Cause,
    /// The service's own code, if it answered with one.
    pub code: Option<String>,
    /// The call and what came of it, in one line.
    pub why: String,
}

/// Longest account of a failure, in characters: enough for AWS's `AccessDenied` sentences with two ARNs.
const WHY_MAX: usize = 400;

impl Failure {
    /// What `error` of `call` means.
    pub fn of<E>(call: &str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let code = error.code().map(str::to_owned);
        let cause = cause(error);
        let words = match (&code, error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.clone(),
            (None, _) => credentials(error).unwrap_or_else(|| plain(error)),
        };
        let id = error.meta().request_id().map(|id| format!(" (request {id})")).unwrap_or_default();
        Self { cause, code, why: one_line(&format!("{call}: {words}{id}")) }
    }

    /// An answer that makes no sense.
    #[must_use]
    pub fn malformed(call: &str, why: impl fmt::Display) -> Self {
        Self { cause: Cause::Malformed, code: None, why: one_line(&format!("{call}: {why}")) }
    }

    /// The reading of `what` that this failure cost.
    #[must_use]
    pub fn missing(self, what: String) -> Missing {
        Missing::new(what, self.cause, self.why)
    }
}

fn cause<E>(error: &SdkError<E, HttpResponse>) -> Cause
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(cause) = error.code().and_then(cause_of_code) {
        return cause;
    }
    match error {
        SdkError::TimeoutError(_) => Cause::Timeout,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Cause::Timeout,
        _ if chain(error).any(<dyn Error>::is::<CredentialsError>) => Cause::Credentials,
        SdkError::DispatchFailure(_) => Cause::Unreachable,
        SdkError::ResponseError(response) => {
            cause_of_status(response.raw().status().as_u16(), Cause::Malformed)
        }
        SdkError::ServiceError(response) => cause_of_status(response.raw().status().as_u16(), Cause::Refused),
        _ => Cause::Refused,
    }
}

/// Codes as observed and as in the services' models; SQS gives its own long form for some.
fn cause_of_code(code: &str) -> Option<Cause> {
    Some(match code.rsplit('.').next().unwrap_or(code) {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Cause::Denied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "RequestExpired"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => Cause::Credentials,
        "NonExistentQueue" | "QueueDoesNotExist" => Cause::NotFound,
        "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException" => Cause::Throttled,
        "InternalError" | "InternalFailure" | "InternalServiceError" | "ServiceUnavailable" => Cause::Server,
        _ => return None,
    })
}

fn cause_of_status(status: u16, otherwise: Cause) -> Cause {
    match status {
        401 | 403 => Cause::Denied,
        429 => Cause::Throttled,
        500..=599 => Cause::Server,
        _ => otherwise,
    }
}

/// A failure without a code: the SDK's own words and those of everything beneath them.
fn plain<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: Error + 'static,
{
    match error.raw_response() {
        Some(response) => format!("HTTP status {}: {}", response.status().as_u16(), causes(error)),
        None => causes(error),
    }
}

/// An error's words and those of its causes, none said twice.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in chain(error) {
        let word = cause.to_string();
        if !words.iter().any(|said| said.contains(&word)) {
            words.push(word);
        }
    }
    words.join(": ")
}

/// A failure to find credentials: the SDK lists every place it looked at, at length.
fn credentials<E>(error: &SdkError<E, HttpResponse>) -> Option<String>
where
    E: Error + 'static,
{
    let failure = chain(error).find_map(|cause| cause.downcast_ref::<CredentialsError>())?;
    Some(match failure {
        CredentialsError::CredentialsNotLoaded(_) => {
            "no AWS credentials found: neither in the environment nor in \
            an AWS profile, nor from web identity, container or instance metadata"
                .to_owned()
        }
        other => format!("no usable AWS credentials: {}", causes(other)),
    })
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source())
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WHY_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}
