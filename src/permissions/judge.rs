use super::condition::{Held, holds};
use super::given::{Effect, Matched, Policy, Statement};
use super::needs::EVERYTHING;
use super::pattern::Pattern;
use super::{Grant, Permission};

/// One thing to be allowed: an action on a resource.
#[derive(Clone, Debug)]
pub(super) struct Want {
    pub(super) permission: Permission,
    pub(super) action: Pattern,
    pub(super) resource: Pattern,
    pub(super) namespace: Option<String>,
}

/// Whether a policy allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Granted,
    /// On a part of what the settings leave open, such as one account.
    In(String),
    Missing,
    /// By a statement of this name.
    Denied(String),
    /// For this reason.
    Unknown(String),
}

impl Want {
    /// All that `grant` asks for.
    pub(super) fn all(grant: &Grant) -> Vec<Self> {
        let want = |resource: &str, namespace: Option<String>| Self {
            permission: grant.permission,
            action: Pattern::of_action(grant.permission.action()),
            resource: if resource == EVERYTHING { Pattern::nameless() } else { Pattern::new(resource) },
            namespace,
        };
        let on = |resource: &String| -> Vec<Self> {
            if grant.namespaces.is_empty() {
                return vec![want(resource, None)];
            }
            grant.namespaces.iter().map(|name| want(resource, Some(name.clone()))).collect()
        };
        grant.resources.iter().flat_map(on).collect()
    }

    /// What of it is in `matched`: all, a part by this name, or nothing.
    fn within(&self, matched: &Matched) -> Share {
        let whole = matched.patterns.iter().any(|pattern| pattern.covers(&self.resource));
        let part = matched.patterns.iter().find(|pattern| pattern.overlaps(&self.resource));
        match (whole, part, matched.inverted) {
            (true, _, false) | (false, None, true) => Share::Whole,
            (false, None, false) | (true, _, true) => Share::Nothing,
            (false, Some(part), false) => Share::Part(part.clone()),
            (false, Some(part), true) => Share::Part(Pattern::new(&format!("all but {part}"))),
        }
    }

    /// Whether `statement` is about the action.
    pub(super) fn is_of(&self, statement: &Statement) -> bool {
        let actions = &statement.actions;
        actions.patterns.iter().any(|pattern| pattern.covers(&self.action)) != actions.inverted
    }

    /// The verdict of all statements together: one that denies outweighs all that allow.
    pub(super) fn judged_by(&self, policy: &Policy) -> Verdict {
        let (mut granted, mut part, mut unknown, mut unknown_denial) = (false, None, None, None);
        for (number, statement) in (1..).zip(&policy.statement).filter(|(_, each)| self.is_of(each)) {
            let name = statement.name(number);
            let held = holds(statement, self.namespace.as_deref());
            let denies = statement.effect == Effect::Deny;
            match (self.within(&statement.resources), held, denies) {
                (Share::Nothing, ..) | (_, Held::No, _) => {}
                (Share::Whole, Held::Yes, true) => return Verdict::Denied(name),
                (Share::Whole, Held::Yes, false) => granted = true,
                (_, Held::Unknown(by), true) => {
                    unknown_denial = Some(format!("{name} denies it under the condition {by}"));
                }
                (Share::Part(of), Held::Yes, true) => {
                    unknown_denial = Some(format!("{name} denies it on {of}"));
                }
                (Share::Part(of), Held::Yes, false) if of.is_variable => {
                    unknown = Some(format!("{name} allows it on {of}"));
                }
                (Share::Part(of), Held::Yes, false) => part = Some(of.to_string()),
                (_, Held::Unknown(by), false) => {
                    unknown = Some(format!("{name} allows it under the condition {by}"));
                }
            }
        }
        let allowed = match (granted, part, unknown) {
            (true, ..) => Verdict::Granted,
            (false, Some(of), _) => Verdict::In(of),
            (false, None, Some(why)) => Verdict::Unknown(why),
            (false, None, None) => return Verdict::Missing,
        };
        unknown_denial.map_or(allowed, Verdict::Unknown)
    }
}

enum Share {
    Whole,
    Part(Pattern),
    Nothing,
}
