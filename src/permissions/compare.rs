use super::condition::{Held, NAMESPACE, holds, unescaped};
use super::given::{Effect, Policy, Statement};
use super::judge::{Verdict, Want};
use super::pattern::Pattern;
use super::{Grant, Identity, OF_COMMANDS};
use std::fmt;

/// What a policy allows of what is needed, and beyond it. Each is a list of sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many grants there are of an action on a resource.
    pub needed: usize,
    /// Those that the policy does not give.
    pub missing: Vec<String>,
    /// Those of which the document alone does not tell.
    pub unknown: Vec<String>,
    /// What is allowed beyond need.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Whether everything that is needed is certainly allowed.
    #[must_use]
    pub fn suffices(&self) -> bool {
        self.missing.is_empty() && self.unknown.is_empty()
    }
}

impl fmt::Display for Comparison {
    /// A line for each finding, the gravest first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = [("missing", &self.missing), ("cannot judge", &self.unknown), ("note", &self.notes)];
        for (head, lines) in groups {
            for line in lines {
                writeln!(f, "{head}: {line}")?;
            }
        }
        match (self.missing.len(), self.unknown.len()) {
            (0, 0) => writeln!(f, "the policy grants everything that is needed"),
            (missing, unknown) => {
                let granted = self.needed - missing - unknown;
                writeln!(f, "the policy certainly grants {granted} of the {} that are needed", self.needed)
            }
        }
    }
}

/// Compares what `identity` needs with what `policy` allows it.
#[must_use]
pub fn compare(identity: &Identity, policy: &Policy) -> Comparison {
    let wants: Vec<Want> = identity.grants.iter().flat_map(Want::all).collect();
    let mut comparison = Comparison { needed: wants.len(), ..Comparison::default() };
    for want in &wants {
        let without = want.permission.without();
        match want.judged_by(policy) {
            Verdict::Granted => {}
            Verdict::In(part) => {
                comparison.unknown.push(format!("{want}: it is granted on {part} only, and {}", open(want)));
            }
            Verdict::Missing => comparison.missing.push(format!("{want}; without it {without}")),
            Verdict::Denied(by) => {
                comparison.missing.push(format!("{want}, which {by} denies; without it {without}"));
            }
            Verdict::Unknown(why) => comparison.unknown.push(format!("{want}: {why}")),
        }
    }
    for (number, statement) in (1..).zip(&policy.statement) {
        let extra = extra(statement, identity, &wants);
        comparison.notes.extend(extra.iter().map(|extra| format!("{} {extra}", statement.name(number))));
    }
    comparison
}

/// Why it cannot be judged whether the part on which `want` is granted is the right one, and what to do.
fn open(want: &Want) -> &'static str {
    let text = want.resource.to_string();
    // arn, partition, service, region, account
    if text.splitn(6, ':').take(5).any(|part| part == "*") {
        "the settings leave open whether that is the right one; give queue and group by their ARNs, and the \
         region under [aws], to have it judged"
    } else {
        "whether that is the group as it is now the settings do not tell: its UUID changes whenever it is made \
         anew; let the policy have * in its place"
    }
}

/// What `statement` allows beyond need.
fn extra(statement: &Statement, identity: &Identity, wants: &[Want]) -> Vec<String> {
    if statement.effect == Effect::Deny {
        return Vec::new();
    }
    if statement.actions.inverted {
        return vec!["allows every action but a few (NotAction), which is more than is needed".to_owned()];
    }
    let each = statement.actions.patterns.iter().flat_map(|action| {
        let of: Vec<&Want> = wants.iter().filter(|want| action.covers(&want.action)).collect();
        match of.as_slice() {
            [] => vec![format!("allows {action}, which {}", unneeded(action))],
            of if action.is_wild() => vec![format!("allows {action}, where {} would do", actions(of))],
            of => wider(statement, action, of, identity),
        }
    });
    each.collect()
}

/// What there is to say of an `action` without which the daemon does all it shall.
fn unneeded(action: &Pattern) -> String {
    let of_commands = OF_COMMANDS.iter().filter(|(name, _)| action.covers(&Pattern::of_action(name)));
    let mut commands: Vec<&str> = of_commands.map(|(_, commands)| *commands).collect();
    commands.dedup();
    if commands.is_empty() {
        return "is not needed".to_owned();
    }
    format!("the daemon does not need; whoever runs {} does", commands.join(", "))
}

/// The actions of these wants, each once.
fn actions(wants: &[&Want]) -> String {
    let mut names: Vec<&str> = wants.iter().map(|want| want.permission.action()).collect();
    names.dedup();
    names.join(", ")
}

/// On what `statement` allows a needed `action` beyond need.
fn wider(statement: &Statement, action: &Pattern, of: &[&Want], identity: &Identity) -> Vec<String> {
    if statement.resources.inverted {
        return vec![format!("allows {action} on all but a few (NotResource), which is more than is needed")];
    }
    let mut extra = Vec::new();
    for resource in &statement.resources.patterns {
        if of.iter().any(|want| want.resource.covers(resource) || want.resource.reads_as(resource)) {
            continue;
        }
        let any = of.iter().any(|want| want.resource.overlaps(resource));
        let queues = |want: &&Want| want.permission.action().starts_with("sqs:");
        let less = match of.iter().any(queues) {
            _ if any => "which is wider than is needed",
            true => "which is not needed, unless it is a dead-letter queue: name it by --dead-letter-queue",
            false => "which is not needed",
        };
        extra.push(format!("allows {action} on {resource}, {less}"));
    }
    let permission = of.iter().map(|want| want.permission).next();
    let confined = |grant: &&Grant| Some(grant.permission) == permission && !grant.namespaces.is_empty();
    if let Some(grant) = identity.grants.iter().find(confined) {
        extra.extend(namespaces(statement, grant).map(|what| format!("allows {action} {what}")));
    }
    extra
}

/// To which namespaces `statement` allows publishing beyond need.
fn namespaces(statement: &Statement, grant: &Grant) -> Option<String> {
    let named = statement.conditions.iter().flat_map(|(operator, keys)| {
        let keys = keys.iter().filter(|(key, _)| key.eq_ignore_ascii_case(NAMESPACE));
        keys.flat_map(move |(_, values)| values.0.iter().map(move |value| (operator, value)))
    });
    let named: Vec<(&String, &String)> = named.collect();
    let else_where = "\u{1}";
    if named.is_empty() || holds(statement, Some(else_where)) == Held::Yes {
        let needed: Vec<&str> = grant.namespaces.iter().map(String::as_str).collect();
        return Some(format!("in any namespace, where {} would do", needed.join(", ")));
    }
    let unneeded = named.iter().filter(|(_, value)| !grant.namespaces.contains(&unescaped(value)));
    let unneeded: Vec<&str> = unneeded.map(|(_, value)| value.as_str()).collect();
    (!unneeded.is_empty()).then(|| format!("in {}, which is not needed", unneeded.join(", ")))
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.permission.action(), self.resource)?;
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}
