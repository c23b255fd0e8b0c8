//! A mail server that takes everything, slowly.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// What it got: `Message-ID` and recipient.
type Got = Arc<Mutex<Vec<(String, String)>>>;

pub struct Smtp {
    pub address: SocketAddr,
    got: Got,
}

impl Smtp {
    /// One on a free port that thinks so long before each answer. It lives as long as the test process.
    pub fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, got) = (listener.local_addr().unwrap(), Got::default());
        let kept = Arc::clone(&got);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || talk(&stream, delay, &kept));
            }
        });
        Self { address, got }
    }

    pub fn got(&self) -> Vec<(String, String)> {
        self.got.lock().unwrap().clone()
    }
}

/// Ends when the other side does, whatever it was saying.
fn talk(stream: &TcpStream, delay: Duration, got: &Got) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let say = |answer: &str| {
        thread::sleep(delay);
        (&mut &*stream).write_all(format!("{answer}\r\n").as_bytes()).ok()
    };
    say("220 ready")?;
    let mut recipient = String::new();
    loop {
        let line = lines.next()?.ok()?;
        match line.get(..4).unwrap_or_default() {
            "RCPT" => {
                recipient = line;
                say("250 ok")?;
            }
            "DATA" => {
                say("354 go on")?;
                let mut id = String::new();
                loop {
                    let line = lines.next()?.ok()?;
                    if line == "." {
                        break;
                    }
                    if let Some(value) = line.strip_prefix("Message-ID: ") {
                        value.clone_into(&mut id);
                    }
                }
                // Taken: from here on it is delivered, whether or not the sender hears of it.
                got.lock().unwrap().push((id, recipient.clone()));
                say("250 kept")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
}
