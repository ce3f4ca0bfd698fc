use super::{Exit, Output, block_on, complain, say};
use crate::http::{Server, Unheard};
use crate::publish::{Form, Ledger};
use crate::settings::Listen;
use crate::sim::demo::{self, Options, SEED, SPEED};
use crate::sim::flags;
use std::future::pending;
use std::io::{self, IsTerminal};
use terminal_size::{Width, terminal_size_of};
use tokio_util::sync::CancellationToken;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Seconds of the demo's world that pass in one real second, 0 or more; 0 to not wait at all
    #[arg(long, value_name = "TIMES", default_value_t = SPEED, allow_negative_numbers = true, value_parser = flags::not_negative)]
    speed: f64,
    /// What all chance comes from, a whole number, 0 or more: the same seed, the same run
    #[arg(long, value_name = "NUMBER", default_value_t = SEED, allow_negative_numbers = true, value_parser = flags::seed)]
    seed: u64,
    /// How ticks are printed
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Output,
    /// Show it in a browser as well, at this address, such as 127.0.0.1:9464; when it is over, the page stays until it is interrupted
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<Listen>,
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
        let (ledger, served) = match args.listen.as_ref().map(open).transpose() {
            Ok(served) => served.unzip(),
            Err(failure) => return Err(io::Error::other(failure.to_string())),
        };
        let played = tokio::select! {
            played = demo::run(options, ledger, stop.clone()) => played,
            played = async {
                interrupted(&stop).await;
                pending().await
            } => played,
        };
        if let Some(address) = served.filter(|_| played.is_ok() && !stop.is_cancelled()) {
            say(&format!("\nThe status page stays at {address} until you press Ctrl-C."));
            interrupted(&stop).await;
        }
        played
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

/// Serves a page, and says where.
fn open(listen: &Listen) -> Result<(Ledger, String), Unheard> {
    let (server, ledger) = (Server::open_to_all(listen)?, Ledger::default());
    let address = server.address();
    say(&format!("The status page is at {address}"));
    tokio::spawn(server.serve(ledger.clone()));
    Ok((ledger, address))
}

/// Waits for SIGINT, and passes it on.
async fn interrupted(stop: &CancellationToken) {
    // Where signals cannot be listened to, one simply ends the program.
    if tokio::signal::ctrl_c().await.is_err() {
        pending::<()>().await;
    }
    stop.cancel();
}
