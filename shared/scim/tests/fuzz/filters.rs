//! The filter parser.
//!
//! It never panics; what it refuses is 400 `invalidFilter` with a detail of bounded length; what it takes prints as text that reads
//! back as the same filter, survives the queue, and can be held against any resource, where `not` turns the answer round.

use super::{corpus, fuzz, generate, mutate::mutated};
use muster_scim::{Filter, Limits, Resource, ResourceType, ScimType, filter};

/// Far more than the longest filter: the text and what is wrong with it, and no more.
const DETAIL_MAX: usize = 8 * 1024;

/// Whether it was taken.
fn check(text: &str, resources: &[Resource]) -> bool {
    let mut taken = false;
    for rt in ResourceType::BUILT_IN {
        match filter::parse(rt, text, &Limits::default()) {
            Err(error) => {
                assert_eq!((error.status, error.scim_type), (400, Some(ScimType::InvalidFilter)), "{text}");
                assert!(!error.detail.is_empty() && error.detail.len() <= DETAIL_MAX, "{text}: {}", error.detail);
            }
            Ok(read) => {
                taken = true;
                holds(rt, text, read, resources);
            }
        }
    }
    taken
}

fn holds(rt: ResourceType, text: &str, read: Filter, resources: &[Resource]) {
    let printed = read.to_string();
    assert_eq!(filter::parse(rt, &printed, &Limits::default()).as_ref(), Ok(&read), "{text} prints as {printed}");
    let sent = serde_json::to_string(&read).expect("JSON");
    assert_eq!(serde_json::from_str::<Filter>(&sent).ok().as_ref(), Some(&read), "{text} goes through the queue as {sent}");
    let answers: Vec<bool> = resources.iter().map(|resource| read.matches(rt, resource)).collect();
    let not = Filter::Not(Box::new(read));
    for (resource, answer) in resources.iter().zip(answers) {
        assert_ne!(not.matches(rt, resource), answer, "{text} of {resource:?}");
    }
}

fn resources() -> Vec<Resource> {
    let users = generate::users().into_iter().filter_map(|user| user.as_object().cloned());
    users.chain([Resource::new()]).collect()
}

#[test]
fn what_the_grammar_allows_is_taken() {
    let resources = resources();
    fuzz("what_the_grammar_allows_is_taken", 3_000, move |lot| {
        let text = generate::filter(lot, 4);
        assert!(check(&text, &resources), "{text}");
    });
}

#[test]
fn what_is_nearly_a_filter_is_taken_or_refused_and_nothing_else() {
    let (corpus, resources) = (corpus::filters(), resources());
    fuzz("what_is_nearly_a_filter", 60_000, move |lot| {
        let start = if lot.bool() { generate::filter(lot, 3).into_bytes() } else { corpus[lot.usize(..corpus.len())].clone() };
        let bytes = mutated(lot, &start, &corpus);
        check(&String::from_utf8_lossy(&bytes), &resources);
    });
}
