use crate::publish::Event as Explained;
use log::kv::{self, VisitSource};
use std::error::Error;
use std::fmt::Debug;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Hands every event to a [`log::Log`], as a record whose key-values are its fields and those of the
/// spans around it: the journal makes native fields of them.
#[derive(Debug)]
pub(super) struct LogLayer<L> {
    /// The journal in service; in tests, whatever remembers records.
    pub(super) sink: L,
}

/// An event's or a span's fields. Where a name occurs twice, the inner one counts.
#[derive(Clone, Debug, Default)]
struct Fields {
    message: String,
    pairs: Vec<(&'static str, String)>,
}

impl<S, L> Layer<S> for LogLayer<L>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    L: log::Log + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                outer.pairs.iter().for_each(|(name, value)| fields.put(name, value.clone()));
            }
        }
        event.record(&mut fields);
        fields.identify();
        let about = event.metadata();
        self.sink.log(
            &log::Record::builder()
                .level(level(*about.level()))
                .target(about.target())
                .file(about.file())
                .line(about.line())
                .module_path(about.module_path())
                .args(format_args!("{}", fields.message))
                .key_values(&fields)
                .build(),
        );
    }
}

impl Fields {
    /// Adds the journal's `MESSAGE_ID`, by which it finds the explanation of an event.
    fn identify(&mut self) {
        let code = self.pairs.iter().find(|(name, _)| *name == "event").map(|(_, code)| code.as_str());
        if let Some(explained) = code.and_then(Explained::of_code) {
            self.put("message_id", explained.message_id().to_owned());
        }
    }

    fn put(&mut self, name: &'static str, value: String) {
        if name == "message" {
            self.message = value;
            return;
        }
        self.pairs.retain(|(known, _)| *known != name);
        self.pairs.push((name, value));
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field.name(), format!("{value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let chain = std::iter::successors(Some(value), |error: &&(dyn Error + 'static)| (*error).source());
        self.put(field.name(), chain.map(ToString::to_string).collect::<Vec<_>>().join(": "));
    }
}

impl kv::Source for Fields {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), kv::Error> {
        self.pairs
            .iter()
            .try_for_each(|(name, value)| visitor.visit_pair((*name).into(), value.as_str().into()))
    }
}

const fn level(level: Level) -> log::Level {
    match level {
        Level::ERROR => log::Level::Error,
        Level::WARN => log::Level::Warn,
        Level::INFO => log::Level::Info,
        Level::DEBUG => log::Level::Debug,
        Level::TRACE => log::Level::Trace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<String>>>);

    impl log::Log for Memory {
        fn enabled(&self, _metadata: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            struct Pairs(String);
            impl<'kvs> VisitSource<'kvs> for Pairs {
                fn visit_pair(
                    &mut self,
                    key: kv::Key<'kvs>,
                    value: kv::Value<'kvs>,
                ) -> Result<(), kv::Error> {
                    self.0 = format!("{} {key}={value}", self.0);
                    Ok(())
                }
            }
            let mut pairs = Pairs(format!("{} {}", record.level(), record.args()));
            record.key_values().visit(&mut pairs).unwrap();
            self.0.lock().unwrap().push(pairs.0);
        }

        fn flush(&self) {}
    }

    #[test]
    fn fields_of_events_and_spans_become_key_values_and_the_inner_one_counts() {
        let memory = Memory::default();
        let subscriber = tracing_subscriber::registry().with(LogLayer { sink: memory.clone() });
        tracing::subscriber::with_default(subscriber, || {
            let span =
                tracing::info_span!("tick", scaler = "images", desired = 1, late = tracing::field::Empty);
            span.record("late", true);
            let _inside = span.enter();
            let error = std::io::Error::other("outer");
            tracing::warn!(desired = 4, error = &error as &(dyn Error + 'static), "backlog {}", "high");
        });
        assert_eq!(
            *memory.0.lock().unwrap(),
            ["WARN backlog high scaler=images late=true desired=4 error=outer"]
        );
    }
}
