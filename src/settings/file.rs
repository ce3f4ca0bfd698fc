use super::cross::{self, Claims};
use super::mistake::{Mistake, Spot};
use super::reader::{At, Book, Table};
use super::whereabouts::Whereabouts;
use super::{Http, Notify, Scaler, Settings, forms, listen, notify, scaler};
use crate::publish::history::Keep;
use std::path::PathBuf;
use std::time::Duration;
use toml::de::DeTable;

/// What all `files` say together: the main file first, then the drop-ins. Nothing if that cannot be
/// told; then, and perhaps otherwise, `book` holds mistakes.
pub(super) fn read<'a>(files: &'a [(String, String)], book: &'a Book) -> Option<Settings> {
    let (mut daemon, mut told) = (Daemon::default(), Notify::default());
    let mut base = Whereabouts::default();
    let mut read = Vec::new();
    // A file that could not be read may be the one with the scalers.
    let mut complete = book.is_clean();
    for (index, (_, text)) in files.iter().enumerate() {
        let (items, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            complete = false;
            for error in &errors {
                book.note(syntax_mistake(index, error));
            }
            continue;
        }
        let mut table = Table::of_file(book, index, items.into_inner());
        if index == 0 {
            base = Whereabouts::default().overlaid(table.child("aws"));
            daemon = Daemon::read(table.child("daemon"));
            told = notify::read(table.child("notify"), &base);
        } else {
            refuse_main_tables(&mut table);
        }
        read.extend(scalers(&mut table, &base));
        table.finish();
    }
    if read.is_empty() && complete {
        book.note(no_scaler(files));
    }
    let (scalers, claims): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    cross::check(&claims);
    let Daemon { state_dir, history, http } = daemon;
    let scalers = scalers.into_iter().map(|scaler| Some(Scaler { notify: told.clone(), ..scaler? }));
    Some(Settings { state_dir, history, http, scalers: scalers.collect::<Option<_>>()? })
}

fn scalers<'a>(table: &mut Table<'a>, base: &Whereabouts<'a>) -> Vec<(Option<Scaler>, Claims<'a>)> {
    let found = table.take("scaler").and_then(|value| value.list("must be written as [[scaler]]"));
    let tables = found.into_iter().flatten().filter_map(At::table);
    tables.enumerate().map(|(index, table)| scaler::read(table, index, base)).collect()
}

/// The `[daemon]` table.
#[derive(Debug)]
struct Daemon {
    state_dir: PathBuf,
    history: Keep,
    http: Option<Http>,
}

impl Default for Daemon {
    fn default() -> Self {
        Self { state_dir: PathBuf::from("/var/lib/backlogd"), history: keep(64, 14), http: None }
    }
}

impl Daemon {
    fn read(mut table: Table<'_>) -> Self {
        let usual = Self::default();
        let state_dir = table.text("state_dir", forms::directory).map(|at| at.value);
        let mib = table.whole("history_mib", 0..=4_096).map(|at| at.value);
        let days = table.whole("history_days", 0..=3_650).map(|at| at.value);
        let http = listen::read(&mut table);
        table.finish();
        Self {
            state_dir: state_dir.unwrap_or(usual.state_dir),
            history: keep(mib.unwrap_or(64), days.unwrap_or(14)),
            http,
        }
    }
}

fn keep(mib: u32, days: u32) -> Keep {
    Keep { bytes: u64::from(mib) << 20, age: Duration::from_hours(24) * days }
}

/// A drop-in only adds scalers: what is the daemon's own has one place to look for.
fn refuse_main_tables(table: &mut Table<'_>) {
    for key in ["aws", "daemon", "notify"] {
        if table.has(key)
            && let Some(found) = table.take(key)
        {
            let label = "a drop-in may hold [[scaler]] only";
            found.here.note(found.here.mistake("belongs in the main file", label));
        }
    }
}

fn no_scaler(files: &[(String, String)]) -> Mistake {
    let name = files.first().map_or("the settings", |(name, _)| name.as_str());
    Mistake::without_place(format!("{name}: there is no [[scaler]], so nothing to do"))
        .help("write one with its name, source, target and policy, here or in conf.d/*.toml beside it")
}

fn syntax_mistake(file: usize, error: &toml::de::Error) -> Mistake {
    let span = error.span().unwrap_or_default();
    let (says, wants) = error.message().split_once(", ").unwrap_or((error.message(), "here"));
    Mistake::new(format!("this is not TOML: {says}"), &Spot { file, span }, wants)
}
