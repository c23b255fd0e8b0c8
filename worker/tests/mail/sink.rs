//! A mail server (RFC 5321) that keeps what it gets, and misbehaves when told to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// How it behaves.
#[derive(Clone, Debug, Default)]
pub struct Manners {
    /// What it answers to each command, instead of what is proper: the beginning of the command, and the answer.
    pub answers: Vec<(&'static str, &'static str)>,
    /// What it answers after the mail; empty: it closes the connection without a word.
    pub after_data: Option<&'static str>,
    /// How long it thinks before each answer.
    pub delay: Duration,
    /// It does not offer STARTTLS, whatever certificate it has.
    pub strip_starttls: bool,
    /// The user and password it wants.
    pub login: Option<(&'static str, &'static str)>,
    /// It greets, and breaks off at the first command.
    pub hang_up: bool,
}

/// A mail it got, whether or not it said so.
#[derive(Clone, Debug)]
pub struct Got {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
    pub encrypted: bool,
}

impl Got {
    /// The value of a header.
    pub fn header(&self, name: &str) -> String {
        let line = self.data.lines().find(|line| line.to_lowercase().starts_with(&format!("{}:", name.to_lowercase())));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    }
}

#[derive(Default)]
struct State {
    manners: Manners,
    got: Vec<Got>,
    commands: Vec<String>,
    connections: usize,
}

/// A running server.
pub struct Sink {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sink {
    /// One on a free port.
    pub async fn start(tls: Option<Arc<ServerConfig>>) -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap(), tls, false).await
    }

    /// One on a free port that speaks TLS from the first byte.
    pub async fn start_implicit(tls: Arc<ServerConfig>) -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap(), Some(tls), true).await
    }

    pub async fn start_on(address: SocketAddr, tls: Option<Arc<ServerConfig>>, implicit: bool) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let acceptor = tls.map(TlsAcceptor::from);
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            // Connections end with the server: it is gone when it is stopped, and not only deaf.
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(serve(stream, acceptor.clone(), implicit, Arc::clone(&shared)));
            }
        });
        Self { address, state, task }
    }

    pub fn behave(&self, manners: Manners) {
        self.state.lock().unwrap().manners = manners;
    }

    pub fn got(&self) -> Vec<Got> {
        self.state.lock().unwrap().got.clone()
    }

    /// Every command it was given.
    pub fn commands(&self) -> Vec<String> {
        self.state.lock().unwrap().commands.clone()
    }

    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

async fn serve(stream: TcpStream, acceptor: Option<TlsAcceptor>, implicit: bool, state: Arc<Mutex<State>>) {
    state.lock().unwrap().connections += 1;
    let mut talk = Talk { state, encrypted: implicit, offers_tls: acceptor.is_some() && !implicit };
    match acceptor {
        Some(acceptor) if implicit => {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            talk.run(&mut BufReader::new(stream), true).await;
        }
        acceptor => {
            let mut stream = BufReader::new(stream);
            if !talk.run(&mut stream, true).await {
                return;
            }
            let Some(acceptor) = acceptor else { return };
            let Ok(stream) = acceptor.accept(stream.into_inner()).await else { return };
            (talk.encrypted, talk.offers_tls) = (true, false);
            talk.run(&mut BufReader::new(stream), false).await;
        }
    }
}

struct Talk {
    state: Arc<Mutex<State>>,
    encrypted: bool,
    offers_tls: bool,
}

impl Talk {
    /// Talks until the end, or until encryption is to begin; says which.
    async fn run<S: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: &mut BufReader<S>, greet: bool) -> bool {
        if greet && !self.say(stream, "220 sink ready").await {
            return false;
        }
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return false;
            }
            let line = line.trim_end();
            let manners = {
                let mut state = self.state.lock().unwrap();
                state.commands.push(line.to_owned());
                state.manners.clone()
            };
            if manners.hang_up {
                return false;
            }
            if let Some((_, answer)) = manners.answers.iter().find(|(command, _)| line.starts_with(command)) {
                if !self.say(stream, answer).await {
                    return false;
                }
                continue;
            }
            let tls = if self.offers_tls && !manners.strip_starttls { "250-STARTTLS\r\n" } else { "" };
            let auth = if manners.login.is_some() { "250-AUTH PLAIN LOGIN\r\n" } else { "" };
            let answer = match line.get(..4).unwrap_or_default() {
                "EHLO" => format!("250-sink\r\n{tls}{auth}250-8BITMIME\r\n250 SMTPUTF8"),
                "STAR" => {
                    self.say(stream, "220 go on").await;
                    return true;
                }
                "AUTH" => signed_in(line, &manners).to_owned(),
                "MAIL" => {
                    line.clone_into(&mut from);
                    to.clear();
                    "250 ok".to_owned()
                }
                "RCPT" => {
                    to.push(line.to_owned());
                    "250 ok".to_owned()
                }
                "DATA" => {
                    if !self.say(stream, "354 go on").await {
                        return false;
                    }
                    let Some(data) = read_data(stream).await else { return false };
                    let got = Got { from: from.clone(), to: to.clone(), data, encrypted: self.encrypted };
                    self.state.lock().unwrap().got.push(got);
                    match manners.after_data {
                        Some("") => return false,
                        Some(answer) => answer.to_owned(),
                        None => "250 2.0.0 kept".to_owned(),
                    }
                }
                "QUIT" => "221 bye".to_owned(),
                _ => "250 ok".to_owned(),
            };
            if !self.say(stream, &answer).await || line == "QUIT" {
                return false;
            }
        }
    }

    async fn say<S: AsyncWrite + Unpin>(&self, stream: &mut S, answer: &str) -> bool {
        let delay = self.state.lock().unwrap().manners.delay;
        tokio::time::sleep(delay).await;
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_ok() && stream.flush().await.is_ok()
    }
}

/// Base64 of `\0ada\0secret` is what AUTH PLAIN sends.
fn signed_in(line: &str, manners: &Manners) -> &'static str {
    match manners.login {
        Some(("ada", "secret")) if line == "AUTH PLAIN AGFkYQBzZWNyZXQ=" => "235 welcome",
        _ => "535 5.7.8 wrong password",
    }
}

async fn read_data<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return None;
        }
        if line == ".\r\n" {
            return Some(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
