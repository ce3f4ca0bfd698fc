use crate::model::{Cause, Missing};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ErrorMetadata, ProvideErrorMetadata, SdkError};
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

/// Longest account of a failure, in characters: enough for AWS's `AccessDenied` sentences with two ARNs,
/// also behind the words for credentials.
const WHY_MAX: usize = 600;

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

    /// Whether the service is known to have done nothing. Without an answer, or with one that cannot be
    /// read, or when the service failed itself, it may have.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        match self.cause {
            Cause::Denied | Cause::Credentials | Cause::NotFound | Cause::Throttled | Cause::Refused => true,
            Cause::Timeout | Cause::Unreachable | Cause::Malformed | Cause::Server => false,
        }
    }

    /// What came of the call, without its name and the request's id: the same for all calls that fail of the same.
    #[must_use]
    pub fn words(&self) -> &str {
        let words = self.why.split_once(": ").map_or(self.why.as_str(), |(_, words)| words);
        words.rsplit_once(" (request ").map_or(words, |(words, _)| words)
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
pub(super) fn cause_of_code(code: &str) -> Option<Cause> {
    Some(match code.rsplit('.').next().unwrap_or(code) {
        "AccessDenied" | "AccessDeniedException" | "AuthorizationError" | "UnauthorizedOperation" => {
            Cause::Denied
        }
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "RequestExpired"
        | "AuthFailure"
        | "InvalidSecurity"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => Cause::Credentials,
        "InvalidAddress" | "NonExistentQueue" | "NotFound" | "QueueDoesNotExist" => Cause::NotFound,
        "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "Throttled"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException" => Cause::Throttled,
        // Answered with status 500, and yet a plain no: another update of the group is pending.
        "ResourceContention" => Cause::Refused,
        "InternalError" | "InternalFailure" | "InternalServiceError" | "ServiceUnavailable" => Cause::Server,
        _ => return None,
    })
}

pub(super) fn cause_of_status(status: u16, otherwise: Cause) -> Cause {
    match status {
        // A success that cannot be read.
        200..=299 => Cause::Malformed,
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
        Some(response) => {
            let status = response.status().as_u16();
            let hint =
                if cause_of_status(status, Cause::Refused) == Cause::Denied { " (a proxy's?)" } else { "" };
            format!("HTTP status {status}{hint}: {}", causes(error))
        }
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
        other => format!("no usable AWS credentials: {}", without_wrapping(other)),
    })
}

/// The words of a failed provider of credentials: where a service refused, what was asked of it, and its
/// code and message, without those of the layers between.
fn without_wrapping(failure: &CredentialsError) -> String {
    let asked = failure.source().map(ToString::to_string).unwrap_or_default();
    let answer = chain(failure).find_map(|cause| cause.downcast_ref::<ErrorMetadata>());
    match answer.and_then(|answer| Some((answer.code()?, answer.message()?))) {
        Some((code, message)) => format!("{asked}: {code}: {message}"),
        None => causes(failure),
    }
}

