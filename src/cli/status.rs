use super::{Common, Exit, Output, block_on, complain, print_on};
use crate::http::{self, Access, NoToken, Unanswered};
use crate::settings::{Http, Listen};
use std::io::{self, IsTerminal};
use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;
use tokio::time::sleep;

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scaler's name [default: all of them]
    scaler: Option<String>,
    /// Show it again every two seconds, until it is interrupted
    #[arg(long)]
    watch: bool,
    /// Where the daemon listens [default: as the settings say]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<Listen>,
    /// How it is printed; as JSON, what the daemon answers, or the scaler's records
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Output,
}

/// From one look to the next.
const PAUSE: Duration = Duration::from_secs(2);

/// Clears a terminal, and begins at its top.
const CLEAR: &str = "\x1b[H\x1b[2J";

pub(super) fn status(common: &Common, args: &Args) -> Exit {
    let (listen, access) = match whom(common, args) {
        Ok(whom) => whom,
        Err(exit) => return exit,
    };
    // Names that could not be a scaler's would be something else in a path.
    let unlike =
        |name: &String| !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if let Some(name) = args.scaler.as_ref().filter(|name| unlike(name)) {
        complain(&format_args!("there is no scaler {name:?}"));
        return Exit::Failed;
    }
    let looking = async {
        loop {
            match look(&listen, &access, args).await {
                Continue(_) if args.watch => sleep(PAUSE).await,
                Continue(exit) | Break(exit) => return exit,
            }
        }
    };
    block_on(looking).unwrap_or_else(|exit| exit)
}

/// Whom to ask, and by what token.
fn whom(common: &Common, args: &Args) -> Result<(Listen, Access), Exit> {
    let settings = common.settings_if_there()?;
    if settings.is_none() && args.listen.is_none() {
        complain(&format_args!(
            "there is no {}: name the settings with --config, or where to ask, such as --listen 127.0.0.1:9464",
            common.config.display()
        ));
        return Err(Exit::Settings);
    }
    // Those that name a token, if there are any.
    let settings = settings.and_then(|settings| settings.http);
    let token_file = settings.as_ref().and_then(|http| http.token_file.clone());
    let Some(listen) = args.listen.clone().or(settings.map(|Http { listen, .. }| listen)) else {
        complain(&format_args!(
            "{} does not say where the daemon listens: set daemon.listen, such as \"127.0.0.1:9464\", and restart it",
            common.config.display()
        ));
        return Err(Exit::Settings);
    };
    let access = Access::of(token_file.as_deref()).map_err(|failure: NoToken| {
        complain(&failure);
        Exit::Failed
    })?;
    Ok((listen, access))
}

/// One look, and the exit code if it is the last; there is no sense in another after a `Break`.
async fn look(listen: &Listen, access: &Access, args: &Args) -> ControlFlow<Exit, Exit> {
    let path = match (args.output, &args.scaler) {
        (Output::Json, Some(scaler)) => format!("/records.jsonl?scaler={scaler}"),
        _ => "/status.json".to_owned(),
    };
    let answer = match http::ask(listen, access, &path).await {
        Ok(answer) => answer,
        Err(failure) => return unanswered(&failure),
    };
    let shown = match args.output {
        Output::Json => Some(answer),
        Output::Text => http::table(&answer, args.scaler.as_deref()),
    };
    let Some(shown) = shown else {
        complain(&format_args!("there is no scaler {:?}", args.scaler.as_deref().unwrap_or_default()));
        return Break(Exit::Failed);
    };
    let clear = args.watch && matches!(args.output, Output::Text) && io::stdout().is_terminal();
    print_on(&if clear { format!("{CLEAR}{shown}") } else { shown }).map_continue(|()| Exit::Done)
}

/// What to do where there is no answer.
fn unanswered(failure: &Unanswered) -> ControlFlow<Exit, Exit> {
    let advice = match failure {
        Unanswered::Refused { .. } => {
            complain(failure);
            return Break(Exit::Failed);
        }
        Unanswered::Nowhere => {
            complain(failure);
            return Break(Exit::Settings);
        }
        Unanswered::Unreachable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
            "say it as root, or as a member of the group backlogd"
        }
        _ => {
            "is it running, and was it started after daemon.listen was set? `systemctl status backlogd` tells"
        }
    };
    complain(&format_args!("{failure}; {advice}"));
    // It may come back.
    Continue(Exit::Unreachable)
}
