//! The world in a file, for the simulator that outlives its process.

use std::io;
use std::path::Path;

use crate::world::World;

/// Reads the world; a file that does not exist is a new world.
pub fn load(path: &Path) -> io::Result<World> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(World::default()),
        Err(error) => Err(error),
    }
}

/// Writes the world beside the file and then into its place, so that a crash leaves the old one or the new one.
pub fn save(path: &Path, world: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("draft");
    std::fs::write(&draft, world)?;
    std::fs::rename(&draft, path)
}
