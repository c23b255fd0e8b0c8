//! A mail server (RFC 5321) that takes everything and keeps it. It is gone when it is dropped, with every connection.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

/// A mail it has taken, whether or not it could still say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// The recipient, as it was named to it.
    pub to: String,
    /// The mail, to the byte.
    pub data: String,
}

impl Got {
    /// The value of a header.
    pub fn header(&self, name: &str) -> String {
        let value = self.data.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.unwrap_or_default().to_owned()
    }
}

#[derive(Default)]
struct State {
    got: Vec<Got>,
    open: Vec<TcpStream>,
    stopped: bool,
}

/// A running mail server.
pub struct Smtp {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    listening: Option<JoinHandle<()>>,
}

impl Smtp {
    /// One on a free port that thinks so long before each answer.
    pub fn start(delay: Duration) -> Self {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)), delay)
    }

    /// One that listens here.
    pub fn start_on(address: SocketAddr, delay: Duration) -> Self {
        let listener = TcpListener::bind(address).expect("the port is free");
        let (address, state) = (listener.local_addr().expect("an address"), Arc::<Mutex<State>>::default());
        let shared = Arc::clone(&state);
        let listening = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut state = shared.lock().expect("nobody panicked here");
                if state.stopped {
                    break;
                }
                state.open.extend(stream.try_clone());
                let shared = Arc::clone(&shared);
                thread::spawn(move || talk(&stream, delay, &shared));
            }
        });
        Self { address, state, listening: Some(listening) }
    }

    /// What it has taken, in that order.
    pub fn got(&self) -> Vec<Got> {
        self.state.lock().expect("nobody panicked here").got.clone()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        if let Ok(mut state) = self.state.lock() {
            state.stopped = true;
            for stream in state.open.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        // Whoever accepts has to be woken up to see it.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

/// Ends when the other side does, whatever it was saying.
fn talk(stream: &TcpStream, delay: Duration, state: &Mutex<State>) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let say = |answer: &str| {
        thread::sleep(delay);
        (&mut &*stream).write_all(format!("{answer}\r\n").as_bytes()).ok()
    };
    say("220 ready")?;
    let mut to = String::new();
    loop {
        let line = lines.next()?.ok()?;
        match line.get(..4).unwrap_or_default() {
            "RCPT" => {
                to = line.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                say("250 ok")?;
            }
            "DATA" => {
                say("354 go on")?;
                let mut data = String::new();
                loop {
                    let line = lines.next()?.ok()?;
                    if line == "." {
                        break;
                    }
                    data.push_str(line.strip_prefix('.').unwrap_or(&line));
                    data.push('\n');
                }
                // Taken: from here on it is delivered, whether or not the sender hears of it.
                state.lock().ok()?.got.push(Got { to: to.clone(), data });
                say("250 kept")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
}
