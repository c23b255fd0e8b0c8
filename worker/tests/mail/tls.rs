//! Encryption: demanded, checked, and never given up.

use crate::{
    sink::{Manners, Sink},
    world::{MINUTE, World, look, on_each},
};
use muster_store::outbox::MailStatus;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::sync::Arc;
use tokio_rustls::rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};

/// A certificate for this name with an authority nobody knows: what a server needs, and the authority's certificate (PEM).
pub fn certificate(name: &str) -> (Arc<ServerConfig>, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    (Arc::new(config), authority_certificate.pem())
}

/// Sends one mail with these settings and says where it stands and what was said.
async fn send(world: &World, url: String, authority: Option<&str>) -> (MailStatus, String) {
    let mut settings = world.settings(url);
    if let Some(pem) = authority {
        let file = world.file("authority.pem");
        std::fs::write(&file, pem).unwrap();
        settings.ca_file = Some(file);
    }
    world.write(1).await;
    world.pass(MINUTE);
    look(&mut world.mailer(settings)).await;
    // What waits from before is tried first, and says for all of it that the server is not to be had.
    let mut mails = world.mails().await;
    mails.retain(|mail| mail.reply.is_some());
    mails.sort_by_key(|mail| mail.status == MailStatus::Pending);
    let mail = mails.pop().unwrap();
    (mail.status, mail.reply.unwrap())
}

#[tokio::test]
async fn starttls_with_a_good_certificate_and_a_password() {
    on_each(async |world: World| {
        let (config, authority) = certificate("localhost");
        let sink = Sink::start(Some(config)).await;
        sink.behave(Manners { login: Some(("ada", "secret")), ..Manners::default() });
        let url = format!("smtp://ada:secret@localhost:{}", sink.address.port());
        assert_eq!(send(&world, url, Some(&authority)).await.0, MailStatus::Sent);
        assert!(sink.got()[0].encrypted);
        let (status, reply) = send(&world, format!("smtp://ada:wrong@localhost:{}", sink.address.port()), Some(&authority)).await;
        assert_eq!(status, MailStatus::Pending, "a wrong password is no fault of the mail");
        assert!(reply.contains("535") && !reply.contains("wrong@"), "{reply}");
    })
    .await;
}

#[tokio::test]
async fn encryption_from_the_first_byte() {
    on_each(async |world: World| {
        let (config, authority) = certificate("localhost");
        let sink = Sink::start_implicit(config).await;
        let url = format!("smtps://localhost:{}", sink.address.port());
        assert_eq!(send(&world, url, Some(&authority)).await.0, MailStatus::Sent);
        assert!(sink.got()[0].encrypted);
    })
    .await;
}

#[tokio::test]
async fn a_stripped_starttls_is_refused() {
    on_each(async |world: World| {
        let (config, authority) = certificate("localhost");
        let sink = Sink::start(Some(config)).await;
        sink.behave(Manners { strip_starttls: true, ..Manners::default() });
        let (status, reply) = send(&world, format!("smtp://localhost:{}?tls=required", sink.address.port()), Some(&authority)).await;
        assert_eq!(status, MailStatus::Pending);
        assert!(reply.contains("no STARTTLS"), "{reply}");
        let (status, reply) = send(&world, format!("smtp://ada:secret@localhost:{}?tls=opportunistic", sink.address.port()), None).await;
        assert_eq!(status, MailStatus::Pending);
        assert!(reply.contains("never sent without encryption"), "{reply}");
        assert!(sink.got().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_or_of_another_name_is_refused() {
    on_each(async |world: World| {
        let (config, _) = certificate("localhost");
        let sink = Sink::start(Some(config)).await;
        let (status, reply) = send(&world, format!("smtp://localhost:{}", sink.address.port()), None).await;
        assert_eq!(status, MailStatus::Pending);
        assert!(reply.to_lowercase().contains("certificate"), "{reply}");
        let (config, authority) = certificate("mail.elsewhere.test");
        let other = Sink::start(Some(config)).await;
        let (status, _) = send(&world, format!("smtp://localhost:{}", other.address.port()), Some(&authority)).await;
        assert_eq!(status, MailStatus::Pending);
        assert!(sink.got().is_empty() && other.got().is_empty());
    })
    .await;
}

#[tokio::test]
async fn without_encryption_only_where_that_was_asked_for() {
    on_each(async |world: World| {
        let sink = Sink::start(None).await;
        let (status, _) = send(&world, format!("smtp://localhost:{}?tls=opportunistic", sink.address.port()), None).await;
        assert_eq!((status, sink.got()[0].encrypted), (MailStatus::Sent, false));
    })
    .await;
}
