use super::{Exit, Output, block_on, complain};
use crate::publish::Form;
use crate::sim::demo::{self, Options, SEED, SPEED};
use std::io::{self, IsTerminal};
use terminal_size::{Width, terminal_size_of};
use tokio_util::sync::CancellationToken;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Seconds of the demo's world that pass in one real second; 0 to not wait at all
    #[arg(long, value_name = "TIMES", default_value_t = SPEED)]
    speed: f64,
    /// What all chance comes from: the same seed, the same run
    #[arg(long, value_name = "NUMBER", default_value_t = SEED)]
    seed: u64,
    /// How ticks are printed
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Output,
}

pub(super) fn demo(args: &Args) -> Exit {
    let out = io::stdout();
    // A terminal that does not know its width is 80 columns wide.
    let drawn = out.is_terminal() && std::env::var_os("TERM").is_none_or(|kind| kind != "dumb");
    let terminal = drawn.then(|| terminal_size_of(&out).map_or(80, |(Width(columns), _)| columns));
    let options = Options {
        speed: args.speed,
        form: Form::from(args.output),
        terminal,
        color: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        seed: args.seed,
    };
    let played = block_on(async {
        let stop = CancellationToken::new();
        let interrupted = async {
            // Where signals cannot be listened to, one simply ends the program.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            stop.cancel();
            std::future::pending().await
        };
        tokio::select! {
            played = demo::run(options, stop.clone()) => played,
            played = interrupted => played,
        }
    });
    match played {
        Ok(Ok(())) => Exit::Done,
        Ok(Err(error)) => {
            complain(&format_args!("the demo ended early: {error}"));
            Exit::Failed
        }
        Err(exit) => exit,
    }
}
