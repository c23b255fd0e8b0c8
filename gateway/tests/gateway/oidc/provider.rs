//! An OpenID provider that says whatever a test wants it to say.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A signing key with its name.
pub struct Key {
    pub id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    pub fn new(id: &str) -> Arc<Self> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Arc::new(Self { id: id.to_owned(), pair })
    }

    fn published(&self) -> Value {
        // Uncompressed: 4, x, y.
        let point = self.pair.public_key().as_ref();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": part(&point[1..33]), "y": part(&point[33..65])})
    }

    /// A token of these claims, signed, whatever its header says.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", text(header), text(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

/// What it says.
pub struct Script {
    pub published: Vec<Arc<Key>>,
    /// The identity token it gives for any code.
    pub token: String,
    /// Instead of any answer to this path, these bytes.
    pub instead: Option<(&'static str, Vec<u8>)>,
    /// What it was asked: method, path, and body.
    pub asked: Vec<(String, String, String)>,
    /// What it calls itself.
    pub issuer: String,
}

pub struct Provider {
    pub issuer: String,
    pub script: Arc<Mutex<Script>>,
}

impl Provider {
    pub async fn start(key: &Arc<Key>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let issuer = format!("http://{address}");
        let script =
            Script { published: vec![Arc::clone(key)], token: String::new(), instead: None, asked: Vec::new(), issuer: issuer.clone() };
        let script = Arc::new(Mutex::new(script));
        let told = Arc::clone(&script);
        let base = issuer.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (told, base) = (Arc::clone(&told), base.clone());
                tokio::spawn(async move { answer(stream, &told, &base).await });
            }
        });
        Self { issuer, script }
    }

    pub fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// How often it was asked for this path.
    pub fn asked(&self, path: &str) -> usize {
        self.script.lock().unwrap().asked.iter().filter(|(_, asked, _)| asked == path).count()
    }
}

async fn answer(mut stream: TcpStream, script: &Mutex<Script>, base: &str) {
    let mut seen = Vec::new();
    let (head, mut body) = loop {
        if let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
            break (String::from_utf8_lossy(&seen[..end]).into_owned(), seen[end + 4..].to_vec());
        }
        if stream.read_buf(&mut seen).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.trim().parse().ok()).unwrap_or(0);
    while body.len() < length {
        if stream.read_buf(&mut body).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let bytes = {
        let mut script = script.lock().unwrap();
        script.asked.push((method, path.clone(), String::from_utf8_lossy(&body).into_owned()));
        match &script.instead {
            Some((instead, bytes)) if *instead == path => bytes.clone(),
            _ => said(&script, &path, base),
        }
    };
    let _ = stream.write_all(&bytes).await;
    let _ = stream.shutdown().await;
}

fn said(script: &Script, path: &str, base: &str) -> Vec<u8> {
    let body = match path {
        "/.well-known/openid-configuration" => json!({
            "issuer": script.issuer,
            "authorization_endpoint": format!("{base}/authorize"),
            "token_endpoint": format!("{base}/token"),
            "jwks_uri": format!("{base}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            // It offers more than anybody should take.
            "id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256", "none"],
        }),
        "/jwks" => json!({"keys": script.published.iter().map(|key| key.published()).collect::<Vec<_>>()}),
        "/token" => json!({"access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": script.token}),
        _ => return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
    };
    let body = body.to_string();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
