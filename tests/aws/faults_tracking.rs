//! Letting AWS drive, on bad days.

use crate::bad_day::{BRISK, error, kind};
use crate::tracking::{TOLD, names, policy, say, watched, writes};
use crate::world::World;
use serde_json::{Value, json};

/// `backlogd policy apply` of a sound scaler while `operation` meets `fault`: exit code and complaint.
async fn applied_under(name: &str, operation: &str, fault: &Value) -> (i32, String, World) {
    let world = watched(name, TOLD, BRISK).await;
    world.emulator.fault(operation, &format!("\"{name}\""), fault);
    let (exit, data, complaint) = policy(&world, "apply", &[]);
    assert!(exit == 0 || data.is_empty(), "{data}");
    (exit, complaint, world)
}

#[tokio::test]
async fn a_group_that_is_not_there_is_named_with_its_region() {
    let world = World::new("tracking-nowhere").await;
    say(&world, TOLD, "");
    for verb in ["plan", "apply", "remove"] {
        let (exit, _, complaint) = policy(&world, verb, &[]);
        let words = "error: group tracking-nowhere: autoscaling:DescribeAutoScalingGroups: no group is called \
                     tracking-nowhere in eu-west-1, the account of the credentials\n";
        assert_eq!((exit, complaint.as_str()), (1, words), "{verb}");
    }
}

#[tokio::test]
async fn a_permission_that_lacks_is_named_with_what_it_was_for() {
    let (exit, complaint, _) =
        applied_under("tracking-blind", "DescribePolicies", &error("AccessDenied")).await;
    let words = "error: group tracking-blind: autoscaling:DescribePolicies: AccessDenied: as the test asked";
    assert!(exit == 1 && complaint.starts_with(words), "{complaint}");
    let (exit, complaint, world) =
        applied_under("tracking-denied", "PutScalingPolicy", &error("AccessDenied")).await;
    let words = "error: policy backlogd-tracking-denied of group tracking-denied: autoscaling:PutScalingPolicy: \
                 AccessDenied: as the test asked";
    assert!(exit == 1 && complaint.starts_with(words), "{complaint}");
    assert!(!complaint.contains("it may have been done"), "{complaint}");
    assert_eq!(names(&world).await, [""; 0]);
}

#[tokio::test]
async fn scheduled_actions_that_may_not_be_seen_are_said_to_be_unseen() {
    let (exit, complaint, world) =
        applied_under("tracking-unseen", "DescribeScheduledActions", &error("AccessDenied")).await;
    assert!(exit == 0 && complaint.contains("warning: scheduled actions cannot be seen: "), "{complaint}");
    assert_eq!(names(&world).await, ["backlogd-tracking-unseen"]);
}

#[tokio::test]
async fn a_throttled_look_changes_nothing() {
    let (exit, complaint, world) =
        applied_under("tracking-slow", "DescribePolicies", &error("Throttling")).await;
    assert!(exit == 1 && complaint.contains("autoscaling:DescribePolicies: Throttling"), "{complaint}");
    assert_eq!(writes(&world), [""; 0]);
}

#[tokio::test]
async fn an_aws_that_does_not_answer_is_unreachable() {
    for (name, fault) in [("tracking-hang", kind("hang")), ("tracking-close", kind("close"))] {
        let (exit, complaint, world) = applied_under(name, "DescribeAutoScalingGroups", &fault).await;
        assert_eq!(exit, 69, "{complaint}");
        assert_eq!(writes(&world), [""; 0]);
    }
}

/// The schedule is of every second, under which the daemon would wait for 0.9 s.
#[tokio::test]
async fn a_slow_answer_is_waited_for_however_often_the_daemon_samples() {
    let slow = json!({ "kind": "delay", "seconds": 1.2 });
    let (exit, complaint, world) = applied_under("tracking-tardy", "PutScalingPolicy", &slow).await;
    assert_eq!(exit, 0, "{complaint}");
    assert_eq!(names(&world).await, ["backlogd-tracking-tardy"]);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_told_as_unsure_and_found_in_place() {
    let (exit, complaint, world) =
        applied_under("tracking-lost", "PutScalingPolicy", &kind("truncate")).await;
    assert!(exit == 69 || exit == 1, "{exit}");
    assert!(
        complaint.contains("it may have been done all the same: `backlogd policy plan` tells"),
        "{complaint}"
    );
    let (_, page, _) = policy(&world, "plan", &[]);
    assert!(page.contains("policy backlogd-tracking-lost is in place; nothing to change"), "{page}");
}
