use super::mistake::{Mistake, Spot};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::ops::RangeInclusive;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a reading of all files collects on its way. Reading never stops at a mistake: a value that
/// cannot be had is noted here and taken as absent, and whoever holds the book asks at the end.
#[derive(Debug, Default)]
pub(super) struct Book {
    mistakes: RefCell<Vec<Mistake>>,
    strays: RefCell<Vec<Stray>>,
    /// The kind of every key that was asked for, such as `scaler.limits.max`.
    known: RefCell<BTreeSet<String>>,
}

/// A key nobody asked for.
#[derive(Debug)]
struct Stray {
    key: String,
    path: Path,
    at: Spot,
    siblings: Vec<&'static str>,
}

/// How messages name a value.
#[derive(Clone, Debug, Default)]
struct Path {
    /// Whose it is: nothing, or `scaler "images": `.
    owner: String,
    /// The way through the tables: `source[0].queue`.
    keys: String,
    /// What all such values have in common: `scaler.source.queue`.
    kind: String,
}

/// Something in a file: where it stands, what it is called, and where its mistakes are noted.
#[derive(Clone, Debug)]
pub(super) struct Here<'a> {
    book: &'a Book,
    path: Path,
    /// Where it stands.
    pub(super) at: Spot,
}

/// A value together with its place.
#[derive(Clone, Debug)]
pub(super) struct At<'a, T> {
    /// The value.
    pub(super) value: T,
    /// Its place.
    pub(super) here: Here<'a>,
}

/// A table being read. Keys are taken out of it; what is left at [`Table::finish`] is unknown.
#[derive(Debug)]
pub(super) struct Table<'a> {
    items: DeTable<'a>,
    known: Vec<&'static str>,
    /// Its place.
    pub(super) here: Here<'a>,
}

// === impl Book ===

impl Book {
    /// A book that begins with what is known already.
    pub(super) fn new(mistakes: Vec<Mistake>) -> Self {
        Self { mistakes: RefCell::new(mistakes), ..Self::default() }
    }

    /// Whether no mistake was noted so far.
    pub(super) fn is_clean(&self) -> bool {
        self.mistakes.borrow().is_empty()
    }

    /// Notes a mistake.
    pub(super) fn note(&self, mistake: Mistake) {
        self.mistakes.borrow_mut().push(mistake);
    }

    /// The kinds of keys asked for so far.
    #[cfg(test)]
    pub(super) fn known(&self) -> BTreeSet<String> {
        self.known.borrow().clone()
    }

    /// All mistakes. Only now is it known where a key that stands astray would belong.
    pub(super) fn close(self) -> Vec<Mistake> {
        let known = self.known.into_inner();
        let strays = self.strays.into_inner();
        let mut mistakes = self.mistakes.into_inner();
        mistakes.extend(strays.into_iter().map(|stray| stray.mistake(&known)));
        mistakes
    }
}

impl Stray {
    fn mistake(self, known: &BTreeSet<String>) -> Mistake {
        let tables = known.iter().filter_map(|kind| kind.rsplit_once('.'));
        let homes: Vec<String> =
            tables.filter(|(_, key)| *key == self.key).map(|(table, _)| format!("`{table}`")).collect();
        let label = match meant(&self.key, &self.siblings) {
            Some(key) => format!("did you mean `{key}`?"),
            None if homes.is_empty() => "nothing of this name is read".to_owned(),
            None => format!("this is a key of {}", homes.join(" or ")),
        };
        let title = format!("{}unknown key `{}`", self.path.owner, self.path.keys);
        Mistake::new(title, &self.at, label).help(format!("keys here: {}", self.siblings.join(", ")))
    }
}

/// The one of `candidates` that whoever wrote `word` most likely meant: one that begins like it, or
/// that a slip of the finger made it from.
pub(super) fn meant<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    let score = |each: &&'c str| {
        let (start, slip) =
            (strsim::jaro_winkler(word, each), strsim::normalized_damerau_levenshtein(word, each));
        (start > 0.8 || slip > 0.6).then_some((start + slip, *each))
    };
    let likely = candidates.iter().filter_map(score);
    likely.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, each)| each)
}

// === impl Here ===

