//! `iam` on the command line, and the documents in `packaging/iam`.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers too")]

use backlogd::permissions::OF_COMMANDS;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn packaged() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/iam")
}

fn iam(config: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backlogd"));
    command.env_clear().arg("iam").arg("--config").arg(config).args(args);
    command
}

/// Exit code, standard output and standard error.
fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn run(config: &Path, args: &[&str]) -> (i32, String, String) {
    told(iam(config, args).output().unwrap())
}

/// The same with a policy on standard input.
fn check(config: &Path, policy: &str) -> (i32, String, String) {
    let mut command = iam(config, &["--check", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(policy.as_bytes()).unwrap();
    told(child.wait_with_output().unwrap())
}

const ROLE: &str = "arn:aws:iam::222222222222:role/scaling";
const DEAD: &str = "arn:aws:sqs:eu-west-1:123456789012:images-dead";
const HOST: &str = "arn:aws:iam::111111111111:role/backlogd";

#[test]
fn the_documents_in_packaging_are_what_the_command_prints() {
    let documents: [(&str, &str, &[&str]); 7] = [
        ("publish-only.json", "publish-only.toml", &[]),
        ("driving.json", "driving.toml", &["--dead-letter-queue", DEAD]),
        ("notifying.json", "notifying.toml", &[]),
        ("trust-ec2.json", "driving.toml", &["--trust", "ec2.amazonaws.com"]),
        ("other-account.json", "other-account.toml", &[]),
        ("other-account-role.json", "other-account.toml", &["--role", ROLE]),
        ("other-account-trust.json", "other-account.toml", &["--role", ROLE, "--trust", HOST]),
    ];
    for (document, settings, args) in documents {
        let (exit, printed, words) = run(&packaged().join(settings), args);
        assert_eq!(exit, 0, "{words}");
        let kept = fs::read_to_string(packaged().join(document)).unwrap_or_default();
        assert!(
            kept == printed,
            "packaging/iam/{document} is not what this prints: backlogd iam --config packaging/iam/{settings} {}",
            args.join(" ")
        );
    }
    let files = fs::read_dir(packaged()).unwrap().map(|entry| entry.unwrap().path());
    let kept = files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).count();
    assert_eq!(kept, documents.len(), "a document that nothing prints");
}

/// The actions that the adapters name: a text that begins with one, as the first word of a failure does.
fn actions_called() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for room in ["aws", "source", "target", "publish"] {
        let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
        for file in files(&room) {
            let text = fs::read_to_string(file).unwrap();
            found.extend(text.split('"').filter_map(action));
        }
    }
    found
}

/// The files in `dir` and in all below it.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn action(text: &str) -> Option<String> {
    let (service, rest) = text.split_once(':')?;
    let is_service =
        !service.is_empty() && service.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let operation: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    let is_operation = operation.len() > 3 && operation.starts_with(|first: char| first.is_ascii_uppercase());
    (is_service && is_operation).then(|| format!("{service}:{operation}"))
}

