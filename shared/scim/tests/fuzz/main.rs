//! Fuzzing: inputs that are nearly right, by the hundred thousand, on a stack that would overflow at once if nesting were followed
//! by recursion without a bound.
//!
//! Two sources feed every target. [`corpus`] has what directories really send (`tests/fixtures/idp-traffic.json`) and a few cases
//! by hand, and [`generate`] speaks the grammar; [`mutate`] then breaks either, byte by byte and word by word. What must hold is
//! written down with each target. The lots are drawn from a seed that is printed and can be given again (`MUSTER_TEST_SEED`); the
//! number of inputs is fixed, so that a run takes seconds, and `MUSTER_FUZZ_FACTOR=100` makes it a hundred times as many.

mod corpus;
mod documents;
mod filters;
mod generate;
mod mutate;
mod patches;

use fastrand::Rng;

/// Runs `work` with this many draws, times the factor, on a thread with a small stack.
fn fuzz(name: &str, draws: usize, mut work: impl FnMut(&mut Rng) + Send + 'static) {
    let number = |variable: &str| std::env::var(variable).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seed = number("MUSTER_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    let draws = draws * number("MUSTER_FUZZ_FACTOR").map_or(1, |factor| usize::try_from(factor).expect("a small number"));
    println!("{name}: {draws} inputs, MUSTER_TEST_SEED={seed}");
    let run = move || {
        let mut lot = Rng::with_seed(seed);
        (0..draws).for_each(|_| work(&mut lot));
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(run).expect("a thread starts");
    thread.join().unwrap_or_else(|_| panic!("{name} with MUSTER_TEST_SEED={seed}"));
}
