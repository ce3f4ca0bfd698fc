use super::failure::{cause_of_code, cause_of_status, chain};
use crate::model::Cause;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sqs::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_sqs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sqs::error::{BoxError, ConnectorError, ErrorMetadata};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

/// How often AWS was asked for what, and what came of it, by the clients that it is an interceptor of.
/// Each attempt of a call counts: that is what AWS counts, and bills.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<Counts>>);

/// By operation and result.
type Counts = BTreeMap<(String, &'static str), u64>;

/// The result of an attempt that was answered as hoped for.
const OK: &str = "ok";

impl Calls {
    /// How often each operation (such as `GetQueueUrl`) had each result so far: `ok`, or a [`Cause`]'s code.
    #[must_use]
    pub fn counts(&self) -> Vec<(String, &'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((operation, result), count)| (operation.clone(), *result, *count)).collect()
    }

    pub(crate) fn note(&self, operation: &str, failed: Option<Cause>) {
        let key = (operation.to_owned(), failed.map_or(OK, Cause::code));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "Calls"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map_or("unknown", Metadata::name);
        self.note(operation, failure(context));
        Ok(())
    }
}

/// Why an attempt failed, if it did.
fn failure(context: &FinalizerInterceptorContextRef<'_>) -> Option<Cause> {
    let error = match context.output_or_error() {
        Some(Ok(_)) => return None,
        Some(Err(error)) => error,
        None => return Some(Cause::Timeout),
    };
    let late = error.is_timeout_error() || error.as_connector_error().is_some_and(ConnectorError::is_timeout);
    Some(if late {
        Cause::Timeout
    } else if let Some(cause) = chain(error).find_map(told) {
        cause
    } else if let Some(response) = context.response() {
        let otherwise = if error.is_operation_error() { Cause::Refused } else { Cause::Malformed };
        cause_of_status(response.status().as_u16(), otherwise)
    } else if error.is_connector_error() {
        Cause::Unreachable
    } else {
        Cause::Refused
    })
}

/// The cause that an error tells by its type or its code; a modelled error begins with its code when printed.
fn told(error: &(dyn Error + 'static)) -> Option<Cause> {
    if error.is::<CredentialsError>() {
        return Some(Cause::Credentials);
    }
    if let Some(code) = error.downcast_ref::<ErrorMetadata>().and_then(ErrorMetadata::code) {
        return cause_of_code(code);
    }
    cause_of_code(error.to_string().split(':').next()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError;
    use aws_sdk_sqs::types::error::RequestThrottled;

    #[test]
    fn operations_are_counted_by_their_result() {
        let calls = Calls::default();
        for failed in [None, Some(Cause::Throttled), None] {
            calls.clone().note("GetQueueUrl", failed);
        }
        let counts = [("GetQueueUrl".to_owned(), "ok", 2), ("GetQueueUrl".to_owned(), "throttled", 1)];
        assert_eq!(calls.counts(), counts);
    }

    #[test]
    fn an_error_tells_its_cause_whether_the_service_models_it_or_not() {
        let plain = ErrorMetadata::builder().code("AccessDenied").message("no entry").build();
        let cause = |error: &GetQueueUrlError| chain(error).find_map(told);
        assert_eq!(cause(&GetQueueUrlError::generic(plain)), Some(Cause::Denied));
        let throttled = RequestThrottled::builder().message("slow down").build();
        assert_eq!(cause(&GetQueueUrlError::RequestThrottled(throttled)), Some(Cause::Throttled));
        let strange = ErrorMetadata::builder().code("SomethingNew").build();
        assert_eq!(cause(&GetQueueUrlError::generic(strange)), None);
    }
}
