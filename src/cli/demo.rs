use super::Exit;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn demo(_args: &Args) -> Exit {
    Exit::Done
}
