use super::{Common, Exit, complain, print, say};
use crate::permissions::{
    Comparison, Identity, MANAGED_SIZE_MAX, Permission, Policy, Trusted, compare, identities, policy, size,
    trust,
};
use crate::source::QueueAddress;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Arguments of `iam`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    /// What is needed by this role of the settings' `assume_role` [default: what is needed by the identity that the daemon runs as]
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
    /// Let the messages in this dead-letter queue be counted as well; once for each that a queue's redrive policy names
    #[arg(long, value_name = "ARN", value_parser = dead_letter_queue, conflicts_with = "trust")]
    dead_letter_queue: Vec<String>,
    /// Print the trust policy instead, by which WHO may assume the role: an ARN, an account's 12 digits or a service such as ec2.amazonaws.com
    #[arg(long, value_name = "WHO", conflicts_with = "check")]
    trust: Option<Trusted>,
    /// Compare with the policy in this file, or with the one on standard input (`-`): say what it lacks, and what it allows beyond need
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Each document is complete: attach it to the identity as it is. Where the settings assume roles, each \
role needs a document of its own, and standard error names them.

Exit codes of --check: 0 all that is needed is allowed, 1 something is missing, or depends on what \
the document or the settings do not tell, such as the account where these give bare names: give \
queue and group by their ARNs to have it judged; 78 the file is no policy.

Examples:
  backlogd iam > policy.json
  backlogd iam --dead-letter-queue arn:aws:sqs:eu-west-1:123456789012:images-dead
  backlogd iam --trust ec2.amazonaws.com
  backlogd iam --role arn:aws:iam::222222222222:role/scaling
  aws iam get-policy-version --policy-arn ARN --version-id v1 --query PolicyVersion.Document \\
    | backlogd iam --check -";

pub(super) fn iam(common: &Common, args: &Args) -> Exit {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let identities = identities(&settings);
    let Some(identity) = identities.iter().find(|identity| identity.role == args.role) else {
        let roles: Vec<&str> = identities.iter().filter_map(|each| each.role.as_deref()).collect();
        let there_are = if roles.is_empty() { "none".to_owned() } else { roles.join(", ") };
        let asked = args.role.as_deref().unwrap_or_default();
        complain(&format_args!("--role {asked}: the settings assume no such role; they assume {there_are}"));
        return Exit::Failed;
    };
    let identity = &identity.clone().with_dead_letter_queues(&args.dead_letter_queue);
    if let Some(file) = &args.check {
        return check(identity, file);
    }
    if let Some(trusted) = &args.trust {
        return print(&trust(identity, trusted));
    }
    let document = policy(identity);
    for remark in remarks(identity, &identities, &document) {
        say(&format!("note: {remark}"));
    }
    print(&document)
}

/// What the document does not say.
fn remarks(identity: &Identity, all: &[Identity], document: &str) -> Vec<String> {
    let mut remarks = identity.remarks.clone();
    if identity.role.is_none() {
        remarks.extend(all.iter().filter_map(|each| each.role.as_ref()).map(|role| {
            format!(
                "{role} needs a policy of its own: backlogd iam --role {role}; and must trust this identity: \
                 backlogd iam --role {role} --trust ARN"
            )
        }));
    }
    let granted = |permission| identity.grants.iter().any(|grant| grant.permission == permission);
    if granted(Permission::ReadQueues) && !granted(Permission::ReadDeadLetterQueues) {
        remarks.push(
            "the settings do not tell of dead-letter queues, whose messages are counted where that is allowed: name \
             each by --dead-letter-queue ARN"
                .to_owned(),
        );
    }
    let size = size(document);
    if size > MANAGED_SIZE_MAX {
        remarks.push(format!(
            "the document has {size} characters, and a managed policy at most {MANAGED_SIZE_MAX}: attach it as \
             a role's inline policy (10240 for all of a role's together), divide its statements or their lists \
             of resources among several managed policies, or give the queues by their URLs, which need not be found"
        ));
    }
    remarks
}

/// The ARN of a queue.
fn dead_letter_queue(text: &str) -> Result<String, String> {
    match QueueAddress::parse(text)? {
        QueueAddress { region: Some(_), url: None, .. } => Ok(text.to_owned()),
        _ => Err("a redrive policy names its queue by an ARN: arn:aws:sqs:REGION:ACCOUNT:NAME".to_owned()),
    }
}

fn check(identity: &Identity, file: &Path) -> Exit {
    let is_input = file.as_os_str() == "-";
    let name = if is_input { "standard input".to_owned() } else { file.display().to_string() };
    let text = if is_input {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let text = match text {
        Ok(text) => text,
        Err(error) => {
            complain(&format_args!("cannot read {name}: {error}"));
            return Exit::Failed;
        }
    };
    let policy = match Policy::parse(&text) {
        Ok(policy) => policy,
        Err(malformed) => {
            complain(&format_args!("{name}:{malformed}"));
            return Exit::Settings;
        }
    };
    let comparison: Comparison = compare(identity, &policy);
    match print(&comparison.to_string()) {
        Exit::Done if comparison.suffices() => Exit::Done,
        Exit::Done => Exit::Failed,
        unprinted => unprinted,
    }
}
