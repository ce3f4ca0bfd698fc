// What it would take to decide otherwise, of each reason. The codes are those of docs/record.md; settings are
// named as in the file.

const OTHERWISE = {
  latency_objective: "A longer objective (policy.latency_objective_secs) orders less; limits.max puts a ceiling on it.",
  last_moment: "With limits.min = 1 nothing has to wait for a boot.",
  all_needed: "It orders more when messages would be late, and gives back what is idle for long enough.",
  still_booting: "Passes when the order works.",
  empty_unconfirmed: "Passes when the queue stays empty for so long.",
  not_watched_yet: "Passes with time.",
  worth_keeping: "Passes when it stays idle for so long; a lower limits.max gives it back sooner.",
  would_interrupt: "Passes when less is at work.",
  no_longer_needed: "limits.min, or a window with a min, keeps more.",
  out_of_reach: "Both are settings: policy.latency_objective_secs and limits.min.",
  nothing_learnt: "Passes with the first sample.",
  backlog_per_instance: "What an instance may have waiting is policy.acceptable_backlog.",
  within_tolerance: "It acts beyond the band of policy.tolerance_percent.",
  step: "The steps are policy.out and policy.in.",
  no_step: "The steps are policy.out and policy.in.",
  limit_min: "Fewer need a lower min, limits.min or the group's own: the reason says whose.",
  limit_max: "More need a higher max, limits.max or the group's own: the reason says whose.",
  window_min: "Ends with the window.",
  window_max: "Ends with the window.",
  step_out_max: "The next tick goes on; limits.step_out_max allows no more at once.",
  step_in_max: "The next tick goes on; limits.step_in_max allows no more at once.",
  cooldown_out: "Passes with time; control.cooldown_out_secs says how long it takes.",
  cooldown_in: "Passes with time; control.cooldown_in_secs says how long it takes.",
  stabilization: "Passes when the peak is older than control.stabilization_secs.",
  stabilization_filling: "Passes with time; control.stabilization_secs says how long it takes.",
  in_flight_floor: "Passes when they are done; control.slots says how many an instance works on at once.",
  zero_unconfirmed: "Passes when the queue stays empty for control.empty_for_secs.",
  wake_unconfirmed: "Passes when the messages stay; control.wake_samples says for how many samples.",
  capacity_stalled: "Passes with the next instance in service; the group's activity history says why none came.",
  missing: "Passes with the next reading; backlogd check --online says what stands in its way.",
  launch_suspended: "Resume the group's Launch process.",
  terminate_suspended: "Resume the group's Terminate process.",
  operator_managed: "Only the operator can change the group's size.",
  instance_refresh: "Passes when the refresh ends.",
};

/** The same as a note; empty for a reason that is not known. */
function otherwise(code) {
  return el("span", { class: "faint" }, OTHERWISE[code] ? ` ${OTHERWISE[code]}` : "");
}
