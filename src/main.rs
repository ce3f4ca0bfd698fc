//! The `backlogd` program.

fn main() {}
