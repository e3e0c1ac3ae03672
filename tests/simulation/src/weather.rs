//! What goes wrong, and how often.

/// How many times in a thousand something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// A call of AWS is refused: throttled, or an error of theirs. Nothing is done.
    pub aws_refused: u32,
    /// The connection to AWS fails. Nothing is done.
    pub aws_broken: u32,
    /// A call of AWS is done and its answer lost.
    pub aws_lost: u32,
    /// A call of AWS takes up to a few seconds.
    pub aws_slow: u32,
    /// Mercado Pago answers 429 or 5xx. Nothing is done.
    pub api_refused: u32,
    /// Mercado Pago does it, and its answer is lost.
    pub api_lost: u32,
    /// Mercado Pago does it, and its answer is not what the documents say.
    pub api_garbled: u32,
    /// Mercado Pago does nothing and does not answer.
    pub api_hangs: u32,
    /// Mercado Pago takes up to a few seconds.
    pub api_slow: u32,
    /// A refund is in process for a while.
    pub refund_in_process: u32,
    /// A refund is refused for want of balance.
    pub refund_no_balance: u32,
    /// A process is killed somewhere in an invocation.
    pub killed: u32,
    /// A notification is never sent.
    pub news_lost: u32,
    /// A notification is sent once more.
    pub news_doubled: u32,
    /// A notification is up to hours late.
    pub news_late: u32,
    /// A request of the station or the back office does not arrive.
    pub line_broken: u32,
    /// Our answer to it does not arrive.
    pub line_lost: u32,
    /// A queue delivers a message twice and in any order.
    pub queue_disordered: bool,
    /// Milliseconds that clocks may be apart from the true time.
    pub clocks_apart: u64,
    /// Milliseconds that Mercado Pago's search may lag.
    pub search_lag: u64,
}

impl Weather {
    /// Everything works. Clocks stay apart, and search lags: that is not weather, but how the world is.
    #[must_use]
    pub fn calmed(self) -> Self {
        Self { clocks_apart: self.clocks_apart, search_lag: self.search_lag, ..CALM }
    }
}

/// Nothing goes wrong.
pub const CALM: Weather = Weather {
    aws_refused: 0,
    aws_broken: 0,
    aws_lost: 0,
    aws_slow: 0,
    api_refused: 0,
    api_lost: 0,
    api_garbled: 0,
    api_hangs: 0,
    api_slow: 0,
    refund_in_process: 0,
    refund_no_balance: 0,
    killed: 0,
    news_lost: 0,
    news_doubled: 0,
    news_late: 0,
    line_broken: 0,
    line_lost: 0,
    queue_disordered: false,
    clocks_apart: 0,
    search_lag: 0,
};

/// Everything goes wrong, often.
pub const ROUGH: Weather = Weather {
    aws_refused: 25,
    aws_broken: 10,
    aws_lost: 20,
    aws_slow: 20,
    api_refused: 60,
    api_lost: 40,
    api_garbled: 15,
    api_hangs: 8,
    api_slow: 40,
    refund_in_process: 150,
    refund_no_balance: 40,
    killed: 80,
    news_lost: 200,
    news_doubled: 200,
    news_late: 250,
    line_broken: 30,
    line_lost: 40,
    queue_disordered: true,
    clocks_apart: 20_000,
    search_lag: 60_000,
};
