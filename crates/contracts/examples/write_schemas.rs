//! Writes the schemas and the AsyncAPI document as the code says, and removes schemas that it no longer has.
//! Those of released versions stay.

#[path = "../tests/schemas/files.rs"]
mod files;

use std::fs;
use std::io;

fn main() -> io::Result<()> {
    let files = files::all();
    fs::create_dir_all(files::folder())?;
    for entry in fs::read_dir(files::folder())? {
        let path = entry?.path();
        if path.is_file() && !files.iter().any(|(known, _)| *known == path) {
            fs::remove_file(path)?;
        }
    }
    for (path, value) in files {
        fs::write(path, format!("{value:#}\n"))?;
    }
    Ok(())
}
