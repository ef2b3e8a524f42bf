//! The databases that every test runs on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use cotejo::service::store::Location;

/// A fresh database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Which there are.
pub fn kinds() -> Vec<Kind> {
    match std::env::var("COTEJO_POSTGRES") {
        Ok(_) => vec![Kind::Sqlite, Kind::Postgres],
        Err(_) => {
            eprintln!("COTEJO_POSTGRES is not set: tested on SQLite alone (see scripts/postgres.sh)");
            vec![Kind::Sqlite]
        }
    }
}

/// Connection string of a database of this test's own.
pub fn fresh(kind: Kind, folder: &Path) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    match kind {
        Kind::Sqlite => folder.join(format!("database-{number}.sqlite")).display().to_string(),
        Kind::Postgres => {
            let server = std::env::var("COTEJO_POSTGRES").unwrap();
            let name = format!("test_{}_{number}", std::process::id());
            let mut admin = postgres::Client::connect(&server, postgres::NoTls).unwrap();
            admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
            let others: Vec<&str> = server.split(' ').filter(|pair| !pair.starts_with("dbname=")).collect();
            format!("{} dbname={name}", others.join(" "))
        }
    }
}

/// A database's address, as the store takes it.
pub fn location(text: &str) -> Location {
    text.parse().unwrap()
}

/// Statements in the database itself, past the store.
pub fn execute(kind: Kind, database: &str, sql: &str) {
    match kind {
        Kind::Sqlite => rusqlite::Connection::open(database).unwrap().execute_batch(sql).unwrap(),
        Kind::Postgres => postgres::Client::connect(database, postgres::NoTls).unwrap().batch_execute(sql).unwrap(),
    }
}

/// A way to a database on a server, which ends when it is told to: of one machine, say, whose network fails.
pub struct Way {
    /// Connection string of the database, by this way.
    pub database: String,
    ended: Arc<AtomicBool>,
    taken: Arc<Mutex<Vec<TcpStream>>>,
}

impl Way {
    pub fn to(database: &str) -> Self {
        let named = |key: &str| database.split(' ').find_map(|pair| pair.strip_prefix(key)).map(str::to_owned);
        let (host, port) = (named("host=").unwrap(), named("port=").unwrap_or_else(|| "5432".to_owned()));
        let others = database.split(' ').filter(|pair| !pair.starts_with("host=") && !pair.starts_with("port="));
        let others = others.collect::<Vec<_>>().join(" ");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap().port();
        let (ended, taken) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let way = Self {
            database: format!("host=127.0.0.1 port={here} {others}"),
            ended: Arc::clone(&ended),
            taken: Arc::clone(&taken),
        };
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::Relaxed) {
                    continue;
                }
                taken.lock().unwrap().push(near.try_clone().unwrap());
                if host.starts_with('/') {
                    let far = UnixStream::connect(format!("{host}/.s.PGSQL.{port}")).unwrap();
                    carry((near.try_clone().unwrap(), near), (far.try_clone().unwrap(), far));
                } else {
                    let far = TcpStream::connect(format!("{host}:{port}")).unwrap();
                    carry((near.try_clone().unwrap(), near), (far.try_clone().unwrap(), far));
                }
            }
        });
        way
    }

    /// From here on nothing gets through.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        self.taken.lock().unwrap().drain(..).for_each(|near| drop(near.shutdown(Shutdown::Both)));
    }
}

/// Carries what comes on either side to the other.
fn carry<S: Read + Write + Send + 'static>(near: (TcpStream, TcpStream), far: (S, S)) {
    let ((mut from, mut back), (mut to, mut reply)) = (near, far);
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    std::thread::spawn(move || {
        drop(std::io::copy(&mut reply, &mut back));
        back.shutdown(Shutdown::Both)
    });
}
