use super::{Cli, Exit, complain, print};
use clap::CommandFactory;
use clap_complete::Shell;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn completions(args: &Args) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "backlogd", &mut script);
    match String::from_utf8(script) {
        Ok(script) => print(&script),
        Err(error) => {
            complain(&error);
            Exit::Failed
        }
    }
}
