use super::Keep;
use super::read::{self, head, segments};
use crate::model::Timestamp;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Lines in numbered files, the oldest of which goes when there are too many bytes, or when it is too old.
///
/// Each line is one write to the end of the newest file. A kill or a full disk may tear the last line; the
/// next one then begins on a line of its own. Nothing is forced to disk.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) keep: Keep,
    dir: PathBuf,
    /// What is there; nothing before the first line, and after a failure.
    stock: Option<Stock>,
}

#[derive(Debug)]
struct Stock {
    /// Oldest first.
    closed: VecDeque<Segment>,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    number: u64,
    bytes: u64,
    newest: Timestamp,
}

#[derive(Debug)]
struct Open {
    segment: Segment,
    file: File,
    began: Timestamp,
    /// Whether the last line lacks its end.
    torn: bool,
}

/// Segments that the whole is divided into: so much goes at once.
const SEGMENTS: u64 = 16;

/// The largest segment, in bytes.
const SEGMENT_MAX: u64 = 4 << 20;

/// The longest time that a segment spans.
const SPAN_MAX: Duration = Duration::from_hours(24);

impl Ring {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { keep: Keep::default(), dir, stock: None }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Adds `line`, which has no line end, of the time `at`.
    pub(super) fn append(&mut self, at: Timestamp, line: &str) -> io::Result<()> {
        if self.keep.bytes == 0 || self.keep.age.is_zero() {
            return Ok(());
        }
        // What is there is looked at anew after a failure, and when somebody has deleted the file.
        let stock = self.stock.take().filter(Stock::is_there);
        let mut stock = stock.map_or_else(|| Stock::look(&self.dir), Ok)?;
        stock.append(&self.dir, self.keep, at, line)?;
        self.stock = Some(stock);
        Ok(())
    }
}

impl Stock {
    /// The segments in `dir`, of which the newest goes on.
    fn look(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let numbers = segments(dir)?.into_iter().map(|number| Segment::look(dir, number));
        let mut closed = numbers.collect::<io::Result<VecDeque<_>>>()?;
        let open = closed.pop_back().map(|segment| Open::go_on(dir, segment)).transpose()?;
        Ok(Self { closed, open })
    }

    /// Whether the open file is still to be found under its name.
    fn is_there(&self) -> bool {
        let links = |open: &Open| open.file.metadata().is_ok_and(|file| file.nlink() > 0);
        self.open.as_ref().is_none_or(links)
    }

    fn bytes(&self) -> u64 {
        let open = self.open.iter().map(|open| &open.segment);
        self.closed.iter().chain(open).map(|segment| segment.bytes).sum()
    }

    fn append(&mut self, dir: &Path, keep: Keep, at: Timestamp, line: &str) -> io::Result<()> {
        // With its own line end, and perhaps that of a torn line before it.
        let need = line.len() as u64 + 2;
        if need > keep.bytes {
            return Err(io::Error::other(format!("a record of {need} bytes is more than may be kept")));
        }
        let largest = (keep.bytes / SEGMENTS).min(SEGMENT_MAX);
        if let Some(full) = self.open.take_if(|open| {
            open.segment.bytes > 0
                && (open.segment.bytes + need > largest || at.since(open.began) >= SPAN_MAX)
        }) {
            self.closed.push_back(full.segment);
        }
        self.make_room(dir, keep, at, need)?;
        if self.open.is_none() {
            let last = self.closed.back().map_or(0, |segment| segment.number);
            self.open = Some(Open::begin(dir, last.saturating_add(1), at)?);
        }
        self.open.as_mut().map_or(Ok(()), |open| open.append(at, line))
    }

    /// Lets go what is too old, and as much as `need` more bytes ask for.
    fn make_room(&mut self, dir: &Path, keep: Keep, at: Timestamp, need: u64) -> io::Result<()> {
        while let Some(oldest) = self.closed.front() {
            let fits = self.bytes() + need <= keep.bytes;
            if fits && at.since(oldest.newest) <= keep.age {
                break;
            }
            match fs::remove_file(read::path(dir, oldest.number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => drop(self.closed.pop_front()),
            }
        }
        Ok(())
    }
}

impl Segment {
    fn look(dir: &Path, number: u64) -> io::Result<Self> {
        let file = fs::metadata(read::path(dir, number))?;
        Ok(Self { number, bytes: file.len(), newest: Timestamp::from_secs(file.mtime()) })
    }
}

impl Open {
    fn begin(dir: &Path, number: u64, at: Timestamp) -> io::Result<Self> {
        let file = File::options().append(true).create_new(true).open(read::path(dir, number))?;
        Ok(Self { segment: Segment { number, bytes: 0, newest: at }, file, began: at, torn: false })
    }

    fn go_on(dir: &Path, segment: Segment) -> io::Result<Self> {
        let mut file = File::options().read(true).append(true).open(read::path(dir, segment.number))?;
        let (mut first, mut last) = (Vec::new(), [b'\n']);
        if segment.bytes > 0 {
            BufReader::new((&file).take(SEGMENT_MAX)).read_until(b'\n', &mut first)?;
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        let began = head(&first).map_or(segment.newest, |(time, _)| time);
        Ok(Self { segment, file, began, torn: last != [b'\n'] })
    }

    fn append(&mut self, at: Timestamp, line: &str) -> io::Result<()> {
        let before = if self.torn { "\n" } else { "" };
        let text = format!("{before}{line}\n");
        self.file.write_all(text.as_bytes())?;
        self.torn = false;
        self.segment.bytes += text.len() as u64;
        self.segment.newest = at;
        Ok(())
    }
}
