//! Files that outlive a run: written whole or not at all, and for their owner's eyes, as they hold secrets.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a file keeps; nothing if there is none. One that cannot be read is an error: to go on without what it holds
/// would overwrite it.
pub(crate) fn read<T: DeserializeOwned + Default>(file: Option<&Path>) -> Result<T, String> {
    let Some(file) = file else { return Ok(T::default()) };
    let told = |error: &dyn std::fmt::Display| {
        format!("cannot read {}: {error}; --fresh begins anew", file.display())
    };
    match std::fs::read(file) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| told(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(told(&error)),
    }
}

/// Keeps a value in a file. A failure is told and not fatal: what runs goes on from memory.
pub(crate) fn write(file: &Path, value: &impl Serialize) {
    let new = file.with_extension("new");
    let written = serde_json::to_vec(value).map_err(std::io::Error::from).and_then(|text| {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600).open(&new)?.write_all(&text)?;
        std::fs::rename(&new, file)
    });
    if let Err(error) = written {
        eprintln!("cannot write {}: {error}", file.display());
    }
}
