//! The `backlogd` program.

fn main() -> std::process::ExitCode {
    backlogd::cli::main()
}