pub(super) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sqs::error::ConnectorError;
    use aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError;

    type Error = SdkError<GetQueueUrlError, HttpResponse>;

    fn response(status: u16) -> HttpResponse {
        HttpResponse::new(status.try_into().unwrap(), String::new().into())
    }

    fn refused(status: u16, code: Option<&str>, message: &str) -> Failure {
        let mut about = ErrorMetadata::builder().message(message);
        if let Some(code) = code {
            about = about.code(code);
        }
        let error = GetQueueUrlError::generic(about.build());
        Failure::of("sqs:GetQueueUrl", &Error::service_error(error, response(status)))
    }

    fn of(error: &Error) -> Failure {
        Failure::of("sqs:GetQueueUrl", error)
    }

    #[test]
    fn every_known_code_has_its_cause_whatever_the_status() {
        for (cause, codes) in [
            (Cause::Denied, "AccessDenied AccessDeniedException UnauthorizedOperation"),
            (
                Cause::Credentials,
                "ExpiredToken ExpiredTokenException InvalidAccessKeyId InvalidClientTokenId \
                 IncompleteSignature MissingAuthenticationToken MissingAuthenticationTokenException \
                 RequestExpired SignatureDoesNotMatch UnrecognizedClientException",
            ),
            (Cause::NotFound, "NonExistentQueue QueueDoesNotExist AWS.SimpleQueueService.NonExistentQueue"),
            (
                Cause::Throttled,
                "RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown Throttling \
                 ThrottlingException TooManyRequestsException",
            ),
            (Cause::Server, "InternalError InternalFailure InternalServiceError ServiceUnavailable"),
        ] {
            for code in codes.split_whitespace() {
                for status in [400, 403, 503] {
                    assert_eq!(refused(status, Some(code), "").cause, cause, "{code} with {status}");
                }
            }
        }
    }

    #[test]
    fn without_a_known_code_the_status_tells_the_cause() {
        for (status, cause) in [
            (200, Cause::Malformed),
            (400, Cause::Refused),
            (401, Cause::Denied),
            (403, Cause::Denied),
            (404, Cause::Refused),
            (429, Cause::Throttled),
            (500, Cause::Server),
            (503, Cause::Server),
            (599, Cause::Server),
        ] {
            assert_eq!(refused(status, None, "").cause, cause, "{status}");
            assert_eq!(refused(status, Some("SomethingNew"), "").cause, cause, "SomethingNew with {status}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_malformed_unless_its_status_says_more() {
        let unread = |status| of(&Error::response_error("no JSON", response(status)));
        assert_eq!(unread(200).cause, Cause::Malformed);
        assert_eq!(unread(400).cause, Cause::Malformed);
        assert_eq!(unread(503).cause, Cause::Server);
        assert!(unread(503).why.starts_with("sqs:GetQueueUrl: HTTP status 503: "), "{}", unread(503));
        assert!(unread(503).why.ends_with("no JSON"), "{}", unread(503));
    }

    #[test]
    fn no_answer_is_a_timeout_or_a_lack_of_connection() {
        let broken = |error| of(&Error::dispatch_failure(error));
        assert_eq!(of(&Error::timeout_error("after 5 s")).cause, Cause::Timeout);
        assert_eq!(broken(ConnectorError::timeout("after 5 s".into())).cause, Cause::Timeout);
        let refused = broken(ConnectorError::io("connection refused".into()));
        assert_eq!(refused.cause, Cause::Unreachable);
        assert!(refused.why.ends_with("connection refused"), "{refused}");
    }

    #[test]
    fn a_connection_that_lacks_credentials_is_told_from_one_that_lacks_a_server() {
        let lacking = CredentialsError::not_loaded("nowhere to be found");
        let failure = of(&Error::dispatch_failure(ConnectorError::other(lacking.into(), None)));
        assert_eq!(failure.cause, Cause::Credentials);
        assert!(failure.why.starts_with("sqs:GetQueueUrl: no AWS credentials found"), "{failure}");
        let failing = CredentialsError::provider_error("the role's door is shut");
        let failure = of(&Error::construction_failure(failing));
        assert_eq!(failure.cause, Cause::Credentials);
        assert!(failure.why.contains("no usable AWS credentials"), "{failure}");
        assert!(failure.why.ends_with("the role's door is shut"), "{failure}");
        let answer = ErrorMetadata::builder().code("AccessDenied").message("no entry").build();
        let asked = GetQueueUrlError::generic(answer);
        let failure = of(&Error::construction_failure(CredentialsError::provider_error(asked)));
        assert!(failure.why.ends_with(": AccessDenied: no entry"), "{failure}");
    }

    #[test]
    fn the_words_of_a_failure_are_the_same_whatever_was_called() {
        let words = |why: &str| {
            Failure { cause: Cause::Credentials, code: None, why: why.to_owned() }.words().to_owned()
        };
        assert_eq!(
            words("sqs:GetQueueUrl: ExpiredToken: it is old (request 0a-1)"),
            "ExpiredToken: it is old"
        );
        assert_eq!(words("sqs:GetQueueUrl: io error: Connection refused"), "io error: Connection refused");
        assert_eq!(words("no call"), "no call");
    }

    #[test]
    fn the_account_of_a_failure_is_one_line_of_bounded_length() {
        let failure = refused(400, Some("AccessDenied"), &format!("first\n\tsecond{}", " ä".repeat(400)));
        assert_eq!(failure.code.as_deref(), Some("AccessDenied"));
        assert!(failure.why.starts_with("sqs:GetQueueUrl: AccessDenied: first second ä"), "{failure}");
        assert_eq!(failure.why.chars().count(), WHY_MAX + 1);
        assert!(failure.why.ends_with('…'));
    }
}
