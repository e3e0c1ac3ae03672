//! Whatever is unresolved goes back on the queue.

mod handler;

pub use handler::handle;
