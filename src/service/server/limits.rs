//! What a server does not exceed.

/// What a server does not exceed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Jobs that wait.
    pub queue: usize,
    /// Jobs that are worked on at a time.
    pub workers: usize,
    /// Connections of requesters that are open at a time: one may have half of them, where there are several. Half as many others may be
    /// open until it is known whose they are.
    pub connections: usize,
    /// Bytes of uploads in memory, of all connections together: half of them of one requester, where there are several.
    pub upload_bytes: u64,
    /// Bytes of answers in memory, on their way, likewise.
    pub download_bytes: u64,
    /// A client that sends too little in so long is cut off; also one that takes too little of what it is sent.
    pub stall: std::time::Duration,
    /// What is worked on may take so long to finish when the server is told to stop.
    pub grace: std::time::Duration,
    /// Queries are kept for so many days after they were answered, so that an answer can be made again without its requester: 0 for none.
    pub query_days: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue: 1000,
            // One more than there are cores: while one waits for the disk, the others compute.
            workers: std::thread::available_parallelism().map_or(1, usize::from).saturating_add(1),
            connections: 1024,
            upload_bytes: 256 << 20,
            download_bytes: 256 << 20,
            stall: std::time::Duration::from_secs(10),
            grace: std::time::Duration::from_secs(30),
            query_days: 0,
        }
    }
}
