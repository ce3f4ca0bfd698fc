use super::{Common, Exit, Output, block_on, complain, print, say};
use crate::settings::Settings;
use crate::tracking::{self, Failure, Options, Plan, Step};
use clap::{Subcommand, ValueEnum};

/// Arguments of `policy`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

const AFTER_HELP: &str = "\
Exit codes of plan: 0 the policy is in place (with --output json: it was printed), 1 failed, or \
something stands in the way, 3 apply would make the policy or change it.";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the policy, how its target is reckoned, and what apply would change; writes nothing
    #[command(after_help = AFTER_HELP)]
    Plan {
        #[command(flatten)]
        wish: Wish,
        /// How the plan is printed; json is what `aws autoscaling put-scaling-policy --cli-input-json` takes, and nothing where something stands in the way
        #[arg(long, value_name = "FORM", default_value = "text")]
        output: Output,
    },
    /// Make the policy, or bring it to what it should be
    Apply {
        #[command(flatten)]
        wish: Wish,
    },
    /// Remove the policy, and none that backlogd did not make
    Remove {
        /// The scaler's name
        scaler: String,
    },
}

/// What policy is wanted.
#[derive(Debug, clap::Args)]
struct Wish {
    /// The scaler's name
    scaler: String,
    /// Seconds over which AWS looks at the metric: 60, or 30 or 10 if `publish.resolution_secs` is 1
    #[arg(long, value_name = "SECS", default_value = "60")]
    period: Period,
    /// Let AWS scale out only: for workers that end themselves, or that nothing protects while they work
    #[arg(long)]
    no_scale_in: bool,
}

/// The periods that target tracking takes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Period {
    #[value(name = "10")]
    Ten,
    #[value(name = "30")]
    Thirty,
    #[value(name = "60")]
    Sixty,
}

pub(super) fn policy(common: &Common, args: &Args) -> Exit {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    if let Err(exit) = common.start_log("warn") {
        return exit;
    }
    match &args.verb {
        Verb::Plan { wish, output } => plan(&settings, wish, *output),
        Verb::Apply { wish } => apply(&settings, wish),
        Verb::Remove { scaler } => remove(&settings, scaler),
    }
}

fn plan(settings: &Settings, wish: &Wish, output: Output) -> Exit {
    let plan = match done(tracking::plan(settings, &wish.scaler, wish.options())) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    let obstructed = !plan.obstacles.is_empty();
    let printed = match output {
        Output::Text => print(&tracking::at_length(&plan)),
        Output::Json => {
            warn(&plan);
            // Whoever puts what is printed here shall not put it over somebody else's.
            if obstructed { Exit::Failed } else { print(&plan.wanted.request().to_string()) }
        }
    };
    match (printed, output) {
        (Exit::Done, _) if obstructed => Exit::Failed,
        (Exit::Done, Output::Text) if plan.step != Step::Keep => Exit::Differs,
        (exit, _) => exit,
    }
}

fn apply(settings: &Settings, wish: &Wish) -> Exit {
    let (plan, alarms) = match done(tracking::apply(settings, &wish.scaler, wish.options())) {
        Ok(applied) => applied,
        Err(exit) => return exit,
    };
    warn(&plan);
    print(&tracking::applied(&plan, &alarms))
}

fn remove(settings: &Settings, scaler: &str) -> Exit {
    match done(tracking::remove(settings, scaler)) {
        Ok(removed) => print(&tracking::removed(scaler, removed)),
        Err(exit) => exit,
    }
}

fn done<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Exit> {
    block_on(work)?.map_err(|failure| {
        complain(&failure);
        match failure {
            failure if failure.is_of_settings() => Exit::Settings,
            failure if failure.is_unreachable() => Exit::Unreachable,
            _ => Exit::Failed,
        }
    })
}

fn warn(plan: &Plan) {
    for obstacle in &plan.obstacles {
        say(&format!("in the way: {obstacle}"));
    }
    for warning in &plan.warnings {
        say(&format!("warning: {warning}"));
    }
}

impl Wish {
    fn options(&self) -> Options {
        Options { period_secs: self.period.secs(), scale_in: !self.no_scale_in }
    }
}

impl Period {
    const fn secs(self) -> u32 {
        match self {
            Self::Ten => 10,
            Self::Thirty => 30,
            Self::Sixty => 60,
        }
    }
}
