//! Point Smart terminals as things: what is queued for them, what they show, and what people do with them.

pub mod act;
pub mod ids;
mod life;
pub mod view;
