//! The station's API: what its software sends, read strictly, and what it gets back.

mod read;
mod view;

pub use read::{
    Acknowledge, Heartbeat, LONGEST_BODY, RefundBody, SaleBody, SetState, Settle, cursor, digest, nothing,
    parse,
};
pub use view::{
    CommandView, HeartbeatView, Page, PayableView, PositionView, RefundView, SaleView, cursor_text,
};
