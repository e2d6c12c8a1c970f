//! Extraction against the digest of the same file, in one run. The budget
//! (docs/benchmarks.md): the effective order of a firmware with debug information
//! within three times its SHA-256 without the processor's instructions for it.

mod large_firmware;

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use initboard::extract::extract;
use initboard::model::Sha256;

fn measure(criterion: &mut Criterion, name: &str, bytes: &[u8]) {
    let table = extract(bytes, Sha256([0; 32])).unwrap();
    assert!(
        table.entries.iter().any(|entry| entry.location.is_some()),
        "places are part of the work"
    );
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("sha256", |bencher| bencher.iter(|| Sha256::of(black_box(bytes))));
    group.bench_function("extract", |bencher| {
        bencher.iter(|| extract(black_box(bytes), Sha256([0; 32])).unwrap());
    });
    group.finish();
}

fn benchmarks(criterion: &mut Criterion) {
    let sample = "../data/firmware/2/ports/mps2/build-MPS2_NET/firmware.elf";
    let sample = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(sample)).unwrap();
    measure(criterion, "sample of 40 kB", &sample);
    let large = large_firmware::build();
    if let Some(path) = std::env::var_os("INITBOARD_WRITE_LARGE") {
        std::fs::write(path, &large).unwrap();
    }
    measure(criterion, "firmware of 4.5 MB", &large);
    // Real firmware, which is not ours to ship.
    if let Some(path) = std::env::var_os("INITBOARD_BENCH_FILE") {
        let bytes = std::fs::read(&path).unwrap();
        measure(criterion, "INITBOARD_BENCH_FILE", &bytes);
    }
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