impl Here<'_> {
    /// A mistake about this: `says` continues the name of this in the title.
    pub(super) fn mistake(&self, says: impl Display, label: impl Into<String>) -> Mistake {
        Mistake::new(format!("{}{} {says}", self.path.owner, self.path.keys), &self.at, label)
    }

    /// Notes that this cannot be `given`, and what it must be; after a line's end, more about that.
    fn refuse(&self, given: impl Display, wanted: &str) {
        let says = format!("cannot be {given}");
        self.note(match wanted.split_once('\n') {
            Some((wanted, help)) => self.mistake(says, wanted).help(help),
            None => self.mistake(says, wanted),
        });
    }

    /// Notes a mistake.
    pub(super) fn note(&self, mistake: Mistake) {
        self.book.note(mistake);
    }

    fn inside(&self, key: &str, at: Spot) -> Self {
        let path = &self.path;
        let dot = if path.keys.is_empty() { "" } else { "." };
        let keys = format!("{}{dot}{key}", path.keys);
        let path = Path { owner: path.owner.clone(), keys, kind: path.kind_of(key) };
        Self { book: self.book, path, at }
    }
}

impl Path {
    fn kind_of(&self, key: &str) -> String {
        if self.kind.is_empty() { key.to_owned() } else { format!("{}.{key}", self.kind) }
    }
}

// === impl Table ===

impl<'a> Table<'a> {
    /// A whole file's table.
    pub(super) fn of_file(book: &'a Book, file: usize, items: DeTable<'a>) -> Self {
        let here = Here { book, path: Path::default(), at: Spot { file, span: 0..0 } };
        Self { items, known: Vec::new(), here }
    }

    /// From now on messages call what is in this table `owner`'s.
    pub(super) fn owned_by(&mut self, owner: &str) {
        self.here.path.owner = format!("{owner}: ");
        self.here.path.keys = String::new();
    }

    /// Whether `key` is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.items.contains_key(key)
    }

    /// The text under `key`, if it is one, without taking it: what the table may be called by.
    pub(super) fn peek(&self, key: &str) -> Option<&str> {
        self.items.get(key)?.get_ref().as_str()
    }

    /// The value of `key`, if there is one.
    pub(super) fn take(&mut self, key: &'static str) -> Option<At<'a, DeValue<'a>>> {
        self.known.push(key);
        self.here.book.known.borrow_mut().insert(self.here.path.kind_of(key));
        let value = self.items.remove(key)?;
        let at = Spot { file: self.here.at.file, span: value.span() };
        Some(At { here: self.here.inside(key, at), value: value.into_inner() })
    }

    /// The same; a mistake if there is none. `example` is a line that would do.
    pub(super) fn require(&mut self, key: &'static str, example: &str) -> Option<At<'a, DeValue<'a>>> {
        let found = self.take(key);
        if found.is_none() {
            let missing = self.place_of(key);
            let label = format!("a line such as `{example}` is wanted here");
            self.here.note(missing.mistake("is missing", label));
        }
        found
    }

    /// The table under `key`; an empty one if there is none.
    pub(super) fn child(&mut self, key: &'static str) -> Self {
        let empty = self.place_of(key);
        let found = self.take(key).and_then(At::table);
        found.unwrap_or_else(|| Self { items: DeTable::new(), known: Vec::new(), here: empty })
    }

    /// The whole number under `key`, if it is within `range`.
    pub(super) fn whole(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<At<'a, u32>> {
        self.take(key)?.whole(range)
    }

    /// The boolean under `key`.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.take(key)?.flag()
    }

    /// The text under `key`, as `form` understands it.
    pub(super) fn text<T>(
        &mut self,
        key: &'static str,
        form: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<At<'a, T>> {
        self.take(key)?.text(form)
    }

    /// The number under `key`, as `form` accepts it.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        form: fn(f64) -> Result<f64, String>,
    ) -> Option<At<'a, f64>> {
        self.take(key)?.number(form)
    }

    /// What a mistake about the absent `key` is noted with: it stands where the table does.
    pub(super) fn place_of(&self, key: &str) -> Here<'a> {
        self.here.inside(key, self.here.at.clone())
    }

    /// All names and values in the order of the file, where every name is allowed.
    pub(super) fn into_items(self) -> Vec<(At<'a, String>, At<'a, DeValue<'a>>)> {
        let here = self.here;
        let mut items: Vec<_> = self.items.into_iter().collect();
        items.sort_by_key(|(key, _)| key.span().start);
        let item = |(key, value): (Spanned<_>, Spanned<_>)| {
            let spot = |span| Spot { file: here.at.file, span };
            let (at_key, at_value) = (spot(key.span()), spot(value.span()));
            let key = String::from(key.into_inner());
            let name = At { here: here.inside(&key, at_key), value: key };
            let value = At { here: here.inside(&name.value, at_value), value: value.into_inner() };
            (name, value)
        };
        items.into_iter().map(item).collect()
    }

    /// Notes every key that was not asked for.
    pub(super) fn finish(self) {
        for key in self.items.keys() {
            let at = Spot { file: self.here.at.file, span: key.span() };
            let Here { path, at, book } = self.here.inside(key.get_ref(), at);
            let stray = Stray { key: key.get_ref().to_string(), path, at, siblings: self.known.clone() };
            book.strays.borrow_mut().push(stray);
        }
    }
}

