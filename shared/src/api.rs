//! The station's API: what its software sends, read strictly, and what it gets back.

mod read;
mod view;

pub use read::{
    Acknowledge, ChargeBody, Heartbeat, KEY_RULE, LONGEST_BODY, LinkBody, ModeBody, RefundBody, SaleBody,
    SetState, Settle, cursor, digest, idempotency_key, nothing, parse,
};
pub use view::{
    ChargeView, Check, CheckResult, CheckView, CommandView, HeartbeatView, Page, PayableView, PositionView,
    RefundView, SaleView, TerminalView, cursor_text,
};
