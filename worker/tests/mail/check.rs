//! Whether a mail could be handed over, found out without one.

use crate::{
    sink::{Manners, Sink},
    tls::certificate,
};
use muster_worker::mail::{MailSettings, Obstacle, ObstacleKind, Passable, check};
use std::path::Path;

fn settings(url: String, dir: &Path) -> MailSettings {
    MailSettings {
        url,
        dir: dir.join("mail"),
        from: "muster@acme.test".to_owned(),
        public_url: "https://scim.acme.test".to_owned(),
        ca_file: None,
    }
}

/// A check against a server with a certificate for this name, from an authority that is known when `trusted`.
async fn with_tls(name: &str, trusted: bool, login: &str, manners: Manners) -> (Result<Passable, Obstacle>, Sink) {
    let dir = tempfile::tempdir().unwrap();
    let (config, authority) = certificate(name);
    let sink = Sink::start(Some(config)).await;
    sink.behave(manners);
    let mut settings = settings(format!("smtp://{login}localhost:{}", sink.address.port()), dir.path());
    if trusted {
        std::fs::write(dir.path().join("authority.pem"), authority).unwrap();
        settings.ca_file = Some(dir.path().join("authority.pem"));
    }
    (check(&settings).await, sink)
}

async fn plain(manners: Manners) -> (Result<Passable, Obstacle>, Sink) {
    let sink = Sink::start(None).await;
    sink.behave(manners);
    (check(&settings(format!("smtp://{}?tls=none", sink.address), Path::new("."))).await, sink)
}

fn kind(found: Result<Passable, Obstacle>) -> (ObstacleKind, String) {
    let Obstacle { kind, text } = found.unwrap_err();
    (kind, text)
}

#[tokio::test]
async fn everything_is_tried_but_a_mail() {
    let login = Manners { login: Some(("ada", "secret")), ..Manners::default() };
    let (found, sink) = with_tls("localhost", true, "ada:secret@", login).await;
    let Passable { fact, in_clear } = found.unwrap();
    assert!(fact.contains("encrypted, certificate checked, signed in") && !fact.contains("secret") && !in_clear, "{fact}");
    assert_eq!((sink.connections(), sink.got().len()), (1, 0));
    let said = sink.commands();
    assert!(said.iter().any(|command| command == "NOOP") && said.last().is_some_and(|command| command == "QUIT"), "{said:?}");
    assert!(!said.iter().any(|command| command.starts_with("MAIL") || command.starts_with("DATA")), "{said:?}");
    let (found, _) = plain(Manners::default()).await;
    assert!(found.unwrap().fact.contains("not encrypted"));
}

#[tokio::test]
async fn each_obstacle_is_told_from_the_others() {
    let manners = Manners::default;
    let (found, _) = with_tls("localhost", true, "ada:wrong@", Manners { login: Some(("ada", "secret")), ..manners() }).await;
    let (found, text) = kind(found);
    assert!(found == ObstacleKind::SignIn && text.contains("535") && !text.contains("wrong@"), "{found:?}: {text}");
    let (found, _) = with_tls("localhost", true, "ada:secret@", manners()).await;
    assert_eq!(kind(found).0, ObstacleKind::SignIn, "a server that takes no password");
    let (found, _) = with_tls("localhost", true, "", Manners { strip_starttls: true, ..manners() }).await;
    assert_eq!(kind(found).0, ObstacleKind::NoEncryption);
    for (name, trusted) in [("localhost", false), ("mail.elsewhere.test", true)] {
        let (found, _) = with_tls(name, trusted, "", manners()).await;
        let (found, text) = kind(found);
        assert_eq!(found, ObstacleKind::Certificate, "{text}");
    }
    for command in ["EHLO", "NOOP"] {
        let (found, _) = plain(Manners { answers: vec![(command, "421 4.3.2 no service")], ..manners() }).await;
        let (found, text) = kind(found);
        assert!(found == ObstacleKind::Refused && text.contains("no service"), "{command}: {found:?}: {text}");
    }
    let (found, text) = kind(plain(Manners { hang_up: true, ..manners() }).await.0);
    assert_eq!(found, ObstacleKind::Unreachable, "{text}");
}

#[tokio::test]
async fn a_server_that_is_away_or_speaks_something_else_is_named_as_that() {
    let sink = Sink::start(None).await;
    let implicit = settings(format!("smtps://{}", sink.address), Path::new("."));
    let (found, text) = kind(check(&implicit).await);
    assert_eq!(found, ObstacleKind::Encryption, "{text}");
    let address = sink.address;
    drop(sink);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let (found, text) = kind(check(&settings(format!("smtp://{address}"), Path::new("."))).await);
    assert_eq!(found, ObstacleKind::Unreachable, "{text}");
    let mut settings = settings("smtp://localhost".to_owned(), Path::new("."));
    settings.ca_file = Some("/nowhere/authority.pem".into());
    assert_eq!(kind(check(&settings).await).0, ObstacleKind::Settings);
}

#[tokio::test]
async fn a_folder_is_tried_and_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings("file".to_owned(), &dir.path().join("data"));
    assert!(check(&settings).await.unwrap().fact.contains("made with the first"));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was made");
    std::fs::create_dir_all(&settings.dir).unwrap();
    assert!(check(&settings).await.unwrap().fact.contains("every mail is a file"));
    assert_eq!(std::fs::read_dir(&settings.dir).unwrap().count(), 0, "nothing is left");
    std::fs::remove_dir(&settings.dir).unwrap();
    std::fs::write(&settings.dir, "in the way").unwrap();
    let (found, text) = kind(check(&settings).await);
    assert_eq!(found, ObstacleKind::Folder, "{text}");
}