// === impl At ===

impl<'a> At<'a, DeValue<'a>> {
    /// The table that this is.
    pub(super) fn table(self) -> Option<Table<'a>> {
        match self.value {
            DeValue::Table(items) => Some(Table { items, known: Vec::new(), here: self.here }),
            other => refused(&self.here, &other, "must be a table: { key = value, … }"),
        }
    }

    /// The elements of the array that this is.
    pub(super) fn list(self, wanted: &str) -> Option<Vec<Self>> {
        let DeValue::Array(items) = self.value else { return refused(&self.here, &self.value, wanted) };
        let element = |(index, item): (usize, Spanned<DeValue<'a>>)| {
            let mut here = self.here.clone();
            here.path.keys = format!("{}[{index}]", here.path.keys);
            here.at.span = item.span();
            At { here, value: item.into_inner() }
        };
        Some(items.into_iter().enumerate().map(element).collect())
    }

    /// The text that this is, as `form` understands it.
    pub(super) fn text<T>(self, form: impl FnOnce(&str) -> Result<T, String>) -> Option<At<'a, T>> {
        let DeValue::String(text) = &self.value else {
            return refused(&self.here, &self.value, "must be a string in quotes");
        };
        match form(text) {
            Ok(value) => Some(At { value, here: self.here }),
            Err(reason) => refused(&self.here, &self.value, &reason),
        }
    }

    /// The boolean that this is.
    pub(super) fn flag(self) -> Option<bool> {
        let found = self.value.as_bool();
        found.or_else(|| refused(&self.here, &self.value, "must be true or false"))
    }

    /// The whole number that this is, within `range`.
    pub(super) fn whole(self, range: RangeInclusive<u32>) -> Option<At<'a, u32>> {
        let digits = self.value.as_integer();
        let number = digits.and_then(|digits| u32::from_str_radix(digits.as_str(), digits.radix()).ok());
        if let Some(value) = number.filter(|number| range.contains(number)) {
            return Some(At { value, here: self.here });
        }
        let wanted = format!("must be a whole number from {} to {}", range.start(), range.end());
        refused(&self.here, &self.value, &wanted)
    }

    /// The number that this is, as `form` accepts it; a whole one will do.
    pub(super) fn number(self, form: fn(f64) -> Result<f64, String>) -> Option<At<'a, f64>> {
        let number = match &self.value {
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::Integer(digits) if digits.radix() == 10 => digits.as_str().parse().ok(),
            _ => None,
        };
        match number.ok_or_else(|| "must be a number".to_owned()).and_then(form) {
            Ok(value) => Some(At { value, here: self.here }),
            Err(reason) => refused(&self.here, &self.value, &reason),
        }
    }
}

/// Notes that `given` will not do; nothing can be had of it.
fn refused<T>(here: &Here<'_>, given: &DeValue<'_>, wanted: &str) -> Option<T> {
    match given {
        DeValue::String(text) => here.refuse(shortened(text), wanted),
        DeValue::Integer(number) => here.refuse(number, wanted),
        DeValue::Float(number) => here.refuse(number, wanted),
        DeValue::Boolean(flag) => here.refuse(flag, wanted),
        DeValue::Datetime(_) => here.refuse("a date", wanted),
        DeValue::Array(_) => here.refuse("an array", wanted),
        DeValue::Table(_) => here.refuse("a table", wanted),
    }
    None
}

/// A text in quotes, cut when it is long: the line itself is shown below the title.
fn shortened(text: &str) -> String {
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(60).collect();
    if chars.next().is_none() { format!("{start:?}") } else { format!("{start:?}…") }
}