#[test]
fn every_call_that_is_made_has_its_permission_or_is_a_commands() {
    let mut granted = BTreeSet::new();
    for document in ["driving.json", "notifying.json", "other-account.json"] {
        let text = fs::read_to_string(packaged().join(document)).unwrap();
        let statements = text.split("\"Action\": \"").skip(1);
        granted.extend(statements.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    let of_commands = OF_COMMANDS.iter().map(|(action, _)| (*action).to_owned());
    assert!(of_commands.clone().all(|action| !granted.contains(&action)));
    granted.extend(of_commands);
    assert_eq!(actions_called(), granted);
}

#[test]
fn standard_error_names_the_other_documents_and_what_is_left_open() {
    let (_, _, words) = run(&packaged().join("driving.toml"), &["--dead-letter-queue", DEAD]);
    assert_eq!(words, "", "nothing is left to say");
    let (_, _, words) = run(&packaged().join("driving.toml"), &[]);
    assert!(words.ends_with("name each by --dead-letter-queue ARN\n"), "{words}");
    let (exit, _, complaint) = run(&packaged().join("driving.toml"), &["--dead-letter-queue", "images-dead"]);
    assert_eq!(exit, 2);
    assert!(complaint.contains("arn:aws:sqs:REGION:ACCOUNT:NAME"), "{complaint}");
    let (_, _, words) = run(&packaged().join("other-account.toml"), &[]);
    assert_eq!(
        words,
        format!(
            "note: {ROLE} needs a policy of its own: backlogd iam --role {ROLE}; and must trust this identity: \
             backlogd iam --role {ROLE} --trust ARN\n"
        )
    );
    let (exit, printed, words) = run(&packaged().join("other-account.toml"), &["--role", HOST]);
    assert_eq!((exit, printed.as_str()), (1, ""));
    let refusal = format!("error: --role {HOST}: the settings assume no such role; they assume {ROLE}\n");
    assert_eq!(words, refusal);
}

#[test]
fn a_policy_that_suffices_is_told_from_one_that_does_not() {
    let settings = packaged().join("driving.toml");
    let driving = packaged().join("driving.json");
    let named = ["--check", driving.to_str().unwrap(), "--dead-letter-queue", DEAD];
    let (exit, words, _) = run(&settings, &named);
    assert_eq!((exit, words.as_str()), (0, "the policy grants everything that is needed\n"));

    let publishing = packaged().join("publish-only.json");
    let (exit, words, complaint) =
        run(&settings, &["--check", publishing.to_str().unwrap(), "--dead-letter-queue", DEAD]);
    assert_eq!((exit, complaint.as_str()), (1, ""));
    let expected = "\
missing: sqs:GetQueueUrl on arn:aws:sqs:eu-west-1:123456789012:images-dead; \
without it the messages that fail again and again are not counted
missing: sqs:GetQueueAttributes on arn:aws:sqs:eu-west-1:123456789012:images-dead; \
without it the messages that fail again and again are not counted
missing: cloudwatch:GetMetricData on *; \
without it only the queues' counters are learnt from, and the age of the oldest message is not told
missing: autoscaling:DescribeInstanceRefreshes on *; without it a running instance refresh is not seen
missing: autoscaling:SetDesiredCapacity on \
arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/image-workers; \
without it the groups cannot be driven
the policy certainly grants 4 of the 9 that are needed
";
    assert_eq!(words, expected);

    let driving = fs::read_to_string(packaged().join("driving.json")).unwrap();
    let (exit, words, _) = check(&packaged().join("publish-only.toml"), &driving);
    assert_eq!(exit, 0, "more than is needed is enough");
    let more =
        "note: statement \"SetDesiredCapacity\" allows autoscaling:SetDesiredCapacity, which is not needed";
    assert!(words.contains(more), "{words}");
}

#[test]
fn a_policy_for_another_account_than_the_settings_tell_is_not_called_enough() {
    let driving = fs::read_to_string(packaged().join("driving.json")).unwrap();
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("bare.toml");
    let text = fs::read_to_string(packaged().join("driving.toml")).unwrap();
    let bare: Vec<String> = text.lines().map(by_name).collect();
    fs::write(&file, bare.join("\n")).unwrap();

    let (exit, words, _) = check(&file, &driving.replace("123456789012", "999999999999"));

    assert_eq!(exit, 1, "{words}");
    assert!(words.starts_with("cannot judge: sqs:GetQueueUrl on arn:aws:sqs:eu-west-1:*:"), "{words}");
    assert!(
        words.contains("999999999999") && words.contains("give queue and group by their ARNs"),
        "{words}"
    );
    assert!(words.ends_with("the policy certainly grants 4 of the 7 that are needed\n"), "{words}");
}

/// `line` of settings with the ARNs in it cut down to their last parts.
fn by_name(line: &str) -> String {
    let cut = |part: &str| match part.strip_prefix("arn:") {
        Some(arn) => arn.rsplit([':', '/']).next().unwrap().to_owned(),
        None => part.to_owned(),
    };
    line.split('"').map(cut).collect::<Vec<_>>().join("\"")
}

#[test]
fn what_is_no_policy_is_refused_with_file_line_and_column() {
    let (settings, dir) = (packaged().join("driving.toml"), TempDir::new().unwrap());
    let file = dir.path().join("policy.json");
    fs::write(&file, "{\n  \"Statement\": [\n    {\"Effect\": \"allow\"}\n  ]\n}\n").unwrap();
    let name = file.display();
    let (exit, printed, complaint) = run(&settings, &["--check", &name.to_string()]);
    assert_eq!((exit, printed.as_str()), (78, ""));
    let expected = format!("error: {name}:3:22: unknown variant `allow`, expected `Allow` or `Deny`\n");
    assert_eq!(complaint, expected);

    let (exit, _, complaint) = check(&settings, "no JSON");
    assert_eq!((exit, complaint.as_str()), (78, "error: standard input:1:2: expected ident\n"));

    let (exit, _, complaint) = run(&settings, &["--check", "/nowhere.json"]);
    assert_eq!(exit, 1);
    assert!(complaint.starts_with("error: cannot read /nowhere.json: "), "{complaint}");
}

#[test]
fn a_document_too_large_for_a_managed_policy_says_what_to_do() {
    let dir = TempDir::new().unwrap();
    let settings = |queues: usize| {
        let file = dir.path().join(format!("{queues}.toml"));
        let mut text = "[aws]\nregion = \"eu-west-1\"\n[[scaler]]\nname = \"a\"\ntarget = { name = \"g\" }\n\
            policy = { kind = \"backlog_per_instance\", acceptable_backlog = 5 }\nsource = [\n"
            .to_owned();
        for number in 0..queues {
            writeln!(text, "{{ queue = \"arn:aws:sqs:eu-west-1:123456789012:queue-{number}\" }},").unwrap();
        }
        fs::write(&file, text + "]\n").unwrap();
        file
    };
    let (exit, printed, words) = run(&settings(50), &["--dead-letter-queue", DEAD]);
    assert_eq!((exit, words.as_str()), (0, ""));
    assert!(printed.contains("queue-49"));
    let (exit, _, words) = run(&settings(80), &[]);
    assert_eq!(exit, 0);
    assert!(words.contains("characters, and a managed policy at most 6144: "), "{words}");
}

#[test]
fn nobody_can_be_trusted_by_a_word_that_is_no_principal() {
    let (exit, _, complaint) = run(&packaged().join("driving.toml"), &["--trust", "me"]);
    assert_eq!(exit, 2);
    assert!(complaint.contains("a service such as ec2.amazonaws.com"), "{complaint}");
}
