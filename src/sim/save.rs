use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct Unsaved {
    path: PathBuf,
    source: io::Error,
}

/// Writes what `content` gives to the file at `path`, whole or not at all.
pub fn save(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Unsaved> {
    replace(path, content).map_err(|source| Unsaved { path: path.to_owned(), source })
}

fn replace(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    let mut beside = name.to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(beside);
    let written = File::create(&beside).and_then(|file| {
        let mut file = BufWriter::new(file);
        content(&mut file)?;
        file.into_inner()?.sync_all()
    });
    let replaced = written.and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        // The error that matters is the one before.
        drop(fs::remove_file(&beside));
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(path: &Path, text: &str) -> Result<(), Unsaved> {
        super::save(path, |out| out.write_all(text.as_bytes()))
    }

    fn names(dir: &Path) -> Vec<String> {
        fs::read_dir(dir).unwrap().map(|each| each.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_replaces_the_one_before_and_leaves_nothing_beside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.html");
        save(&path, "first").unwrap();
        save(&path, "second").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(names(dir.path()), ["out.html"]);
    }

    #[test]
    fn where_it_cannot_be_written_the_file_is_named_and_nothing_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let told = save(&dir.path().join("no/such/out.html"), "page").unwrap_err().to_string();
        assert!(told.contains("no/such/out.html: No such file or directory"), "{told}");
        let folder = dir.path().join("folder");
        fs::create_dir(&folder).unwrap();
        assert!(save(&folder, "page").unwrap_err().to_string().contains("folder: "));
        assert_eq!(names(dir.path()), ["folder"]);
        assert!(save(Path::new("/"), "page").unwrap_err().to_string().contains("it names no file"));
    }
}
