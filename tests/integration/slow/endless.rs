//! A response that never ends, fast or slow, does not fill the memory and is given up in time.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::requests::{ALWAYS, BUDGET, Mode, REQUESTS, inject, set};
use crate::fake::{Fault, Version};
use crate::stage;
use crate::stage::Step;

/// The memory limit of the step, in KiB: twice the longest response that is read, and some more.
const MEMORY_LIMIT: u64 = 96 << 10;

/// Runs the step, and returns its peak memory in KiB, as the system reported it last.
fn peak_memory(step: Step) -> u64 {
    let (mut command, _files) = step.command();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(peak);
        thread::sleep(Duration::from_millis(5));
    }
    peak
}

/// Each request gets a response that never ends: `spaces` at a time, and then a pause.
fn endless_answers_end(spaces: usize, pause: Duration) {
    thread::scope(|scope| {
        for request in REQUESTS {
            scope.spawn(move || {
                let (mode, name, ..) = request;
                let (stage, step) = set(mode);
                inject(&stage, request, &[(ALWAYS, Fault::Endless { spaces, pause })]);
                let start = Instant::now();
                let peak = peak_memory(step);
                let took = start.elapsed();
                println!("{name:<28}{took:>8.1?}{:>8} KiB", peak);
                assert!(took < BUDGET, "{name}: {took:?}");
                assert!((1..MEMORY_LIMIT).contains(&peak), "{name}: {peak} KiB");
            });
        }
    });
}

#[test]
fn answer_without_an_end_fills_no_memory() {
    endless_answers_end(1 << 20, Duration::ZERO);
}

#[test]
fn answer_of_one_byte_a_minute_ends_in_time() {
    endless_answers_end(1, Duration::from_secs(60));
}

#[test]
fn list_without_an_end_fills_no_memory() {
    let (stage, step) = set(Mode::Report);
    // A page of 3 MiB. The next page repeats it.
    let text = "x".repeat(60 << 10);
    let status = json!({"context": "x", "status": "success", "target_url": "", "description": text});
    let page = json!({"statuses": vec![status; 50]});
    stage.gitea.refuse("GET", "/status?", 200, "application/json", &page.to_string());

    let peak = peak_memory(step);

    let pages = stage.gitea.requests().iter().filter(|request| request.path.contains("/status?")).count();
    assert_eq!(pages, 22, "64 MiB in all");
    // The list, and a page while it is read.
    assert!((1..128 << 10).contains(&peak), "{peak} KiB");
}

#[test]
fn pull_requests_without_an_end_fill_no_memory() {
    let stage = stage(Version::V1_26);
    // A page of 30 MiB. The next page repeats it.
    let text = "x".repeat(600 << 10);
    let pull = |number| json!({"number": number, "head": {"sha": "a".repeat(40)}, "body": text});
    let page = json!((1..=50).map(pull).collect::<Vec<_>>());
    stage.gitea.refuse("GET", "/pulls?", 200, "application/json", &page.to_string());

    let peak = peak_memory(stage.reconcile());

    let pages = stage.gitea.requests().iter().filter(|request| request.path.contains("/pulls?")).count();
    assert!(pages > 1, "{pages}");
    // A page is in memory while it is read, in a buffer that has doubled. Only a little of it is kept.
    assert!((1..160 << 10).contains(&peak), "{peak} KiB after {pages} pages");
}
